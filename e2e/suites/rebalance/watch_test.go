package rebalance_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/e2e/servers/kafka"
	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/lag/kafkasource"
	"github.com/lagscaler/lagscaler/rebalancemon"
)

const (
	sampleEvery = time.Second
	pollEvery   = 2 * time.Second
	patience    = time.Minute
)

// watcher is the reading half of lagscaler: two clocks, one owner of all state.
type watcher struct {
	source *kafkasource.Source

	mu       sync.Mutex
	monitor  *rebalancemon.Monitor
	last     *lag.Snapshot
	changes  uint64 // leader changes since the watch began
	events   []rebalancemon.Event
	polls    int
	pollsOff bool // no polls now
}

// watch starts to read the cluster, and stops with the test.
func watch(t *testing.T, c *kafka.Cluster) *watcher {
	t.Helper()
	source, err := kafkasource.New(kafkasource.Config{Cluster: string(c.Version), Brokers: strings.Split(c.Bootstrap(), ",")})
	if err != nil {
		t.Fatal(err)
	}
	w := &watcher{source: source, last: &lag.Snapshot{}}
	w.restart()
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { every(ctx, sampleEvery, w.sample) })
	running.Go(func() { every(ctx, pollEvery, w.poll) })
	t.Cleanup(func() {
		cancel()
		running.Wait()
		source.Close()
	})
	return w
}

func every(ctx context.Context, period time.Duration, do func(context.Context)) {
	ticker := time.NewTicker(period)
	defer ticker.Stop()
	for {
		do(ctx)
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

func (w *watcher) sample(ctx context.Context) {
	s := w.source.Sample(ctx)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.events = append(w.events, w.monitor.Sample(s, nil)...)
}

func (w *watcher) poll(ctx context.Context) {
	w.mu.Lock()
	pollsOff := w.pollsOff
	w.mu.Unlock()
	if pollsOff {
		return
	}
	o := w.source.Observe(ctx)
	w.mu.Lock()
	defer w.mu.Unlock()
	before := w.last
	w.last = lag.Compute(o, before, nil)
	w.changes += lag.LeaderChanges(before, w.last)
	w.events = append(w.events, w.monitor.Snapshot(w.last, nil)...)
	w.polls++
}

// restart forgets everything but the events, as a restart of lagscaler does.
func (w *watcher) restart() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.monitor = rebalancemon.New(rebalancemon.Options{Cluster: "main"})
	w.last = &lag.Snapshot{}
}

// setPolls says whether polls run; the sampler does all the time.
func (w *watcher) setPolls(on bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.pollsOff = !on
}

// settle waits until some more polls have been taken in.
func (w *watcher) settle(t *testing.T, polls int) {
	t.Helper()
	w.mu.Lock()
	target := w.polls + polls
	w.mu.Unlock()
	await(t, "polls", func() error {
		w.mu.Lock()
		defer w.mu.Unlock()
		if w.polls < target {
			return fmt.Errorf("%d of %d", w.polls, target)
		}
		return nil
	})
}

// eventsSince are the events of a group since a time.
func (w *watcher) eventsSince(group string, since time.Time) []rebalancemon.Event {
	w.mu.Lock()
	defer w.mu.Unlock()
	var out []rebalancemon.Event
	for _, ev := range w.events {
		if ev.Group == group && !ev.End.Before(since) {
			out = append(out, ev)
		}
	}
	return out
}

// leaderChanges is how many leaders, of partitions and of groups, have changed since the watch began.
func (w *watcher) leaderChanges() uint64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.changes
}

// coordinator is the broker that coordinates the group.
func (w *watcher) coordinator(t *testing.T, group string) int {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	g, ok := w.last.Group(group)
	if !ok {
		t.Fatalf("the last poll did not see group %s", group)
	}
	return int(g.Coordinator)
}

// await polls until check is content.
func await(t *testing.T, what string, check func() error) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for {
		err := check()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("waiting for %s: %v", what, err)
		}
		pause(t, 100*time.Millisecond)
	}
}

// pause lets the servers go on for a while; a test that is over does not wait.
func pause(t *testing.T, d time.Duration) {
	t.Helper()
	select {
	case <-t.Context().Done():
		t.FailNow()
	case <-time.After(d):
	}
}
