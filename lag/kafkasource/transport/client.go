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

// Config says how to reach brokers. All fields but TLS and SASL must be set.
type Config struct {
	Brokers  []string // bootstrap addresses, HOST:PORT
	ClientID string

	TLS  *TLS  // nil: plain text
	SASL *SASL // nil: no authentication

	// Dial opens connections, before TLS.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)

	InFlight    int           // requests of DoLimited in flight per broker
	Response    int           // bytes of the largest response that is accepted
	DialTimeout time.Duration // until a connection is authenticated
	Request     time.Duration // until a request is answered
}

// AnyBroker is any of the brokers that the client finds.
const AnyBroker int32 = -1

// Client holds the connections to one cluster. It is safe for concurrent use.
type Client struct {
	cfg         Config
	transport   *kafka.Transport
	formatter   *kmsg.RequestFormatter
	correlation atomic.Int32
	connections atomic.Int64 // opened so far
	limits      limits

	bootstrap    atomic.Pointer[net.Addr] // where the transport looks for the cluster
	rediscovered atomic.Int64             // when it was last made to look again, Unix nanoseconds

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
	}
	c := &Client{
		cfg:       cfg,
		formatter: kmsg.NewRequestFormatter(kmsg.FormatterClientID(cfg.ClientID)),
		limits:    limits{inFlight: cfg.InFlight},
		versions:  map[int32]map[int16]versionRange{},
	}
	c.setBootstrap(cfg.Brokers)
	c.transport = &kafka.Transport{
		Dial:           c.dial,
		DialTimeout:    cfg.DialTimeout,
		IdleTimeout:    5 * time.Minute,
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

// Counter counts the requests that were sent.
type Counter interface{ Sent(apiKey int16) }

// Do sends a request to a broker and decodes the response. It is the only function that sends.
// It waits for the broker's throttle time, repeats the request on another connection when its own was lost,
// and returns an error of code [lag.UnsupportedVersion] when the broker supports no version of the API that we do.
func (c *Client) Do(ctx context.Context, sent Counter, broker int32, req kmsg.Request) (kmsg.Response, error) {
	ctx, cancel := context.WithTimeout(ctx, c.cfg.Request)
	defer cancel()
	if err := c.limits.waitThrottled(ctx, broker); err != nil {
		return nil, err
	}
	a, err := c.exchange(ctx, sent, broker, req)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", kmsg.NameForKey(req.Key()), err)
	}
	if broker != AnyBroker {
		c.setVersions(broker, a.versions)
	}
	if a.unsupported {
		return nil, WithCode(lag.UnsupportedVersion, fmt.Errorf("broker does not support %s", kmsg.NameForKey(a.key)))
	}
	resp := req.ResponseKind()
	resp.SetVersion(a.version)
	if err := decode(ctx, resp, a.body); err != nil {
		return nil, Garbled("%s v%d: %v", kmsg.NameForKey(a.key), a.version, err)
	}
	if _, ok := resp.(selfContained); ok {
		recycle(a.buffer)
	}
	if th, ok := resp.(kmsg.ThrottleResponse); ok {
		millis, _ := th.Throttle()
		c.limits.throttle(broker, time.Duration(millis)*time.Millisecond)
	}
	return resp, nil
}

// DoLimited is Do within the bound on requests in flight to the broker.
func (c *Client) DoLimited(ctx context.Context, sent Counter, broker int32, req kmsg.Request) (kmsg.Response, error) {
	release, err := c.limits.acquire(ctx, broker)
	if err != nil {
		return nil, err
	}
	defer release()
	return c.Do(ctx, sent, broker, req)
}

// AsResponse gives a response its type. It takes the results of Do.
func AsResponse[R kmsg.Response](resp kmsg.Response, err error) (R, error) {
	r, ok := resp.(R)
	if err == nil && !ok {
		err = Garbled("answer is a %T", resp)
	}
	return r, err
}

// selfContained are responses that keep no part of the bytes they were decoded from. The memory of these bytes is used
// again. Some of kmsg's responses keep a part, for example member metadata.
type selfContained interface{ SelfContained() }

// decode decodes a response and gives up when the context ends. wire.Check comes first, because kmsg's decoders believe
// counts: with garbage they take gigabytes, and loop for up to a minute.
func decode(ctx context.Context, resp kmsg.Response, body []byte) error {
	if _, ours := resp.(selfContained); ours {
		return resp.ReadFrom(body)
	}
	if err := wire.Check(resp.Key(), resp.GetVersion(), body); err != nil {
		return err
	}
	done := make(chan error, 1)
	go func() {
		defer func() { // a panic in this goroutine would end the process
			if v := recover(); v != nil {
				done <- fmt.Errorf("decoding panics: %v", v)
			}
		}()
		done <- resp.ReadFrom(body)
	}()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return errors.New("decoding does not come to an end")
	}
}

// attempts is how often a request is sent when its connection turns out to be broken: once for each connection that
// the pool may hold to a broker, and once on a new one.
const attempts = 4

func (c *Client) exchange(ctx context.Context, sent Counter, broker int32, req kmsg.Request) (*rawResponse, error) {
	var err error
	for range attempts {
		sent.Sent(req.Key())
		var m kafka.Response
		m, err = c.transport.RoundTrip(ctx, *c.bootstrap.Load(), &exchange{
			broker:      broker,
			correlation: c.correlation.Add(1),
			client:      c.formatter,
			limit:       c.cfg.Response,
			request:     req,
		})
		if err == nil {
			if a, ok := m.(*rawResponse); ok {
				return a, nil
			}
			return nil, Garbled("transport answered a %T", m)
		}
		if ctx.Err() != nil || !IsLost(err) && !c.rediscover(err) {
			break
		}
	}
	return nil, err
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
	last, now := c.rediscovered.Load(), time.Now().UnixNano()
	if now-last < int64(rediscoverEvery) || !c.rediscovered.CompareAndSwap(last, now) {
		return false
	}
	c.setBootstrap(c.addresses())
	c.transport.CloseIdleConnections()
	return true
}

// addresses are those of the cluster's brokers and the bootstrap addresses, which may be down or gone.
func (c *Client) addresses() []string {
	all := slices.Clone(c.cfg.Brokers)
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, b := range c.brokers {
		all = append(all, net.JoinHostPort(b.Host, strconv.Itoa(int(b.Port))))
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func (c *Client) setBootstrap(addresses []string) {
	address := kafka.TCP(addresses...)
	c.bootstrap.Store(&address)
}
