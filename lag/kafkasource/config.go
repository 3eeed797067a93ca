package kafkasource

import (
	"cmp"
	"context"
	"log/slog"
	"net"
	"time"

	"github.com/lagscaler/lagscaler/lag/kafkasource/transport"
)

type (
	// TLS is how to encrypt connections.
	TLS = transport.TLS
	// SASL is how to authenticate.
	SASL = transport.SASL
	// OAuth is how to get tokens for SASL's OAUTHBEARER.
	OAuth = transport.OAuth
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
	Poll    time.Duration // until Observe returns what it has: 8 s
	Sample  time.Duration // until Sample returns what it has: 2 s

	Metadata   time.Duration // age at which topic metadata is read again, unless an error says earlier that it is wrong: 30 s
	StartEvery int           // polls between two readings of log start offsets: 6
	Unlisted   time.Duration // how long a group must be absent until it is Dead, and commits be missing until that is believed: 30 s
}

func (l Limits) orDefault() Limits {
	return Limits{
		InFlight:   cmp.Or(l.InFlight, 2),
		Groups:     cmp.Or(l.Groups, 500),
		Partitions: cmp.Or(l.Partitions, 10_000),
		Topics:     cmp.Or(l.Topics, 5_000),
		Response:   cmp.Or(l.Response, 100<<20),
		Dial:       cmp.Or(l.Dial, 3*time.Second),
		Request:    cmp.Or(l.Request, 4*time.Second),
		Poll:       cmp.Or(l.Poll, 8*time.Second),
		Sample:     cmp.Or(l.Sample, 2*time.Second),
		Metadata:   cmp.Or(l.Metadata, 30*time.Second),
		StartEvery: cmp.Or(l.StartEvery, 6),
		Unlisted:   cmp.Or(l.Unlisted, 30*time.Second),
	}
}

func (c Config) orDefault() Config {
	c.ClientID = cmp.Or(c.ClientID, "lagscaler")
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
