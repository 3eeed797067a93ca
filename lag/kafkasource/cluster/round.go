package cluster

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/lag/kafkasource/transport"
)

// Round is one poll or one sample. Many goroutines may use it.
type Round struct {
	Cluster *Cluster
	Brokers []lag.Broker // that this round reads; set by UseBrokers

	limited bool // requests to a broker wait for a slot
	began   time.Time

	mu       sync.Mutex
	lost     map[int32]lag.ErrorCode // brokers that could not list their groups
	errors   []lag.ReadError
	requests map[int16]int64 // by API key
}

// Poll begins a poll: its requests wait for one of the slots of their broker.
func (c *Cluster) Poll() *Round { return &Round{Cluster: c, limited: true, began: time.Now()} }

// Sample begins a sample: its requests do not wait for those of a poll.
func (c *Cluster) Sample() *Round { return &Round{Cluster: c, began: time.Now()} }

// UseBrokers has the round read the brokers that are known now.
func (r *Round) UseBrokers() { r.Brokers = r.Cluster.knownBrokers() }

// FindBrokers has the round read the brokers that are known now, and reads metadata when none is known.
func (r *Round) FindBrokers(ctx context.Context) error {
	if r.UseBrokers(); len(r.Brokers) > 0 {
		return nil
	}
	if _, _, err := r.Metadata(ctx, nil, nil); err != nil {
		return err
	}
	r.UseBrokers()
	return nil
}

// Send sends a request to a broker.
func (r *Round) Send(ctx context.Context, broker int32, req kmsg.Request) (kmsg.Response, error) {
	if r.limited {
		return r.Cluster.client.DoLimited(ctx, r, broker, req)
	}
	return r.Cluster.client.Do(ctx, r, broker, req)
}

// SendAny sends a request to brokers in turn until one answers.
func (r *Round) SendAny(ctx context.Context, req kmsg.Request) (kmsg.Response, error) {
	resp, _, err := r.ask(ctx, req, nil)
	return resp, err
}

// ask sends a request to brokers in turn until one answers that is not among those to skip. It returns who answered.
func (r *Round) ask(ctx context.Context, req kmsg.Request, skip []int32) (kmsg.Response, int32, error) {
	last := errNobodyElse
	for _, id := range r.Cluster.candidates() {
		if slices.Contains(skip, id) {
			continue
		}
		resp, err := r.Cluster.client.Do(ctx, r, id, req)
		if err == nil {
			return resp, id, nil
		}
		last = err
		if ctx.Err() != nil {
			break
		}
	}
	return nil, transport.AnyBroker, last
}

var errNobodyElse = errors.New("no other broker is known")

// Began is when the round began.
func (r *Round) Began() time.Time { return r.began }

// Sent counts a request. It is called by the transport for every attempt.
func (r *Round) Sent(apiKey int16) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.requests == nil {
		r.requests = map[int16]int64{}
	}
	r.requests[apiKey]++
}

// Requests are the requests that were sent, by API.
func (r *Round) Requests() []lag.RequestCount {
	r.mu.Lock()
	defer r.mu.Unlock()
	counts := make([]lag.RequestCount, 0, len(r.requests))
	for _, key := range slices.Sorted(maps.Keys(r.requests)) {
		counts = append(counts, lag.RequestCount{API: kmsg.NameForKey(key), Count: r.requests[key]})
	}
	slices.SortFunc(counts, func(a, b lag.RequestCount) int { return strings.Compare(a.API, b.API) })
	return counts
}

// Lose notes that a broker could not list its groups.
func (r *Round) Lose(broker int32, err error) {
	r.Fail(lag.StageList, broker, err)
	r.Cluster.setOutdated()
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.lost == nil {
		r.lost = map[int32]lag.ErrorCode{}
	}
	r.lost[broker] = transport.Code(err)
}

// Lost is why a broker could not list its groups; ok is false when it could.
func (r *Round) Lost(broker int32) (code lag.ErrorCode, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	code, ok = r.lost[broker]
	return code, ok
}

// LostAll reports whether no broker could list its groups.
func (r *Round) LostAll() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.lost) >= len(r.Brokers)
}

// Fail notes an error.
func (r *Round) Fail(stage lag.Stage, broker int32, err error) {
	e := lag.ReadError{Stage: stage, Broker: broker, Code: transport.Code(err), Detail: err.Error()}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.errors = append(r.errors, e)
	r.Cluster.log.Debug("read failed", "stage", stage, "broker", broker, "code", e.Code, "error", err)
}

// FailBroker notes an error and, when the broker does not answer, has the next poll read metadata.
func (r *Round) FailBroker(stage lag.Stage, broker int32, err error) {
	r.Fail(stage, broker, err)
	if transport.Code(err) == lag.Unreachable {
		r.Cluster.setOutdated()
	}
}

// Errors are the errors in the order of stages and brokers, each once.
func (r *Round) Errors() []lag.ReadError {
	r.mu.Lock()
	defer r.mu.Unlock()
	slices.SortFunc(r.errors, func(a, b lag.ReadError) int {
		return cmp.Or(cmp.Compare(stageOrder(a.Stage), stageOrder(b.Stage)), cmp.Compare(a.Broker, b.Broker),
			cmp.Compare(a.Code, b.Code), strings.Compare(a.Detail, b.Detail))
	})
	return slices.Compact(r.errors)
}

func stageOrder(s lag.Stage) int {
	return slices.Index([]lag.Stage{
		lag.StageConnect, lag.StageMetadata, lag.StageList, lag.StageDescribe, lag.StageCommits, lag.StageOffsets,
		lag.StageHeaders,
	}, s)
}

// MoveTries is how often a poll asks for groups or partitions that moved, with a Pause between two tries: three times in
// 200 ms. A coordinator or a leader takes some 100 ms to move.
const MoveTries = 3

// Pause waits until it is time to try again, or until the context ends.
func (r *Round) Pause(ctx context.Context) error {
	timer := time.NewTimer(r.Cluster.pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
