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
	// Identity is which cluster a source reads.
	Identity = transport.Identity
	// Exchange is one request and what was answered, for Config.Tap.
	Exchange = transport.Exchange
	// APIVersions is the range of versions of one API in an Exchange.
	APIVersions = transport.APIVersions
	// Connections are those that are open.
	Connections = transport.Connections
	// OAuth is how to get tokens for SASL's OAUTHBEARER.
	OAuth = transport.OAuth
	// AWS is which credentials sign for SASL's AWS_MSK_IAM.
	AWS = transport.AWS
	// Kerberos is where the tickets of SASL's GSSAPI come from.
	Kerberos = transport.Kerberos
)

// Config says which cluster to read, how to reach it, and what to leave out. Only Brokers is required.
type Config struct {
	Cluster  string   // the name the operator gave it
	Brokers  []string // bootstrap addresses, HOST:PORT
	ClientID string   // as broker logs and quotas show it; "lagscaler" when empty

	ClusterID []string  // the ids that the cluster may have; empty: the one that it had first
	Identity  *Identity // which cluster that is, if an earlier source has found it out; nil: by ClusterID

	TLS  *TLS  // nil: plain text
	SASL *SASL // nil: no authentication

	// Advertised says which hosts that brokers advertise may be dialled. Nil: all, but no link-local address and no metadata
	// service of a cloud.
	Advertised func(host string) bool

	// Dial opens connections, before TLS: through a proxy, or to watch them. Nil: directly.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)

	// Tap is told what each request was answered, from several goroutines. Nil: nobody is.
	Tap func(Exchange)

	Group         func(group string) bool // which groups to read; nil: all
	Topic         func(topic string) bool // which topics' offsets to read; nil: all
	ReadCommitted func(group string) bool // groups whose end is the last stable offset; nil: none
	Headers       func(topic string) bool // topics at whose batch headers polls may look; nil: none, and no Fetch is ever sent

	OffsetsRetention time.Duration // how long brokers keep the commits of a group without members; 0: it is read

	// Open are the connections that are open, if a source shares them with another one of the same cluster; nil: with none.
	Open *Connections

	Pace   Pace // what Check compares
	Limits Limits
	Log    *slog.Logger // nil: silent
}

// Limits bound what the source asks of brokers, and how long it waits. The zero value of a field means its default.
type Limits struct {
	InFlight    int     // requests of a poll in flight per broker (a sample adds one more): 2
	Single      int     // of them, requests about one group (OffsetFetch before Kafka 3.0): 8
	Groups      int     // groups a request describes or fetches commits of: 500
	Partitions  int     // partitions a ListOffsets request asks for: 10,000
	Topics      int     // topics a Metadata request asks for: 5,000
	PerSecond   float64 // requests to all brokers, polls and samples together; as many may be sent at once: no limit
	Connections int     // open to one broker at once: no limit

	Looks    int // partitions at whose batch headers a poll looks: 100, 16 KiB of each
	Response int // bytes of the largest answer that is accepted: 100 MiB, as much as a broker accepts itself

	Dial    time.Duration // until a connection is authenticated: 3 s
	Request time.Duration // until a request is answered: 4 s
	Poll    time.Duration // until Observe returns what it has: 8 s
	Sample  time.Duration // until Sample returns what it has: 2 s

	Pause time.Duration // between two tries in one poll while a coordinator or a leader moves: 100 ms

	Brokers    time.Duration // between two readings of the list of brokers that requests are routed by, at most: 6 s
	Metadata   time.Duration // age at which topic metadata is read again, unless an error says earlier that it is wrong: 30 s
	StartEvery int           // polls between two readings of log start offsets: 6
	Compare    time.Duration // between two comparisons of the times in records with arrivals: 5 min
	Grace      time.Duration // how long a coordinator must deny a group until it is Dead, and commits be missing until that is believed: 30 s
}

// LimitsOf are the limits for a cluster that is polled each interval, and whose brokers have timeout to answer; 0: 4/10 of the
// interval. With 10 s and 0 they are the defaults.
//
//	Request  4/10, so that a broker that hangs leaves time for what is read from the others afterwards
//	Poll     8/10, so that a poll has ended before the next one
//	Sample   half of Request; a late sample is better than none
//	Brokers  6/10, between 6 s and 1 min: a cluster that is rarely polled is not asked every few seconds
//	Dial     3/10, and 3 s at least: a handshake that took longer is used by the next poll
func LimitsOf(interval, timeout time.Duration) Limits {
	l := Limits{Brokers: max(6*time.Second, min(interval*6/10, time.Minute)), Request: cmp.Or(timeout, interval*4/10), Poll: interval * 8 / 10, Dial: max(3*time.Second, min(interval*3/10, 10*time.Second))}
	l.Sample = max(2*time.Second, l.Request/2)
	if timeout > 0 {
		l.Sample = max(2*time.Second, timeout)
	}
	return l
}

func (l Limits) orDefault() Limits {
	times := LimitsOf(10*time.Second, 0)
	return Limits{
		PerSecond: l.PerSecond, Connections: l.Connections,
		InFlight:   cmp.Or(l.InFlight, 2),
		Single:     cmp.Or(l.Single, 8),
		Groups:     cmp.Or(l.Groups, 500),
		Partitions: cmp.Or(l.Partitions, 10_000),
		Topics:     cmp.Or(l.Topics, 5_000),
		Looks:      cmp.Or(l.Looks, 100),
		Response:   cmp.Or(l.Response, 100<<20),
		Dial:       cmp.Or(l.Dial, times.Dial),
		Request:    cmp.Or(l.Request, times.Request),
		Poll:       cmp.Or(l.Poll, times.Poll),
		Sample:     cmp.Or(l.Sample, times.Sample),
		Pause:      cmp.Or(l.Pause, 100*time.Millisecond),
		Brokers:    cmp.Or(l.Brokers, times.Brokers),
		Metadata:   cmp.Or(l.Metadata, 30*time.Second),
		StartEvery: cmp.Or(l.StartEvery, 6),
		Compare:    cmp.Or(l.Compare, 5*time.Minute),
		Grace:      cmp.Or(l.Grace, 30*time.Second),
	}
}

func (c Config) orDefault() Config {
	c.ClientID = cmp.Or(c.ClientID, "lagscaler")
	c.Limits = c.Limits.orDefault()
	if c.Identity == nil {
		c.Identity = transport.NewIdentity(c.ClusterID)
	}
	if c.Open == nil {
		c.Open = transport.NewConnections(c.Limits.Connections)
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
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
