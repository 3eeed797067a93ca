package engine

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

// Many clusters are polled and sampled at once while scalers are decided that need several of them, and while clusters come, go and
// change their intervals. Every number is right, and nothing waits for ever. The race detector looks on.
func TestManyAtOnce(t *testing.T) {
	const clusters = 12
	f := idle(t)
	f.scaler.Sources = nil
	var s Settings
	var all []*kafka
	for i := range clusters {
		k := &kafka{name: fmt.Sprintf("c%02d", i), end: int64(100 + i), committed: 100, members: 1}
		all = append(all, k)
		s.Clusters = append(s.Clusters, Cluster{Name: k.name, Source: k, Interval: time.Duration(2+i%3) * time.Millisecond, SampleInterval: time.Millisecond})
		if i < 4 {
			f.scaler.Sources = append(f.scaler.Sources, seen.SourceSpec{Cluster: k.name, Group: "orders"})
		}
	}
	s.Mode = scaler.Advise
	var reports, wrong atomic.Int64
	e := New(s, Options{Targets: f, Publish: func(r *Report) {
		reports.Add(1)
		for _, c := range r.Clusters {
			g, ok := c.Snapshot.Group("orders")
			var want int64
			_, _ = fmt.Sscanf(c.Name, "c%d", &want)
			if !ok {
				continue // not read yet
			}
			if n, whole := g.Total(); n != want || !whole {
				wrong.Add(1)
			}
		}
	}})
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); _ = e.Run(ctx) }()
	for round := range 30 {
		next := s
		next.Clusters = nil
		for i, c := range s.Clusters {
			if (i+round)%5 == 0 {
				continue // it goes, and comes back
			}
			c.Interval += time.Duration(round%2) * time.Millisecond
			next.Clusters = append(next.Clusters, c)
		}
		time.Sleep(10 * time.Millisecond)
		if err := e.Reconfigure(ctx, next); err != nil {
			t.Fatal(err)
		}
	}
	if err := e.Reconfigure(ctx, s); err != nil {
		t.Fatal(err)
	}
	polled := func() (n int) {
		for _, p := range e.Latest().Polls {
			if p.Polls >= 3 {
				n++
			}
		}
		return n
	}
	for end := time.Now().Add(30 * time.Second); polled() < clusters; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("only %d of %d clusters are polled after all changes: %+v", polled(), clusters, e.Latest().Polls)
		}
	}
	stop()
	select {
	case <-ended:
	case <-time.After(30 * time.Second):
		t.Fatal("Run does not end")
	}
	if wrong.Load() > 0 || reports.Load() < 100 {
		t.Errorf("%d wrong numbers in %d reports", wrong.Load(), reports.Load())
	}
	for _, k := range all {
		k.set(func(k *kafka) {
			if k.polls == 0 || k.samples == 0 {
				t.Errorf("%s: %d polls, %d samples", k.name, k.polls, k.samples)
			}
		})
	}
}

// Run may end at any time, also between giving a poll back and hearing that it was taken in. Nothing waits for that poll afterwards, and
// the engine goes on.
func TestRunEndsWhileAPollIsTakenIn(t *testing.T) {
	f := idle(t)
	for i := range 200 {
		synctest.Test(t, func(t *testing.T) {
			k := &kafka{name: "main", end: 10, members: 1}
			e := New(settings(k), Options{Targets: f})
			ctx, stop := context.WithCancel(t.Context())
			var run sync.WaitGroup
			run.Go(func() { _ = e.Run(ctx) })
			if i%2 == 0 {
				if err := e.Reconfigure(ctx, settings(k)); err != nil {
					t.Error(err)
				}
			}
			stop()
			run.Wait()
			for _, c := range e.clusters {
				if c.taking != nil || len(c.queue) > 0 {
					t.Errorf("run %d: a poll is left", i)
				}
				c.own()
			}
			e.Tick(t.Context(), time.Now())
			if n, _ := total(t, e.Latest(), "main"); n != 10 {
				t.Errorf("run %d: a lag of %d", i, n)
			}
		})
	}
}

// While a poll is taken in, what comes of the same cluster waits for it, in order; of another one it does not.
func TestQueuedMeanwhile(t *testing.T) {
	a, b := &kafka{name: "a", end: 10, members: 1}, &kafka{name: "b", end: 20, members: 1}
	e := New(settings(a, b), Options{})
	first := a.Observe(t.Context())
	back, later := make(chan *taking, 1), make(chan *taking, 1)
	e.handle(t.Context(), reading{source: a, cluster: "a", obs: &first, back: back}, start)
	taken := <-back
	sample := a.Sample(t.Context())
	e.handle(t.Context(), reading{source: a, cluster: "a", sample: &sample}, start)
	second := a.Observe(t.Context())
	e.handle(t.Context(), reading{source: a, cluster: "a", obs: &second, back: later}, start)
	other := b.Observe(t.Context())
	e.handle(t.Context(), reading{source: b, cluster: "b", obs: &other}, start)
	if n := len(e.clusters["a"].queue); n != 2 || e.clusters["a"].stats.Samples != 0 {
		t.Errorf("%d readings wait; %d samples were taken in", n, e.clusters["a"].stats.Samples)
	}
	if n, _ := total(t, e.Latest(), "b"); n != 20 {
		t.Errorf("the other cluster waits: a lag of %d", n)
	}
	taken.run()
	e.handle(t.Context(), reading{source: a, cluster: "a", taken: taken}, start)
	if n, _ := total(t, e.Latest(), "a"); n != 10 || e.clusters["a"].stats.Samples != 1 {
		t.Errorf("a lag of %d, %d samples", n, e.clusters["a"].stats.Samples)
	}
	again := <-later
	again.run()
	e.handle(t.Context(), reading{source: a, cluster: "a", taken: again}, start)
	if p := e.Latest().Polls[0]; p.Polls != 2 || e.clusters["a"].taking != nil {
		t.Errorf("%d polls", p.Polls)
	}
	gone, dropped := a.Observe(t.Context()), make(chan *taking, 1)
	e.configure(settings(b))
	e.handle(t.Context(), reading{source: a, cluster: "a", obs: &gone, back: dropped}, start)
	if _, ok := <-dropped; ok {
		t.Error("a cluster that is not configured is taken in")
	}
}
