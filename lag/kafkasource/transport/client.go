package transport

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/lag/kafkasource/wire"
)

// Config says how to reach brokers. All fields but TLS, SASL, Advertised and Dial must be set.
type Config struct {
	Brokers  []string // bootstrap addresses, HOST:PORT
	ClientID string

	TLS  *TLS  // nil: plain text
	SASL *SASL // nil: no authentication

	// Advertised says which hosts may be dialled beside those of Brokers; nil: see connect.
	Advertised func(host string) bool

	// Dial opens connections, before TLS; nil: directly.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)

	// Tap is told what each request was answered, from several goroutines; nil: nobody is.
	Tap func(Exchange)

	InFlight    int           // requests of DoLimited in flight per broker
	Single      int           // of them, those about one group: OffsetFetch of brokers before Kafka 3.0. At least InFlight
	PerSecond   float64       // requests to all brokers; 0: no limit
	Connections *Connections  // that are open; nil: no limit
	MetadataTTL time.Duration // between two readings of kafka-go's list of brokers, at most; 0: its default of 6 s
	Response    int           // bytes of the largest response that is accepted
	Identity    *Identity     // of the cluster that answers; nil: any
	DialTimeout time.Duration // until a connection is authenticated
	Request     time.Duration // until a request is answered
}

// AnyBroker is any of the brokers that the client finds.
const AnyBroker int32 = -1

// IdleTime is how long a connection that nothing is asked over stays open.
const IdleTime = 5 * time.Minute

// Client holds the connections to one cluster. It is safe for concurrent use.
type Client struct {
	cfg         Config
	transport   *kafka.Transport
	formatter   *kmsg.RequestFormatter
	correlation atomic.Int32
	connections atomic.Int64 // opened so far
	limits      limits
	quota       *quota
	handshakes  handshakes
	greetings   greetings
	decoders    decoders

	bootstrap    atomic.Pointer[net.Addr] // where the transport looks for the cluster
	began        time.Time                // when the client was made
	rediscovered atomic.Int64             // when it was last made to look again: ns since began, and rediscoverEvery; 0: never

	mu       sync.Mutex
	brokers  []lag.Broker                     // as of the last SetBrokers
	versions map[int32]map[int16]versionRange // by broker, as of its last answer
}

// New makes a client. It does not connect.
func New(cfg Config) (*Client, error) {
	if len(cfg.Brokers) == 0 {
		return nil, errors.New("no bootstrap brokers")
	}
	for _, b := range cfg.Brokers {
		if _, _, err := net.SplitHostPort(b); err != nil {
			return nil, fmt.Errorf("bootstrap broker %q: %w", b, err)
		}
		if !OneAddress(b) {
			return nil, fmt.Errorf("bootstrap broker %q: several addresses in one", b)
		}
	}
	c := &Client{
		began:     time.Now(),
		cfg:       cfg,
		formatter: kmsg.NewRequestFormatter(kmsg.FormatterClientID(cfg.ClientID)),
		quota:     newQuota(cfg.PerSecond),
		decoders:  make(decoders, mostDecoders),
		versions:  map[int32]map[int16]versionRange{},
	}
	if c.cfg.Identity == nil {
		c.cfg.Identity = NewIdentity(nil)
	}
	if c.cfg.Connections == nil {
		c.cfg.Connections = NewConnections(0)
	}
	c.limits = limits{inFlight: cfg.InFlight, single: cfg.Single, connections: c.cfg.Connections.most}
	c.setBootstrap(cfg.Brokers)
	c.transport = &kafka.Transport{
		Dial:           c.dial,
		DialTimeout:    cfg.DialTimeout,
		IdleTimeout:    IdleTime,
		MetadataTTL:    cfg.MetadataTTL,
		MetadataTopics: []string{}, // brokers only: nil would read every topic of the cluster every few seconds
		ClientID:       cfg.ClientID,
	}
	if cfg.TLS != nil {
		if _, err := cfg.TLS.config(); err != nil {
			return nil, err
		}
	}
	if cfg.SASL != nil {
		mechanism, err := newMechanism(*cfg.SASL)
		if err != nil {
			return nil, err
		}
		c.transport.SASL = mechanism
	}
	return c, nil
}

// Close closes idle connections at once and others when their request is answered.
func (c *Client) Close() { c.transport.CloseIdleConnections() }

// Connections is the number of connections opened so far.
func (c *Client) Connections() int64 { return c.connections.Load() }

// Counter counts the requests that were sent. Began is when their poll or sample began.
type Counter interface {
	Sent(apiKey int16)
	Began() time.Time
}

// Do sends a request to a broker and decodes the response. It is the only function that sends.
// It waits for the broker's throttle time, repeats the request on another connection when its own was lost,
// and returns an error of code [lag.UnsupportedVersion] when the broker supports no version of the API that we do.
//
// A request that was refused because of a quota is made again once, after the time that the broker asks for. The time in which a
// request waits for quotas, ours or a broker's, is not a part of the time that a broker has to answer.
func (c *Client) Do(ctx context.Context, sent Counter, broker int32, req kmsg.Request) (kmsg.Response, error) {
	c.greetings.begins(sent.Began())
	for again := false; ; again = true {
		if err := c.turn(ctx, broker); err != nil {
			return nil, err
		}
		resp, err := c.do(ctx, sent, broker, req)
		if err != nil {
			return nil, err
		}
		pause, refused := c.quota.asked(resp)
		c.limits.throttle(broker, pause)
		if deadline, ok := ctx.Deadline(); !refused || again || ok && time.Until(deadline) < pause {
			return resp, nil
		}
	}
}

// turn waits until a request to the broker may be sent.
func (c *Client) turn(ctx context.Context, broker int32) error {
	if err := c.quota.turn(ctx); err != nil {
		return err
	}
	return c.limits.waitThrottled(ctx, broker)
}

// do sends a request and decodes the response.
func (c *Client) do(ctx context.Context, sent Counter, broker int32, req kmsg.Request) (kmsg.Response, error) {
	ctx, cancel := context.WithTimeout(ctx, c.cfg.Request)
	defer cancel()
	began := time.Now()
	release, err := c.limits.connect(ctx, broker)
	if err != nil {
		if c.slow(ctx, sent, broker, false, err) {
			err = WithCode(lag.Slow, err)
		}
		return nil, err
	}
	defer release()
	a, up, err := c.exchange(ctx, sent, broker, req)
	if err != nil {
		if c.slow(ctx, sent, broker, up, err) {
			why := "no time was left for an answer"
			if waited := time.Since(began).Round(10 * time.Millisecond); waited > 0 {
				why = fmt.Sprintf("no answer within %v, although the broker is up", waited)
			}
			err = WithCode(lag.Slow, fmt.Errorf("%s: %w", why, err))
		}
		return nil, fmt.Errorf("%s: %w", kmsg.NameForKey(req.Key()), err)
	}
	c.limits.answers(broker)
	if broker != AnyBroker {
		c.setVersions(broker, a.versions)
	}
	if a.unsupported {
		c.tap(broker, req, a, nil)
		return nil, WithCode(lag.UnsupportedVersion, fmt.Errorf("broker does not support %s", kmsg.NameForKey(a.key)))
	}
	resp := req.ResponseKind()
	resp.SetVersion(a.version)
	err = c.decoders.decode(ctx, resp, a.body)
	c.tap(broker, req, a, err)
	if err != nil {
		return nil, notDecoded(a, err)
	}
	if _, ok := resp.(selfContained); ok {
		recycle(a.buffer)
	}
	return resp, nil
}

// DoLimited is Do within the bound on requests in flight to the broker.
func (c *Client) DoLimited(ctx context.Context, sent Counter, broker int32, req kmsg.Request) (kmsg.Response, error) {
	release, err := c.limits.acquire(ctx, broker, c.single(broker, req.Key()))
	if err != nil {
		if c.slow(ctx, sent, broker, false, err) {
			err = WithCode(lag.Slow, err)
		}
		return nil, err
	}
	defer release()
	return c.Do(ctx, sent, broker, req)
}

// single reports whether a request is about one group, although there may be thousands of them. It takes a broker a fraction of a
// millisecond, so most of the time nothing is done but to wait for the network: more of them may be in flight.
func (c *Client) single(broker int32, key int16) bool {
	if key != wire.OffsetFetchKey {
		return false
	}
	version, known := c.Version(broker, key, wire.OffsetFetchBatched)
	return known && version < wire.OffsetFetchBatched
}

// AsResponse gives a response its type. It takes the results of Do.
func AsResponse[R kmsg.Response](resp kmsg.Response, err error) (R, error) {
	r, ok := resp.(R)
	if err == nil && !ok {
		err = Garbled("answer is a %T", resp)
	}
	return r, err
}

// attempts is how often a request is sent when its connection turns out to be broken: once for each connection that
// the pool may hold to a broker, and once on a new one.
const attempts = 4

// exchange sends a request. up reports whether a connection was opened for it: then the broker answered its handshake.
func (c *Client) exchange(ctx context.Context, sent Counter, broker int32, req kmsg.Request) (a *rawResponse, up bool, err error) {
	began := time.Now()
	for attempt := range attempts {
		sent.Sent(req.Key())
		if attempt > 0 {
			c.quota.spend() // the first one had its turn
		}
		e := &exchange{
			broker:      broker,
			correlation: c.correlation.Add(1),
			client:      c.formatter,
			limit:       c.cfg.Response,
			request:     req,
			identity:    c.cfg.Identity,
		}
		var m kafka.Response
		m, err = c.roundTrip(ctx, e)
		up = e.opened.Load() >= began.Sub(c.began).Nanoseconds()
		if err == nil {
			if a, ok := m.(*rawResponse); ok {
				return a, up, nil
			}
			return nil, up, Garbled("transport answered a %T", m)
		}
		if ctx.Err() != nil || !IsLost(err) && !c.rediscover(err) && !c.elsewhere(broker, err) {
			if e.opened.Load() == 0 && timedOut(ctx, err) {
				err = c.handshakes.explain(c.addressOf(broker), err)
			}
			break
		}
	}
	return nil, up, err
}

// fullPause is how long a request waits until it looks for a free connection again, when no more may be opened.
const fullPause = 5 * time.Millisecond

// roundTrip is that of the transport. kafka-go dials when no connection is free at this moment; when no more may be opened, the
// request waits for one of those that are open.
func (c *Client) roundTrip(ctx context.Context, e *exchange) (kafka.Response, error) {
	asks := context.WithValue(ctx, asker{}, e.broker)
	for {
		m, err := c.transport.RoundTrip(asks, *c.bootstrap.Load(), e)
		if !errors.Is(err, errFull) {
			return m, err
		}
		timer := time.NewTimer(fullPause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return nil, fmt.Errorf("%w: %w", err, ctx.Err())
		}
	}
}

// addressOf is the address of a broker; empty for [AnyBroker], or if it is not known.
func (c *Client) addressOf(broker int32) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	i := slices.IndexFunc(c.brokers, func(b lag.Broker) bool { return b.ID == broker })
	if i < 0 {
		return ""
	}
	return addressOf(c.brokers[i])
}

func addressOf(b lag.Broker) string { return net.JoinHostPort(b.Host, strconv.Itoa(int(b.Port))) }

// slow reports whether a request that ended with its deadline was sent to a broker that is up but slow. A broker that hangs, or
// whose host is gone while its connections still look open, gives the same: no answer. What separates them is that a broker
// that is up has answered something else since the poll or sample began, or the handshake of a new connection, see greetings.
func (c *Client) slow(ctx context.Context, sent Counter, broker int32, up bool, err error) bool {
	return timedOut(ctx, err) && Code(err) == lag.Unreachable &&
		(up || c.limits.answered(broker, sent.Began()) || c.greetings.answered(c.addressOf(broker), sent.Began(), c.limits.lastAnswer(broker)))
}

// SetBrokers tells the client which brokers the cluster has, for when the bootstrap addresses do not answer any more.
func (c *Client) SetBrokers(brokers []lag.Broker) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.brokers = brokers
}

// rediscoverEvery is the shortest time between two rediscoveries: each gives up all idle connections.
const rediscoverEvery = 5 * time.Second

// rediscover makes kafka-go's transport read its list of brokers again, when it does not know a broker that our Metadata
// has: its list is a few seconds older. It reports whether a second try may help.
func (c *Client) rediscover(err error) bool {
	if !errors.Is(err, kafka.BrokerNotAvailable) {
		return false
	}
	last, now := c.rediscovered.Load(), int64(time.Since(c.began))+int64(rediscoverEvery)
	if now-last < int64(rediscoverEvery) || !c.rediscovered.CompareAndSwap(last, now) {
		return false
	}
	c.setBootstrap(c.addresses())
	c.transport.CloseIdleConnections()
	return true
}

// elsewhere reports whether another bootstrap address may answer, after one of another cluster did: that one is not dialled
// again for a while.
func (c *Client) elsewhere(broker int32, err error) bool {
	return broker == AnyBroker && Code(err) == lag.ForeignCluster && len(c.addresses()) > 1
}

// Reconnect gives up all connections, and looks for the cluster at the bootstrap addresses again.
func (c *Client) Reconnect() {
	c.SetBrokers(nil)
	c.setBootstrap(c.addresses())
	c.transport.CloseIdleConnections()
}

// addresses are those of the cluster's brokers and the bootstrap addresses, which may be down or gone.
func (c *Client) addresses() []string {
	all := slices.Clone(c.cfg.Brokers)
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, b := range c.brokers {
		all = append(all, addressOf(b))
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// setBootstrap has kafka-go search for the cluster at these addresses.
func (c *Client) setBootstrap(addresses []string) {
	address := kafka.TCP(addresses...)
	c.bootstrap.Store(&address)
	c.handshakes.searches(true)
}
