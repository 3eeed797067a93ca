package chaos

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/internal/testcert"
)

// link is what the daemons reach instead of one broker: a proxy with TLS in front of it. What consumers and the producer send
// does not pass here.
type link struct {
	listener net.Listener
	running  sync.WaitGroup

	mu      sync.Mutex
	way     way
	cert    *tls.Certificate
	clients *x509.CertPool    // who signs the certificates of its clients
	conns   map[net.Conn]bool // of both sides
	over    bool
}

// way is how a link treats its connections.
type way struct {
	To      string        // the address that it leads to
	Refuses bool          // a new connection is closed at once
	Silent  bool          // what is sent waits, and nothing comes back
	Delay   time.Duration // of everything that passes, in both directions
}

// newLink makes a link that leads to a broker, and ends with the test.
func newLink(t *testing.T, to string, cert *tls.Certificate) *link {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := &link{listener: listener, way: way{To: to}, cert: cert, conns: map[net.Conn]bool{}}
	l.running.Go(l.accept)
	t.Cleanup(func() {
		listener.Close()
		l.mu.Lock()
		l.over = true
		l.mu.Unlock()
		l.cut()
		l.running.Wait()
	})
	return l
}

func (l *link) address() string { return l.listener.Addr().String() }

// set changes how connections are treated, and returns how they were.
func (l *link) set(change func(*way)) (before way) {
	l.mu.Lock()
	defer l.mu.Unlock()
	before = l.way
	change(&l.way)
	return before
}

// present shows another certificate to connections from now on.
func (l *link) present(cert *tls.Certificate) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.cert = cert
}

// admit asks clients from now on for a certificate that this authority signed.
func (l *link) admit(issuer *testcert.Authority) {
	roots := x509.NewCertPool()
	roots.AddCert(issuer.TLS.Leaf)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.clients = roots
}

// cut closes all connections.
func (l *link) cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for c := range l.conns {
		c.Close()
	}
}

func (l *link) now() way {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.way
}

// tls is how it meets a new client.
func (l *link) tls() *tls.Config {
	l.mu.Lock()
	defer l.mu.Unlock()
	c := &tls.Config{Certificates: []tls.Certificate{*l.cert}, MinVersion: tls.VersionTLS12}
	if l.clients != nil {
		c.ClientAuth, c.ClientCAs = tls.RequireAndVerifyClientCert, l.clients
	}
	return c
}

func (l *link) accept() {
	for {
		conn, err := l.listener.Accept()
		if err != nil {
			return // the test has ended
		}
		l.running.Go(func() { l.serve(conn) })
	}
}

// keep notes a connection, so that cut finds it; it is false after the end.
func (l *link) keep(c net.Conn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.conns[c] = true
	return !l.over
}

func (l *link) drop(c net.Conn) {
	c.Close()
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.conns, c)
}

// serve passes one connection on to where the link leads now.
func (l *link) serve(raw net.Conn) {
	defer l.drop(raw)
	w := l.now()
	if !l.keep(raw) || w.Refuses {
		return
	}
	client := tls.Server(raw, l.tls())
	broker, err := net.Dial("tcp", w.To)
	if err != nil {
		return // as if the broker itself had refused it
	}
	defer l.drop(broker)
	if !l.keep(broker) {
		return
	}
	var both sync.WaitGroup
	both.Go(func() { l.pass(client, broker) })
	both.Go(func() { l.pass(broker, client) })
	both.Wait()
}

// pass copies one direction until either side is closed.
func (l *link) pass(from, to net.Conn) {
	defer to.Close()
	defer from.Close()
	buffer := make([]byte, 64<<10)
	for {
		n, err := from.Read(buffer)
		w := l.now()
		for w.Silent {
			time.Sleep(20 * time.Millisecond) // the network's own time
			if w = l.now(); l.ended() {
				return
			}
		}
		time.Sleep(w.Delay)
		if n > 0 {
			if _, err := to.Write(buffer[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

func (l *link) ended() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.over
}
