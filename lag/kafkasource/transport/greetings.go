package transport

import (
	"sync"
	"time"
)

// greetings are the last answers of brokers to a new connection, by address. A broker that is slower than the timeout answers no
// request in time, but its handshakes are answered after the request for which the connection was opened has ended: each
// connection has its own time for that. They are what separates it from one that hangs or is gone.
//
//	since the poll or sample began, or the last       it is
//	  three of them, the broker answered
//	a handshake, and nothing after that               slow
//	a request, and no handshake after that            not known to be up: it may hang
//	neither                                           not known to be up
type greetings struct {
	mu    sync.Mutex
	at    map[string]time.Time
	began [3]time.Time // when the last polls and samples began: a connection that was opened in one is used in the next, and closed
}

// note notes a handshake.
func (g *greetings) note(address string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.at == nil {
		g.at = map[string]time.Time{}
	}
	for other, at := range g.at {
		if time.Since(at) > time.Hour {
			delete(g.at, other)
		}
	}
	g.at[address] = time.Now()
}

// begins notes that a poll or sample has begun.
func (g *greetings) begins(at time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if at.After(g.began[2]) {
		g.began = [3]time.Time{g.began[1], g.began[2], at}
	}
}

// answered reports whether a handshake was answered since a poll or sample began, or the last three of them, and after another
// answer. Samples begin while a poll runs, so a poll that waits for long is older than the last three.
func (g *greetings) answered(address string, began, after time.Time) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	at, ok := g.at[address]
	return ok && (at.After(began) || at.After(g.began[0])) && at.After(after)
}
