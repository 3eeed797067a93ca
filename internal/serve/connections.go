package serve

import (
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// maxConnections is how many connections are open at once.
const maxConnections = 256

// limit bounds how many connections of a listener are open at once. Each new connection is accepted. Over the bound another one
// is closed for it: of the client address with the most connections, the one that was idle for longest. Dropped is called with
// that client and its connections; it may be nil.
func limit(l net.Listener, most int, dropped func(client string, open int)) net.Listener {
	return &listener{Listener: l, most: most, dropped: dropped, open: map[string][]*connection{}}
}

type listener struct {
	net.Listener
	most    int
	dropped func(client string, open int)

	mu    sync.Mutex
	open  map[string][]*connection // by client address
	count int
}

// connection notes when its client last read or wrote.
type connection struct {
	net.Conn
	of     *listener
	client string
	active atomic.Int64 // ns since started
	closed sync.Once
}

// Accept waits for the next connection.
func (l *listener) Accept() (net.Conn, error) {
	accepted, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	c := &connection{Conn: accepted, of: l, client: clientOf(accepted.RemoteAddr())}
	c.moved()
	if surplus, open := l.add(c); surplus != nil {
		_ = surplus.Close() // its client reads an error
		if l.dropped != nil {
			l.dropped(surplus.client, open)
		}
	}
	return c, nil
}

// clientOf is the address without the port.
func clientOf(a net.Addr) string {
	host, _, err := net.SplitHostPort(a.String())
	if err != nil {
		return a.String()
	}
	return host
}

// add returns the connection to close; nil: none. Open is how many connections its client has.
func (l *listener) add(c *connection) (surplus *connection, open int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.count >= l.most {
		surplus = l.idlest()
		open = len(l.open[surplus.client])
	}
	l.open[c.client] = append(l.open[c.client], c)
	l.count++
	return surplus, open
}

// idlest is the connection to close: of a client with the most connections, the one that was idle for longest.
func (l *listener) idlest() *connection {
	var found *connection
	most := 0
	for _, list := range l.open {
		if len(list) < most {
			continue
		}
		if len(list) > most {
			most, found = len(list), nil
		}
		for _, c := range list {
			if found == nil || c.active.Load() < found.active.Load() {
				found = c
			}
		}
	}
	return found
}

func (l *listener) remove(c *connection) {
	l.mu.Lock()
	defer l.mu.Unlock()
	list := l.open[c.client]
	for i := range list {
		if list[i] == c {
			list[i] = list[len(list)-1]
			list[len(list)-1] = nil
			l.open[c.client] = list[:len(list)-1]
			l.count--
			break
		}
	}
	if len(l.open[c.client]) == 0 {
		delete(l.open, c.client)
	}
}

func (c *connection) moved() { c.active.Store(int64(time.Since(started))) }

// started is where the times of connections count from: the wall clock may be set.
var started = time.Now()

// Read notes that the client sent something.
func (c *connection) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if n > 0 {
		c.moved()
	}
	return n, err
}

// Write notes that the client read something.
func (c *connection) Write(b []byte) (int, error) {
	n, err := c.Conn.Write(b)
	if n > 0 {
		c.moved()
	}
	return n, err
}

// Close closes it and gives its place away.
func (c *connection) Close() error {
	c.closed.Do(func() { c.of.remove(c) })
	return c.Conn.Close()
}
