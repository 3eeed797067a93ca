package serve

import (
	"net/http"
	"time"
)

const (
	pieceBytes = 64 << 10
	pieceTime  = 10 * time.Second // for a client to read one piece
)

// paced closes the connection of a client that reads less than a piece in its time, or that has not read all of the answer in
// time.
func paced(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(&pacedWriter{ResponseWriter: w, control: http.NewResponseController(w), end: time.Now().Add(answerTime)}, r)
	})
}

// pacedWriter writes in pieces, each with a deadline of its own.
type pacedWriter struct {
	http.ResponseWriter
	control *http.ResponseController
	end     time.Time // of the whole answer
}

// Unwrap gives http.ResponseController the writer below.
func (w *pacedWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// Write fails when the client is too slow.
func (w *pacedWriter) Write(b []byte) (n int, err error) {
	for {
		piece := b[n:min(len(b), n+pieceBytes)]
		_ = w.control.SetWriteDeadline(earlier(time.Now().Add(pieceTime), w.end)) // not possible in tests without a connection
		k, err := w.ResponseWriter.Write(piece)
		if n += k; err != nil || n >= len(b) {
			return n, err
		}
	}
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
