package kafkasource

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/lagscaler/lagscaler/lag"
)

// lostRetries is how often a request is repeated on another connection when its own turns out to be broken:
// one for each connection that the pool may hold to a broker, and one to open a new one.
const lostRetries = 4

// do sends a request to a broker and decodes the answer. It alone knows the transport.
// It waits for its turn and for the broker's throttle time, repeats on lost connections,
// and answers an error of code [lag.NotAsked] when the broker speaks no version of the API that we do.
func (s *Source) do(ctx context.Context, t *tally, broker int32, req kmsg.Request) (kmsg.Response, error) {
	ctx, cancel := context.WithTimeout(ctx, s.cfg.Limits.Request)
	defer cancel()
	if err := s.gates.wait(ctx, broker); err != nil {
		return nil, err
	}
	a, err := s.send(ctx, t, broker, req)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", kmsg.NameForKey(req.Key()), err)
	}
	if broker != anyBroker {
		s.cluster.speaks(broker, a.versions)
	}
	if a.unsupported {
		return nil, &failure{lag.NotAsked, fmt.Errorf("broker does not support %s", kmsg.NameForKey(a.key))}
	}
	resp := req.ResponseKind()
	resp.SetVersion(a.version)
	if err := decode(ctx, resp, a.body); err != nil {
		return nil, garbled("%s v%d: %v", kmsg.NameForKey(a.key), a.version, err)
	}
	if _, ok := resp.(selfContained); ok {
		recycle(a.buffer)
	}
	if th, ok := resp.(kmsg.ThrottleResponse); ok {
		millis, _ := th.Throttle()
		s.gates.throttle(broker, time.Duration(millis)*time.Millisecond)
	}
	return resp, nil
}

// as gives an answer its type.
func as[R kmsg.Response](resp kmsg.Response, err error) (R, error) {
	r, ok := resp.(R)
	if err == nil && !ok {
		err = garbled("answer is a %T", resp)
	}
	return r, err
}

// decode reads an answer and does not wait for one that never ends: kmsg's decoders count down whatever number of tags
// the bytes claim, even when there are none left, which keeps them busy for up to a minute when the bytes are garbage.
func decode(ctx context.Context, resp kmsg.Response, body []byte) error {
	if _, ours := resp.(selfContained); ours {
		return resp.ReadFrom(body)
	}
	done := make(chan error, 1)
	go func() { done <- resp.ReadFrom(body) }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return errors.New("decoding does not come to an end")
	}
}

// selfContained are the answers that keep no part of the bytes they were decoded from: ours. Those of kmsg may,
// in member metadata for one.
type selfContained interface{ selfContained() }

func (*offsetFetchAnswer) selfContained() {}
func (*listOffsetsAnswer) selfContained() {}

func (s *Source) send(ctx context.Context, t *tally, broker int32, req kmsg.Request) (*answer, error) {
	var err error
	for range lostRetries {
		t.sent(req.Key())
		var m kafka.Response
		m, err = s.transport.RoundTrip(ctx, *s.bootstrap.Load(), &exchange{
			broker:      broker,
			correlation: s.correlation.Add(1),
			client:      s.formatter,
			limit:       s.cfg.Limits.Response,
			request:     req,
		})
		if err == nil {
			if a, ok := m.(*answer); ok {
				return a, nil
			}
			return nil, garbled("transport answered a %T", m)
		}
		if ctx.Err() != nil || !isLost(err) && !s.rediscover(err) {
			break
		}
	}
	return nil, err
}

// rediscoverEvery bounds how often connections are given up to make the transport look at the cluster anew.
const rediscoverEvery = 5 * time.Second

// rediscover makes the transport learn of a broker that our Metadata names and its own, a few seconds older, does not.
// It reports whether a second try may help.
func (s *Source) rediscover(err error) bool {
	if !errors.Is(err, kafka.BrokerNotAvailable) {
		return false
	}
	last, now := s.rediscovered.Load(), time.Now().UnixNano()
	if now-last < int64(rediscoverEvery) || !s.rediscovered.CompareAndSwap(last, now) {
		return false
	}
	s.reachThrough(s.addresses())
	s.transport.CloseIdleConnections()
	return true
}

// addresses are those of the known brokers and the configured ones: those may be down, or gone for good.
func (s *Source) addresses() []string {
	all := slices.Clone(s.cfg.Brokers)
	for _, b := range s.cluster.known() {
		all = append(all, net.JoinHostPort(b.Host, strconv.Itoa(int(b.Port))))
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// reachThrough sets where the transport looks for the cluster.
func (s *Source) reachThrough(addresses []string) {
	address := kafka.TCP(addresses...)
	s.bootstrap.Store(&address)
}

// inFlight takes one of the places that polls have at a broker, and returns how to give it back.
func (s *Source) inFlight(ctx context.Context, broker int32) (release func(), err error) {
	g := s.gates.of(broker)
	select {
	case g.places <- struct{}{}:
		return func() { <-g.places }, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("waiting for requests in flight: %w", ctx.Err())
	}
}

// ask is do within the bound on requests in flight.
func (s *Source) ask(ctx context.Context, t *tally, broker int32, req kmsg.Request) (kmsg.Response, error) {
	release, err := s.inFlight(ctx, broker)
	if err != nil {
		return nil, err
	}
	defer release()
	return s.do(ctx, t, broker, req)
}

// gates hold back requests, per broker.
type gates struct {
	limit int
	mu    sync.Mutex
	byID  map[int32]*gate
}

type gate struct {
	places chan struct{}
	until  time.Time // throttled until
}

func (g *gates) of(broker int32) *gate {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.byID == nil {
		g.byID = map[int32]*gate{}
	}
	b, ok := g.byID[broker]
	if !ok {
		b = &gate{places: make(chan struct{}, g.limit)}
		g.byID[broker] = b
	}
	return b
}

// throttle remembers that the broker asked for silence.
func (g *gates) throttle(broker int32, d time.Duration) {
	if d <= 0 {
		return
	}
	b := g.of(broker)
	g.mu.Lock()
	defer g.mu.Unlock()
	b.until = time.Now().Add(d)
}

// wait keeps the silence a broker asked for. It gives up at once when that outlasts the context.
func (g *gates) wait(ctx context.Context, broker int32) error {
	b := g.of(broker)
	g.mu.Lock()
	until := b.until
	g.mu.Unlock()
	d := time.Until(until)
	if d <= 0 {
		return nil
	}
	if deadline, ok := ctx.Deadline(); ok && deadline.Before(until) {
		return fmt.Errorf("throttled by the broker for another %v", d.Round(time.Millisecond))
	}
	return pause(ctx, d)
}

// pause sleeps unless the context ends.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
