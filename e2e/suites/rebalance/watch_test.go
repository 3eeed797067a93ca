package rebalance_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/e2e/servers/daemon"
	"github.com/lagscaler/lagscaler/e2e/servers/kafka"
	"github.com/lagscaler/lagscaler/internal/engine"
	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/rebalancemon"
)

const (
	sampleEvery = time.Second
	pollEvery   = 2 * time.Second
	patience    = time.Minute
)

// watcher is a running lagscaler, and what it published.
type watcher struct {
	t      *testing.T
	kafka  *kafka.Cluster
	daemon *daemon.Daemon

	mu      sync.Mutex
	last    *engine.ClusterReport
	polled  time.Time // of last
	polls   int
	changes uint64                          // leader changes that daemons before this one counted
	events  map[string][]rebalancemon.Event // by group; of daemons before this one
	failing atomic.Bool                     // polls fail
}

// watch starts to watch the cluster, and stops with the test.
func watch(t *testing.T, c *kafka.Cluster) *watcher {
	t.Helper()
	w := &watcher{t: t, kafka: c, last: &engine.ClusterReport{Snapshot: &lag.Snapshot{}}, events: map[string][]rebalancemon.Event{}}
	w.start()
	return w
}

func (w *watcher) start() {
	w.t.Helper()
	w.daemon = daemon.Start(w.t, daemon.Options{
		Brokers: w.kafka.Bootstrap(), Interval: pollEvery, SampleInterval: sampleEvery, Published: w.published,
		Source: func(s engine.Source) engine.Source { return &interrupted{Source: s, failing: &w.failing} },
	})
}

// published takes in a Report. Samples that saw a rebalance end are reported, too: only a later poll counts as one.
func (w *watcher) published(r *engine.Report) {
	c, ok := r.Cluster(daemon.Cluster)
	if !ok {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.last = c
	if c.Snapshot.At.After(w.polled) {
		w.polled = c.Snapshot.At
		w.polls++
	}
}

// restart ends the daemon and starts another, which knows nothing of what the first one saw.
func (w *watcher) restart() {
	w.daemon.Stop()
	w.mu.Lock()
	for i := range w.last.Groups {
		g := &w.last.Groups[i]
		w.events[g.Lag.Group] = append(w.events[g.Lag.Group], g.Rebalances.Events.All()...)
	}
	w.changes += w.last.LeaderChanges
	w.last = &engine.ClusterReport{Snapshot: &lag.Snapshot{}}
	w.mu.Unlock()
	w.start()
	w.settle(w.t, 2)
}

// interrupted is a source whose polls can be made to fail; the sampler reads all the time.
type interrupted struct {
	engine.Source
	failing *atomic.Bool
}

// Observe does not reach any broker while polls fail.
func (i *interrupted) Observe(ctx context.Context) lag.Observation {
	if !i.failing.Load() {
		return i.Source.Observe(ctx)
	}
	now := time.Now()
	return lag.Observation{
		Cluster: daemon.Cluster, Began: now, At: now,
		Errors: []lag.ReadError{{Stage: lag.StageConnect, Code: lag.Unreachable, Broker: -1}},
	}
}

// setPolls says whether polls succeed.
func (w *watcher) setPolls(on bool) { w.failing.Store(!on) }

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
	all := slices.Clone(w.events[group])
	if g, ok := w.last.Group(group); ok {
		all = append(all, g.Rebalances.Events.All()...)
	}
	return slices.DeleteFunc(all, func(ev rebalancemon.Event) bool { return ev.End.Before(since) })
}

// leaderChanges is how many leaders, of partitions and of groups, have changed since the watch began.
func (w *watcher) leaderChanges() uint64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.changes + w.last.LeaderChanges
}

// coordinator is the broker that coordinates the group.
func (w *watcher) coordinator(t *testing.T, group string) int {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	g, ok := w.last.Snapshot.Group(group)
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
