package transport

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// errFull is that no more connections to an address may be open. A request waits for one of those that are.
var errFull = errors.New("no more connections to the broker may be open")

// Connections bounds how many connections to one address are open at once. The clients of one cluster share it.
//
// Two things bound them: what is configured, and the broker. A broker that has a limit of its own (max.connections.per.ip,
// max.connections) closes a new connection before it has answered anything. So does one that stops, or that expects TLS. What
// separates them is that others to the same address have been answered and are open: then for [fewerFor] no more than those are
// opened, and requests share them.
//
// kafka-go keeps the connections with which it reads the list of brokers apart from those for requests to one broker. One of those
// that are allowed is for the list, so that neither waits for the other.
type Connections struct {
	most int // to one address; 0: no limit is configured

	mu      sync.Mutex
	to      map[target]*open
	refused int // by brokers, since the last take
}

// target is what connections are opened for.
type target struct {
	address string
	list    bool // for the list of brokers, and for requests to any broker
}

// open are the connections to one target.
type open struct {
	all      int           // open, or being opened
	answered int           // of them, those whose broker has answered
	fewer    int           // the broker refused one more than so many; 0: it did not
	until    time.Time     // when more than fewer are tried again
	freed    chan struct{} // closed when one ends; nil: nobody waits
}

// fewerFor is for how long a broker that refused a connection is not asked for more.
const fewerFor = time.Minute

// NewConnections bounds the connections to each address, of which there must be two at least; 0: they are only counted.
func NewConnections(most int) *Connections { return &Connections{most: most, to: map[target]*open{}} }

func (c *Connections) of(t target) *open {
	o, ok := c.to[t]
	if !ok {
		o = &open{}
		c.to[t] = o
	}
	return o
}

// limit is how many may be open now; 0: no limit.
func (c *Connections) limit(t target, o *open) int {
	most := c.most
	switch {
	case most == 0:
	case t.list:
		most = 1
	default:
		most = max(1, most-1)
	}
	if o.fewer > 0 && time.Now().Before(o.until) && (most == 0 || o.fewer < most) {
		return o.fewer
	}
	o.fewer = 0
	return most
}

// asker marks the contexts of requests of ours, by the broker that they are for: kafka-go dials for them, and for itself.
type asker struct{}

// begin takes a place for a connection to an address. When there is none, a request of ours fails with [errFull], because it may use
// a connection that is open. What kafka-go dials for itself, to read the list of brokers, waits.
func (c *Connections) begin(ctx context.Context, address string) (*place, error) {
	broker, asks := ctx.Value(asker{}).(int32)
	t := target{address, !asks || broker == AnyBroker}
	for {
		freed := c.try(t)
		if freed == nil {
			return &place{all: c, target: t}, nil
		}
		if asks {
			return nil, errFull
		}
		select {
		case <-freed:
		case <-ctx.Done():
			return nil, fmt.Errorf("%w: %w", errFull, ctx.Err())
		}
	}
}

// try takes a place and returns nil, or returns what is closed when there may be one.
func (c *Connections) try(t target) (freed chan struct{}) {
	c.mu.Lock()
	defer c.mu.Unlock()
	o := c.of(t)
	if most := c.limit(t, o); most == 0 || o.all < most {
		o.all++
		return nil
	}
	if o.freed == nil {
		o.freed = make(chan struct{})
	}
	return o.freed
}

// place is that of one connection. It may be nil.
type place struct {
	all      *Connections
	target   target
	answered bool
	denied   bool // the broker refused it
	ended    bool
}

// answers notes that the broker has answered on this connection.
func (p *place) answers() {
	if p == nil {
		return
	}
	p.all.mu.Lock()
	defer p.all.mu.Unlock()
	if !p.answered && !p.ended {
		p.answered = true
		p.all.of(p.target).answered++
	}
}

// refused notes that the broker closed the connection before it answered. It is the limit of the broker if others are open.
func (p *place) refused() {
	if p == nil {
		return
	}
	p.all.mu.Lock()
	defer p.all.mu.Unlock()
	o := p.all.of(p.target)
	if o.answered == 0 || p.answered || p.denied {
		return
	}
	p.denied = true
	p.all.refused++
	o.fewer, o.until = o.answered, time.Now().Add(fewerFor)
}

// end gives the place back. When no connection is open that was answered, nothing says that the broker has a limit.
func (p *place) end() {
	if p == nil {
		return
	}
	p.all.mu.Lock()
	defer p.all.mu.Unlock()
	if p.ended {
		return
	}
	p.ended = true
	o := p.all.of(p.target)
	o.all--
	if p.answered {
		o.answered--
	}
	if o.answered == 0 {
		o.fewer = 0
	}
	if o.freed != nil {
		close(o.freed)
		o.freed = nil
	}
	if o.all == 0 {
		delete(p.all.to, p.target) // addresses of brokers come and go
	}
}

// take is how many are open now, and how many brokers refused since the last call.
func (c *Connections) take() (now, refused int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, o := range c.to {
		now += o.all
	}
	refused, c.refused = c.refused, 0
	return now, refused
}
