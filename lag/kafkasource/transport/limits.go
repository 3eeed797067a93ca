package transport

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/lagscaler/lagscaler/lag"
)

// limits hold back requests, per broker.
type limits struct {
	inFlight    int
	single      int // of requests about one group
	connections int // requests of any kind at once, each of which needs a connection; 0: no limit
	mu          sync.Mutex
	byBroker    map[int32]*brokerLimit
}

type brokerLimit struct {
	slots          chan struct{}
	single         chan struct{} // for requests about one group
	connections    chan struct{} // nil: no limit
	throttledUntil time.Time
	answered       time.Time // the last answer; zero: none
}

func (l *limits) of(broker int32) *brokerLimit {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.byBroker == nil {
		l.byBroker = map[int32]*brokerLimit{}
	}
	b, ok := l.byBroker[broker]
	if !ok {
		b = &brokerLimit{slots: make(chan struct{}, l.inFlight), single: make(chan struct{}, max(l.inFlight, l.single))}
		switch {
		case l.connections > 0 && broker == AnyBroker:
			b.connections = make(chan struct{}, 1)
		case l.connections > 0:
			b.connections = make(chan struct{}, max(1, l.connections-1)) // the last one is for kafka-go's list of brokers
		}
		l.byBroker[broker] = b
	}
	return b
}

// acquire takes one of the broker's slots for requests in flight, or of those about one group. The caller calls release when it has the
// answer.
func (l *limits) acquire(ctx context.Context, broker int32, single bool) (release func(), err error) {
	b := l.of(broker)
	slots := b.slots
	if single {
		slots = b.single
	}
	select {
	case slots <- struct{}{}:
		return func() { <-slots }, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("waiting for requests in flight: %w", ctx.Err())
	}
}

// connect takes one of the connections that may be open to the broker. The caller calls release when it has the answer.
func (l *limits) connect(ctx context.Context, broker int32) (release func(), err error) {
	b := l.of(broker)
	if b.connections == nil {
		return func() {}, nil
	}
	select {
	case b.connections <- struct{}{}:
		return func() { <-b.connections }, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("waiting for one of the %d connections that may be open to the broker: %w", l.connections, ctx.Err())
	}
}

// answers notes an answer.
func (l *limits) answers(broker int32) {
	b := l.of(broker)
	l.mu.Lock()
	defer l.mu.Unlock()
	b.answered = time.Now()
}

// answered reports whether the broker answered anything since a time.
func (l *limits) answered(broker int32, since time.Time) bool {
	return l.lastAnswer(broker).After(since)
}

// lastAnswer is when the broker answered a request for the last time; zero: it did not.
func (l *limits) lastAnswer(broker int32) time.Time {
	b := l.of(broker)
	l.mu.Lock()
	defer l.mu.Unlock()
	return b.answered
}

// longestThrottle bounds what a broker can ask for. Kafka asks for the windows of a quota at most, 11 s by default, and holds back
// what comes earlier (KIP-219; quota.window.num and quota.window.size.seconds).
const longestThrottle = time.Minute

// throttle notes that the broker asked for no requests for that long.
func (l *limits) throttle(broker int32, d time.Duration) {
	if d <= 0 {
		return
	}
	d = min(d, longestThrottle)
	b := l.of(broker)
	l.mu.Lock()
	defer l.mu.Unlock()
	b.throttledUntil = later(b.throttledUntil, time.Now().Add(d))
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// waitThrottled waits for as long as the broker asked for. It fails at once when that outlasts the context.
func (l *limits) waitThrottled(ctx context.Context, broker int32) error {
	b := l.of(broker)
	l.mu.Lock()
	until := b.throttledUntil
	l.mu.Unlock()
	d := time.Until(until)
	if d <= 0 {
		return nil
	}
	if deadline, ok := ctx.Deadline(); ok && deadline.Before(until) {
		return WithCode(lag.Slow, fmt.Errorf("throttled by the broker for another %v", d.Round(time.Millisecond)))
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
