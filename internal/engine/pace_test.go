package engine

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

// However many clusters there are, and whichever of them began last: between two that follow each other in the interval lies about the
// same time.
func TestMomentsAreSpread(t *testing.T) {
	const interval = 10 * time.Second
	for n := 1; n <= 200; n++ {
		var moments []time.Duration
		for i := range n {
			p := spread(i, interval)
			if p.first < 0 || p.first >= interval || p.then-p.first < interval/2 || p.then-p.first > 2*interval {
				t.Fatalf("the cluster %d is read after %v and after %v", i, p.first, p.then)
			}
			moments = append(moments, p.then%interval)
		}
		slices.Sort(moments)
		for i, at := range moments {
			next := moments[(i+1)%n] + time.Duration((i+1)/n)*interval
			if gap := (next - at).Seconds() / interval.Seconds() * float64(n); gap < 0.38 || gap >= 2 {
				t.Fatalf("%d clusters: between two of them lies %.2f of an equal share", n, gap)
			}
		}
	}
	if p := spread(0, interval); p.first != 0 || p.then != interval {
		t.Errorf("a single cluster is read after %v and after %v", p.first, p.then)
	}
}

// times is a cluster that notes when it is read.
type times struct {
	kafka
	mu              sync.Mutex
	polled, sampled []time.Duration // since began
	began           time.Time
}

func newTimes(name string) *times {
	return &times{kafka: kafka{name: name, end: 10}, began: time.Now()}
}

func (c *times) Observe(ctx context.Context) lag.Observation {
	c.mu.Lock()
	c.polled = append(c.polled, time.Since(c.began))
	c.mu.Unlock()
	return c.kafka.Observe(ctx)
}

func (c *times) Sample(ctx context.Context) lag.Sample {
	c.mu.Lock()
	c.sampled = append(c.sampled, time.Since(c.began))
	c.mu.Unlock()
	return c.kafka.Sample(ctx)
}

func (c *times) between(from, to time.Duration) (polls, samples int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	in := func(all []time.Duration) (n int) {
		for _, at := range all {
			if at >= from && at < to {
				n++
			}
		}
		return n
	}
	return in(c.polled), in(c.sampled)
}

// run runs an engine in a bubble until the test ends.
func run(t *testing.T, e *Engine) {
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); _ = e.Run(ctx) }()
	t.Cleanup(func() { stop(); <-ended })
}

// Fifty clusters are each polled once in every interval, and not at the same time; soon after the start all of them are known.
func TestPollsAreSpread(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s Settings
		var all []*times
		for i := range 50 {
			c := newTimes(fmt.Sprintf("c%02d", i))
			all, s.Clusters = append(all, c), append(s.Clusters, Cluster{Name: c.name, Source: c})
		}
		run(t, New(s, Options{}))
		time.Sleep(65 * time.Second)
		synctest.Wait()
		for _, c := range all {
			if polls, _ := c.between(0, 5*time.Second); polls != 1 {
				t.Errorf("%s was polled %d times in the first 5 s", c.name, polls)
			}
		}
		for from := 20 * time.Second; from < 60*time.Second; from += time.Second {
			polls, samples := 0, 0
			for _, c := range all {
				p, s := c.between(from, from+time.Second)
				polls, samples = polls+p, samples+s
			}
			if polls < 3 || polls > 7 || samples != 50 {
				t.Errorf("in the second from %v on there were %d polls and %d samples, of 5 and 50", from, polls, samples)
			}
		}
	})
}

// Each cluster is read at its own intervals, of which a new configuration may change one without another: its history stays.
func TestOwnIntervals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fast, slow, usual := newTimes("fast"), newTimes("slow"), newTimes("usual")
		s := Settings{Clusters: []Cluster{
			{Name: "fast", Source: fast, Interval: 2 * time.Second},
			{Name: "slow", Source: slow, Interval: time.Minute, SampleInterval: -1},
			{Name: "usual", Source: usual, SampleInterval: 5 * time.Second},
		}}
		e := New(s, Options{})
		run(t, e)
		expect := func(from, to time.Duration, c *times, polls, samples int) {
			t.Helper()
			if p, s := c.between(from, to); p != polls || s != samples {
				t.Errorf("%s, from %v to %v: %d polls and %d samples, want %d and %d", c.name, from, to, p, s, polls, samples)
			}
		}
		time.Sleep(4 * time.Minute)
		synctest.Wait()
		expect(2*time.Minute, 4*time.Minute, fast, 60, 120)
		expect(2*time.Minute, 4*time.Minute, slow, 2, 0)
		expect(2*time.Minute, 4*time.Minute, usual, 12, 24)
		for _, p := range e.Latest().Polls {
			if want := map[string][2]time.Duration{"fast": {2e9, 1e9}, "slow": {6e10, 0}, "usual": {1e10, 5e9}}[p.Cluster]; p.Interval != want[0] || p.SampleInterval != want[1] {
				t.Errorf("%s: the report says %v and %v", p.Cluster, p.Interval, p.SampleInterval)
			}
		}
		s.Clusters = slices.Clone(s.Clusters)
		s.Clusters[1].Interval, s.Clusters[1].SampleInterval = 10*time.Second, 0
		if err := e.Reconfigure(t.Context(), s); err != nil {
			t.Fatal(err)
		}
		before, _ := e.Latest().Cluster("slow")
		if len(before.Groups) != 1 {
			t.Error("a new interval made the engine forget the cluster")
		}
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		expect(5*time.Minute, 6*time.Minute, fast, 30, 60)
		expect(5*time.Minute, 6*time.Minute, slow, 6, 60)
	})
}

// What was known of a cluster is gone as soon as it is not configured any more, also when the next poll of another one is far away.
func TestRemovedClusterIsGoneAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stays, goes := newTimes("stays"), newTimes("goes")
		s := Settings{Clusters: []Cluster{{Name: "stays", Source: stays, Interval: time.Hour}, {Name: "goes", Source: goes}}}
		e := New(s, Options{})
		run(t, e)
		time.Sleep(5 * time.Minute)
		s.Clusters = s.Clusters[:1]
		if err := e.Reconfigure(t.Context(), s); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if r := e.Latest(); len(r.Clusters) != 1 || len(r.Polls) != 1 {
			t.Errorf("%d clusters and %d polls in the report", len(r.Clusters), len(r.Polls))
		}
	})
}

// A scaler is decided at the polls of the cluster that is read most often, and knows the interval of each of its sources.
func TestDecidedAtTheShortestInterval(t *testing.T) {
	for _, c := range []struct {
		name     string
		clusters []Cluster // of which a has the first source, b the second
		at       string
		poll     time.Duration
	}{
		{"the same interval: the first source", []Cluster{{Name: "a"}, {Name: "b"}}, "a", 10 * time.Second},
		{"the second one is read more often", []Cluster{{Name: "a", Interval: time.Minute}, {Name: "b"}}, "b", 10 * time.Second},
		{"the first one is read more often", []Cluster{{Name: "a", Interval: 2 * time.Second}, {Name: "b"}}, "a", 2 * time.Second},
		{"the first one is not read", []Cluster{{Name: "b", Interval: time.Minute}}, "b", time.Minute},
		{"none is read", []Cluster{{Name: "c"}}, "", 10 * time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			for i := range c.clusters {
				c.clusters[i].Source = &kafka{name: c.clusters[i].Name, end: 5, members: 1}
			}
			f := idle(t)
			f.scaler.Sources = []seen.SourceSpec{{Cluster: "a", Group: "orders"}, {Cluster: "b", Group: "orders"}}
			var got []scaler.Input
			e := New(Settings{Mode: scaler.Act, Clusters: c.clusters}, Options{
				Targets: f, Record: func(_ string, in scaler.Input, _ scaler.Result) { got = append(got, in) },
			})
			if at, clock := e.scaling.paced(&f.scaler); at != c.at || clock.Poll != c.poll {
				t.Errorf("decided at the polls of %q, each %v; want %q, %v", at, clock.Poll, c.at, c.poll)
			}
			e.Tick(t.Context(), start)
			if len(got) != 1 {
				t.Fatalf("%d decisions", len(got))
			}
			for i, src := range got[0].Sources {
				own, _ := e.interval(src.Cluster)
				if src.Interval != own {
					t.Errorf("source %d has the interval %v, want %v", i, src.Interval, own)
				}
			}
		})
	}
}

// Whatever the intervals are, all decisions together may take half of the time.
func TestSharesOfDifferentIntervals(t *testing.T) {
	var s Settings
	for i, every := range []time.Duration{0, time.Second, 7 * time.Second, time.Minute, time.Hour} {
		s.Clusters = append(s.Clusters, Cluster{Name: fmt.Sprint(i), Source: &kafka{}, Interval: every})
	}
	e, sum := New(s, Options{}), 0.0
	for i := range s.Clusters {
		c := &s.Clusters[i]
		sum += e.share(c).Seconds() / e.polls(c).Seconds()
	}
	if sum < 0.499 || sum > 0.501 {
		t.Errorf("decisions may take %.3f of the time", sum)
	}
}

// What brokers held back is counted since start, and remembered for the last poll.
func TestQuotasAreCounted(t *testing.T) {
	var p PollStats
	for i, q := range []lag.Quota{{Connections: 5, Throttles: 2, Throttled: time.Second, Paced: time.Second}, {Connections: 4}, {Connections: 3, Exceeded: 1, Refused: 2}} {
		p.use(&lag.Observation{At: start.Add(time.Duration(i) * time.Second), Quota: q})
	}
	want := lag.Quota{Connections: 3, Throttles: 2, Throttled: time.Second, Exceeded: 1, Refused: 2, Paced: time.Second}
	if p.Quota != want || p.LastQuota.Exceeded != 1 || !p.ThrottledAt.Equal(start.Add(2*time.Second)) {
		t.Errorf("%+v", p)
	}
	if p.use(&lag.Observation{At: start.Add(time.Hour), Quota: lag.Quota{Paced: time.Minute}}); !p.ThrottledAt.Equal(start.Add(2 * time.Second)) {
		t.Error("the own limit counts as one of the brokers")
	}
}
