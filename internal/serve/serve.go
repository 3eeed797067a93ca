package serve

import (
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"
)

const (
	requestTime = 10 * time.Second // for a client to send its request
	answerTime  = 60 * time.Second // for a client to read the answer
	idleTime    = 3 * time.Minute  // of a connection without requests; longer than the usual intervals of scrapes
	maxHeaders  = 32 << 10         // bytes of a request, with the cookies of a proxy
	maxStreams  = 16               // requests at once on one HTTP/2 connection
	maxWarnings = time.Minute      // between two warnings about closed connections
)

// New is a server with all bounds of this package. Its listener is one of [Listen].
func New(handler http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           paced(handler),
		ReadHeaderTimeout: requestTime,
		ReadTimeout:       requestTime + answerTime, // also ends the wait for a body that nobody reads
		WriteTimeout:      answerTime,
		IdleTimeout:       idleTime,
		MaxHeaderBytes:    maxHeaders,
		HTTP2:             &http.HTTP2Config{MaxConcurrentStreams: maxStreams},
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug), // clients cause these errors, as often as they like
	}
}

// Listen bounds the connections of a listener, and warns when it had to close some.
func Listen(l net.Listener, log *slog.Logger) net.Listener {
	var mu sync.Mutex
	var warned time.Time
	return limit(l, maxConnections, func(client string, open int) {
		mu.Lock()
		defer mu.Unlock()
		if time.Since(warned) < maxWarnings {
			return
		}
		warned = time.Now()
		log.Warn("too many connections: closed the one that was idle longest, of the client with the most connections",
			"listen", l.Addr().String(), "max", maxConnections, "client", client, "open", open)
	})
}
