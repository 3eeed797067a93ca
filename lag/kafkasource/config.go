package kafkasource

import (
	"context"
	"log/slog"
	"net"
	"time"
)

// Config says which cluster to read, how to reach it, and what to leave out. Only Brokers is required.
type Config struct {
	Cluster  string   // the name the operator gave it
	Brokers  []string // bootstrap addresses, HOST:PORT
	ClientID string   // as broker logs and quotas show it; "lagscaler" when empty

	TLS  *TLS  // nil: plain text
	SASL *SASL // nil: no authentication

	// Dial opens connections, before TLS: through a proxy, or to watch them. Nil: directly.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)

	Group         func(group string) bool // which groups to read; nil: all
	Topic         func(topic string) bool // which topics' offsets to read; nil: all
	ReadCommitted func(group string) bool // groups whose end is the last stable offset; nil: none

	Limits Limits
	Log    *slog.Logger // nil: silent
}

// Limits bound what the source asks of brokers, and how long it waits. The zero value of a field means its default.
type Limits struct {
	InFlight   int // requests of a poll in flight per broker (a sample adds one more): 2
	Groups     int // groups a request describes or fetches commits of: 500
	Partitions int // partitions a ListOffsets request asks for: 10,000
	Topics     int // topics a Metadata request asks for: 5,000
	Response   int // bytes of the largest answer that is accepted: 100 MiB, as much as a broker accepts itself

	Dial    time.Duration // until a connection is authenticated: 3 s
	Request time.Duration // until a request is answered: 4 s
	Poll    time.Duration // until Observe answers with what it has: 8 s
	Sample  time.Duration // until Sample answers with what it has: 2 s

	Metadata   time.Duration // age at which topic metadata is read anew, unless an error says so earlier: 30 s
	StartEvery int           // polls between two readings of log start offsets: 6
	Unlisted   time.Duration // for how long a group must be listed by nobody until it is Dead, and commits not be told until they are gone: 30 s
}

func (l Limits) orDefault() Limits {
	return Limits{
		InFlight:   or(l.InFlight, 2),
		Groups:     or(l.Groups, 500),
		Partitions: or(l.Partitions, 10_000),
		Topics:     or(l.Topics, 5_000),
		Response:   or(l.Response, 100<<20),
		Dial:       or(l.Dial, 3*time.Second),
		Request:    or(l.Request, 4*time.Second),
		Poll:       or(l.Poll, 8*time.Second),
		Sample:     or(l.Sample, 2*time.Second),
		Metadata:   or(l.Metadata, 30*time.Second),
		StartEvery: or(l.StartEvery, 6),
		Unlisted:   or(l.Unlisted, 30*time.Second),
	}
}

func (c Config) orDefault() Config {
	c.ClientID = or(c.ClientID, "lagscaler")
	c.Limits = c.Limits.orDefault()
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Dial == nil {
		c.Dial = new(net.Dialer).DialContext
	}
	if c.Group == nil {
		c.Group = func(string) bool { return true }
	}
	if c.Topic == nil {
		c.Topic = func(string) bool { return true }
	}
	if c.ReadCommitted == nil {
		c.ReadCommitted = func(string) bool { return false }
	}
	return c
}

func or[T comparable](v, def T) T {
	var zero T
	if v == zero {
		return def
	}
	return v
}
