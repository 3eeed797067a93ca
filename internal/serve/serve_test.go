package serve

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// pipes is a listener whose clients are pipes, each from an address of its own choice.
type pipes struct {
	accepted chan net.Conn
	closed   chan struct{}
}

func newPipes() *pipes { return &pipes{make(chan net.Conn), make(chan struct{})} }

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.accepted:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error {
	close(p.closed)
	return nil
}

func (p *pipes) Addr() net.Addr { return address("test:1") }

type address string

func (address) Network() string  { return "pipe" }
func (a address) String() string { return string(a) }

type from struct {
	net.Conn
	client address
}

func (f from) RemoteAddr() net.Addr { return f.client }

// connect is a new connection of a client.
func (p *pipes) connect(client string, port int) net.Conn {
	near, far := net.Pipe()
	p.accepted <- from{far, address(fmt.Sprintf("%s:%d", client, port))}
	return near
}

// isClosed reports whether the server closed a connection that sends nothing.
func isClosed(c net.Conn) bool {
	_ = c.SetReadDeadline(time.Now().Add(time.Millisecond))
	_, err := c.Read(make([]byte, 1))
	return errors.Is(err, io.EOF)
}

// Over the bound a client takes from itself: of the one with the most connections, the one that was idle for longest.
func TestConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPipes()
		var dropped []string
		l := limit(p, 4, func(client string, open int) { dropped = append(dropped, fmt.Sprintf("%s of %d", client, open)) })
		var servers []net.Conn
		open := func(client string) net.Conn {
			near := make(chan net.Conn)
			go func() { near <- p.connect(client, len(servers)+1) }()
			far, err := l.Accept()
			if err != nil {
				t.Fatal(err)
			}
			servers = append(servers, far)
			time.Sleep(time.Second)
			return <-near
		}
		scraper := open("10.0.0.1")
		first, second, third := open("10.0.0.9"), open("10.0.0.9"), open("10.0.0.9")
		go func() { _, _ = first.Write([]byte("x")) }() // first is active again, second idle for longest
		_, _ = servers[1].Read(make([]byte, 1))
		open("10.0.0.2")
		for _, c := range []struct {
			name string
			conn net.Conn
			want bool
		}{{"scraper", scraper, false}, {"first", first, false}, {"second", second, true}, {"third", third, false}} {
			if got := isClosed(c.conn); got != c.want {
				t.Errorf("%s closed: %v, want %v", c.name, got, c.want)
			}
		}
		if got := strings.Join(dropped, "; "); got != "10.0.0.9 of 3" {
			t.Errorf("dropped %q", got)
		}
		_ = servers[1].Close()
		_ = servers[1].Close() // twice gives one place away
		open("10.0.0.3")
		open("10.0.0.4") // over the bound again
		if len(dropped) != 2 {
			t.Errorf("dropped %q", dropped)
		}
	})
}

// serving runs a server with the handler on pipes.
func serving(t *testing.T, h http.HandlerFunc) *pipes {
	p := newPipes()
	s := New(h, slog.New(slog.DiscardHandler))
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(Listen(p, slog.New(slog.DiscardHandler))) }()
	t.Cleanup(func() {
		_ = s.Close()
		if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
	})
	return p
}

// A client that holds its connection without use is cut off, whatever it does not do.
func TestSlowClients(t *testing.T) {
	const request = "GET / HTTP/1.1\r\nHost: test\r\n\r\n"
	for _, c := range []struct {
		name   string
		client func(net.Conn)
		within time.Duration
	}{
		{"sends nothing", func(net.Conn) {}, requestTime},
		{"sends a byte each second", func(c net.Conn) {
			go discard(c) // the answer is an error, which a pipe does not buffer
			for i := range request {
				if _, err := c.Write([]byte(request[i : i+1])); err != nil {
					return
				}
				time.Sleep(time.Second)
			}
		}, requestTime},
		{"reads nothing", func(c net.Conn) { _, _ = io.WriteString(c, request) }, pieceTime},
		{"reads 10 bytes each second", func(c net.Conn) {
			_, _ = io.WriteString(c, request)
			for {
				if _, err := io.ReadFull(c, make([]byte, 10)); err != nil {
					return
				}
				time.Sleep(time.Second)
			}
		}, answerTime},
		{"sends no second request", func(c net.Conn) {
			_, _ = io.WriteString(c, "GET /short HTTP/1.1\r\nHost: test\r\n\r\n")
			discard(c)
		}, idleTime},
		{"sends no body", func(c net.Conn) {
			_, _ = io.WriteString(c, "GET /short HTTP/1.1\r\nHost: test\r\nContent-Length: 100\r\n\r\n")
			discard(c)
		}, requestTime + answerTime},
		{"sends endless headers", func(c net.Conn) {
			go discard(c)
			_, _ = io.WriteString(c, "GET / HTTP/1.1\r\nX: ")
			for {
				if _, err := c.Write(make([]byte, 1000)); err != nil {
					return
				}
			}
		}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := serving(t, func(w http.ResponseWriter, r *http.Request) {
					if r.URL.Path == "/" {
						_, _ = w.Write(make([]byte, 10<<20))
					}
				})
				conn := p.connect("10.0.0.9", 1)
				closed := make(chan struct{})
				began := time.Now()
				go func() { defer close(closed); c.client(conn); drain(conn) }()
				<-closed
				if took := time.Since(began); took > c.within+2*time.Second {
					t.Errorf("cut off after %v, want %v", took, c.within)
				}
			})
		})
	}
}

func discard(c net.Conn) { _, _ = io.Copy(io.Discard, c) }

// drain waits until the server has closed the connection, without reading what it sends.
func drain(c net.Conn) {
	for {
		if _, err := c.Write(nil); err != nil {
			return
		}
		time.Sleep(time.Second)
		_ = c.SetWriteDeadline(time.Now().Add(time.Millisecond))
		if _, err := c.Write([]byte("x")); errors.Is(err, io.ErrClosedPipe) {
			return
		}
	}
}

// A client that reads as fast as it can gets all of a large answer.
func TestFastClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const size = 100 << 20
		var failed atomic.Bool
		p := serving(t, func(w http.ResponseWriter, _ *http.Request) {
			if n, err := w.Write(make([]byte, size)); n != size || err != nil {
				failed.Store(true)
			}
		})
		conn := p.connect("10.0.0.1", 1)
		_, _ = io.WriteString(conn, "GET / HTTP/1.0\r\n\r\n")
		n, err := io.Copy(io.Discard, conn)
		if err != nil || n < size || failed.Load() {
			t.Errorf("read %d bytes, %v", n, err)
		}
	})
}

// A request whose headers or address are larger than the bound is refused, and its handler is not called.
func TestLargeRequests(t *testing.T) {
	long := strings.Repeat("a", 2*maxHeaders)
	for name, c := range map[string]struct{ request, want string }{
		"small":     {"GET /?q=a HTTP/1.0\r\nCookie: a\r\n\r\n", "200 OK"},
		"a header":  {"GET / HTTP/1.0\r\nCookie: " + long + "\r\n\r\n", "431 "},
		"a query":   {"GET /?q=" + long + " HTTP/1.0\r\n\r\n", "431 "},
		"many of 1": {"GET / HTTP/1.0\r\n" + strings.Repeat("a: b\r\n", 2*maxHeaders/6) + "\r\n", "431 "},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				called := false
				p := serving(t, func(http.ResponseWriter, *http.Request) { called = true })
				conn := p.connect("10.0.0.1", 1)
				go func() { _, _ = io.WriteString(conn, c.request) }() // the server does not read all of it
				answer, err := io.ReadAll(conn)
				if small := name == "small"; err != nil || !strings.Contains(string(answer), c.want) || called != small {
					t.Errorf("%.100q, %v; handler called: %v", answer, err, called)
				}
				_ = conn.Close()
			})
		})
	}
}
