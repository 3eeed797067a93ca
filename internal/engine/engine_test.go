package engine

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/scaler"
)

var start = time.Date(2026, 1, 5, 12, 0, 0, 0, time.UTC)

// kafka is a cluster of one topic and one group; down makes every answer wait for its deadline.
type kafka struct {
	name string

	mu             sync.Mutex
	down           bool
	end, committed int64
	members        int
	polls, samples int
}

func (k *kafka) set(f func(*kafka)) {
	k.mu.Lock()
	defer k.mu.Unlock()
	f(k)
}

func (k *kafka) waitIfDown(ctx context.Context) (down bool) {
	k.mu.Lock()
	down = k.down
	k.mu.Unlock()
	if down {
		<-ctx.Done()
	}
	return down
}

func (k *kafka) state(now time.Time) lag.GroupState {
	return lag.GroupState{At: now, Group: "orders", Type: lag.Classic, State: lag.Stable, Coordinator: 1}
}

func (k *kafka) Sample(ctx context.Context) lag.Sample {
	down := k.waitIfDown(ctx)
	k.mu.Lock()
	defer k.mu.Unlock()
	k.samples++
	s := lag.Sample{Cluster: k.name, At: time.Now()}
	if down {
		s.Errors = []lag.ReadError{{Stage: lag.StageConnect, Broker: -1, Code: lag.Unreachable}}
		return s
	}
	s.Groups = []lag.GroupState{k.state(s.At)}
	return s
}

func (k *kafka) Observe(ctx context.Context) lag.Observation {
	began := time.Now()
	down := k.waitIfDown(ctx)
	k.mu.Lock()
	defer k.mu.Unlock()
	k.polls++
	o := lag.Observation{Cluster: k.name, Began: began, At: time.Now()}
	if down {
		o.Errors = []lag.ReadError{{Stage: lag.StageConnect, Broker: -1, Code: lag.Unreachable}}
		return o
	}
	o.Brokers = []lag.Broker{{ID: 1, Host: "127.0.0.1", Port: 9092}}
	o.Topics = []lag.TopicRead{{Name: "orders", Partitions: []lag.PartitionRead{{
		End: k.end, At: o.At.UnixMilli(), Leader: 1, Known: lag.KnownStart | lag.KnownEnd,
	}}}}
	g := lag.GroupRead{
		GroupState: k.state(o.At), Protocol: "consumer", Assignor: "range", Described: true, CommitsAt: o.At,
		Generation: 1, Epoch: lag.NoGeneration, AssignmentEpoch: lag.NoGeneration,
		Commits: []lag.TopicCommits{{Topic: "orders", Partitions: []lag.PartitionCommit{{Offset: k.committed, Known: lag.KnownCommitted}}}},
	}
	for i := range k.members {
		m := lag.Member{ID: fmt.Sprint("m", i), Topics: []string{"orders"}, Generation: 0, Epoch: lag.NoGeneration}
		if i == 0 {
			m.Assigned = []lag.TopicPartitions{{Topic: "orders", Partitions: []int32{0}}}
		}
		g.Members = append(g.Members, m)
	}
	o.Groups = []lag.GroupRead{g}
	return o
}

func settings(ks ...*kafka) Settings {
	s := Settings{Mode: scaler.Act}
	for _, k := range ks {
		s.Clusters = append(s.Clusters, Cluster{Name: k.name, Source: k})
	}
	return s
}

func total(t *testing.T, r *Report, cluster string) (n int64, complete bool) {
	t.Helper()
	for _, c := range r.Clusters {
		if c.Name != cluster {
			continue
		}
		g, ok := c.Snapshot.Group("orders")
		if !ok {
			t.Fatalf("cluster %s has no group orders", cluster)
		}
		return g.Total()
	}
	t.Fatalf("no cluster %s in the report", cluster)
	return 0, false
}

func TestTickIsTheWholeProgram(t *testing.T) {
	k := &kafka{name: "main", end: 100, committed: 60, members: 1}
	e := New(settings(k), Options{})
	if e.Latest() != nil {
		t.Fatal("a report before the first poll")
	}
	e.Tick(t.Context(), start)
	if n, complete := total(t, e.Latest(), "main"); n != 40 || !complete {
		t.Errorf("lag %d, complete %v", n, complete)
	}
	before := e.Latest()
	k.set(func(k *kafka) { k.end, k.committed = 200, 190 })
	e.Tick(t.Context(), start.Add(10*time.Second))
	if n, _ := total(t, before, "main"); n != 40 {
		t.Errorf("a published report changed: lag %d", n)
	}
	if n, _ := total(t, e.Latest(), "main"); n != 10 {
		t.Errorf("lag %d, want 10", n)
	}
}

// A poll of one cluster leaves what the others published as it is, and so does a sample that saw no rebalance.
func TestAClusterIsReportedAnewOnlyWhenItIsRead(t *testing.T) {
	a, b := &kafka{name: "a", end: 100, members: 1}, &kafka{name: "b", end: 100, members: 1}
	e := New(settings(a, b), Options{})
	e.Tick(t.Context(), start)
	before := e.Latest()
	o := a.Observe(t.Context())
	e.handle(t.Context(), reading{source: a, cluster: "a", obs: &o}, start.Add(10*time.Second))
	s := b.Sample(t.Context())
	e.handle(t.Context(), reading{source: b, cluster: "b", sample: &s}, start.Add(11*time.Second))
	after := e.Latest()
	if after == before || after.Clusters[0] == before.Clusters[0] {
		t.Error("the cluster that was polled is not reported anew")
	}
	if after.Clusters[1] != before.Clusters[1] {
		t.Error("the cluster that was not polled is reported anew")
	}
}

// A source remembers brokers: it goes on naming them while none of them answers.
func TestAPollSucceedsWhenABrokerAnswers(t *testing.T) {
	two := []lag.Broker{{ID: 1}, {ID: 2}}
	failed := func(stage lag.Stage, brokers ...int32) (errs []lag.ReadError) {
		for _, b := range brokers {
			errs = append(errs, lag.ReadError{Stage: stage, Broker: b, Code: lag.Unreachable})
		}
		return errs
	}
	for _, c := range []struct {
		name    string
		brokers []lag.Broker
		errors  []lag.ReadError
		want    bool
	}{
		{"all is well", two, nil, true},
		{"no broker is known", nil, failed(lag.StageMetadata, -1), false},
		{"one of two is down", two, failed(lag.StageList, 2), true},
		{"one tells only its groups", two, append(failed(lag.StageList, 2), failed(lag.StageOffsets, 1)...), true},
		{"both are down", two, failed(lag.StageList, 1, 2), false},
		{"both are down, and nobody tells who else there is", two, append(failed(lag.StageMetadata, -1), failed(lag.StageList, 1, 2)...), false},
	} {
		if got := answered(lag.Observation{Brokers: c.brokers, Errors: c.errors}); got != c.want {
			t.Errorf("%s: answered is %v", c.name, got)
		}
	}
}

func TestAClusterThatIsDownDisturbsNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		up, down := &kafka{name: "up", end: 100, members: 1}, &kafka{name: "down", down: true}
		e := New(settings(up, down), Options{})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- e.Run(ctx) }()

		time.Sleep(65 * time.Second)
		synctest.Wait()
		up.set(func(k *kafka) {
			if k.polls != 7 || k.samples < 60 {
				t.Errorf("%d polls and %d samples in 65 s beside a cluster that is down", k.polls, k.samples)
			}
		})
		for _, p := range e.Latest().Polls {
			if reached := !p.LastSuccess.IsZero(); reached != (p.Cluster == "up") {
				t.Errorf("%s: last success %v", p.Cluster, p.LastSuccess)
			}
		}
		down.set(func(k *kafka) { k.down, k.end, k.members = false, 50, 1 })
		time.Sleep(25 * time.Second)
		synctest.Wait()
		if n, complete := total(t, e.Latest(), "down"); n != 50 || !complete {
			t.Errorf("after its return: lag %d, complete %v", n, complete)
		}
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// Without a cluster, at the start or because the last one was removed, there is a Report each interval, and it has no cluster.
func TestWithoutClusters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &kafka{name: "a", end: 100, members: 1}
		e := New(settings(), Options{})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- e.Run(ctx) }()
		shows := func(when string, clusters int) {
			t.Helper()
			synctest.Wait()
			if r := e.Latest(); r == nil || len(r.Clusters) != clusters || len(r.Polls) != clusters || time.Since(r.At) > 10*time.Second {
				t.Errorf("%s: %+v", when, r)
			}
		}
		shows("at the start", 0)
		time.Sleep(35 * time.Second)
		shows("later", 0)
		if err := e.Reconfigure(ctx, settings(a)); err != nil {
			t.Fatal(err)
		}
		time.Sleep(15 * time.Second)
		shows("with a cluster", 1)
		if err := e.Reconfigure(ctx, settings()); err != nil {
			t.Fatal(err)
		}
		shows("it is gone", 0)
		cancel()
		<-done
	})
}

func TestReconfigureKeepsTheHistoryOfWhatStays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := &kafka{name: "a", end: 100, members: 1}, &kafka{name: "b", end: 100, members: 1}
		e := New(settings(a), Options{})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- e.Run(ctx) }()
		time.Sleep(15 * time.Second)
		a.set(func(k *kafka) { k.committed = 70 })
		time.Sleep(10 * time.Second)
		if err := e.Reconfigure(ctx, settings(a, b)); err != nil {
			t.Fatal(err)
		}
		time.Sleep(15 * time.Second)
		synctest.Wait()
		r := e.Latest()
		if len(r.Clusters) != 2 || r.Clusters[0].Groups[0].Rates.ConsumedTotal != 70 {
			t.Errorf("%d clusters; consumed %d, want 70", len(r.Clusters), r.Clusters[0].Groups[0].Rates.ConsumedTotal)
		}
		if err := e.Reconfigure(ctx, settings(b)); err != nil {
			t.Fatal(err)
		}
		polls := a.polls
		time.Sleep(30 * time.Second)
		synctest.Wait()
		if a.polls > polls {
			t.Errorf("a cluster that was taken out is still polled")
		}
		if n := len(e.Latest().Clusters); n != 1 {
			t.Errorf("%d clusters in the report, want 1", n)
		}
		cancel()
		<-done
	})
}
