package engine

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

// slowTargets are an API server that takes a second for each write.
type slowTargets struct {
	all []scaler.Scaler

	mu      sync.Mutex
	running int
	most    int
	written []string
}

func (s *slowTargets) Scalers(time.Time) []scaler.Scaler { return s.all }

func (s *slowTargets) Apply(ctx context.Context, c scaler.Change) error {
	s.mu.Lock()
	s.running++
	s.most = max(s.most, s.running)
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.running--
	}()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(time.Second):
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.written = append(s.written, c.Scaler)
	return nil
}

// A namespace whose 10,000 scalers all change at once takes the time of its own writes, not that of another namespace's.
func TestOneNamespaceDoesNotUseUpTheWritesOfAPoll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := &slowTargets{}
		e := New(Settings{Mode: scaler.Act}, Options{Targets: server})
		reports := map[string]ScalerReport{}
		var writes []write
		for _, name := range append(namesOf("many", 10_000), "shop/orders") {
			reports[name] = ScalerReport{Outcome: scaler.Outcome{Scaler: scaler.Scaler{Name: name}, Disposition: scaler.Applied}}
			writes = append(writes, write{name, scaler.Change{Scaler: name, From: 1, To: 2}})
		}
		began := time.Now()
		e.scaling.apply(t.Context(), reports, writes)
		if !slices.Contains(server.written, "shop/orders") || reports["shop/orders"].Disposition != scaler.Applied {
			t.Errorf("the write of the other namespace: %s %s", reports["shop/orders"].Disposition, reports["shop/orders"].Failure)
		}
		if took := time.Since(began); took > 5*time.Second || server.most > 64 || len(server.written) < 4*64 {
			t.Errorf("%d writes in %v, %d at a time", len(server.written), took, server.most)
		}
	})
}

func namesOf(namespace string, n int) (names []string) {
	for i := range n {
		names = append(names, fmt.Sprintf("%s/scaler-%05d", namespace, i))
	}
	return names
}

// A namespace whose 2,000 scalers take a twentieth of a second each does not take the loop's time: it is decided for half of the
// interval, the other namespace at every poll, and each of the 2,000 comes to its turn.
func TestOneNamespaceDoesNotUseUpTheTimeOfAPoll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := &slowTargets{}
		for _, name := range append(namesOf("many", 2000), "shop/orders") {
			sources := []seen.SourceSpec{{Cluster: "main", Group: name}}
			policy, err := scaler.Spec{Mode: scaler.Act, Sources: sources}.Policy()
			if err != nil {
				t.Fatal(err)
			}
			server.all = append(server.all, scaler.Scaler{Name: name, Mode: scaler.Act, Policy: policy, Sources: sources})
		}
		decided := map[string]int{}
		var log bytes.Buffer
		e := New(Settings{Mode: scaler.Act, Clusters: []Cluster{{Name: "main", Source: &fleet{name: "main"}}}}, Options{
			Targets: server, Interval: 10 * time.Second, Log: slog.New(slog.NewTextHandler(&log, nil)),
			Record: func(name string, _ scaler.Input, _ scaler.Result) {
				decided[name]++
				time.Sleep(50 * time.Millisecond)
			},
		})
		const polls = 21 // 100 are decided in 5 s
		for poll := range polls {
			began := time.Now()
			e.scaling.read(began)
			e.scaling.decide(t.Context(), began, e.share(&Cluster{}), func(string) bool { return true })
			if len(e.scaling.reports) != len(server.all) {
				t.Fatalf("poll %d: %d of %d are reported", poll, len(e.scaling.reports), len(server.all))
			}
			if poll == 0 {
				for name, r := range e.scaling.reports {
					if r.Name != name {
						t.Fatalf("%s is reported as %q while it waits", name, r.Name)
					}
				}
			}
			if took := time.Since(began); took > 5*time.Second+50*time.Millisecond {
				t.Errorf("poll %d takes %v of 10 s", poll, took)
			}
		}
		if len(e.scaling.turns.waiting) == 0 || strings.Count(log.String(), "longer than its share") != 1 {
			t.Errorf("%d wait; logged:\n%s", len(e.scaling.turns.waiting), log.String())
		}
		if decided["shop/orders"] != polls {
			t.Errorf("the other namespace is decided at %d of %d polls", decided["shop/orders"], polls)
		}
		for _, one := range server.all {
			if n := decided[one.Name]; n == 0 || n > 2 && one.Name != "shop/orders" {
				t.Errorf("%s is decided %d times", one.Name, n)
			}
		}
		clear(decided)
		e.Tick(t.Context(), time.Now()) // a command decides once, for as long as it takes
		if len(decided) != len(server.all) {
			t.Errorf("a command decides %d of %d", len(decided), len(server.all))
		}
		e.scaling.turns.waiting["many/scaler-00007"] = 1
		server.all = nil
		e.Tick(t.Context(), time.Now())
		if n := len(e.scaling.turns.waiting); n != 0 {
			t.Errorf("%d wait that nobody declares any more", n)
		}
	})
}

// With two clusters, each polled alone, a scaler that waits is decided at the next poll, of whichever cluster.
func TestScalersWaitForTheirTurnAcrossClusters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := &slowTargets{}
		for _, name := range namesOf("many", 300) {
			sources := []seen.SourceSpec{{Cluster: "first", Group: name}}
			policy, err := scaler.Spec{Mode: scaler.Act, Sources: sources}.Policy()
			if err != nil {
				t.Fatal(err)
			}
			server.all = append(server.all, scaler.Scaler{Name: name, Mode: scaler.Act, Policy: policy, Sources: sources})
		}
		decided := map[string]int{}
		clusters := []Cluster{{Name: "first", Source: &fleet{name: "first"}}, {Name: "second", Source: &fleet{name: "second"}}}
		e := New(Settings{Mode: scaler.Act, Clusters: clusters}, Options{
			Targets: server, Interval: 10 * time.Second,
			Record: func(name string, _ scaler.Input, _ scaler.Result) {
				decided[name]++
				time.Sleep(50 * time.Millisecond) // 50 in the share of a cluster
			},
		})
		for poll := range 12 {
			of := clusters[poll%2].Name
			e.scaling.read(time.Now())
			e.scaling.decide(t.Context(), time.Now(), e.share(&clusters[poll%2]), func(cluster string) bool { return cluster == of })
		}
		if len(decided) != len(server.all) {
			t.Errorf("%d of %d scalers are decided in twelve polls of 50", len(decided), len(server.all))
		}
		refused := server.all[0]
		refused.Refusal = scaler.Refuse("Invalid", "edited")
		e.scaling.turns.waiting[refused.Name] = 1
		server.all = []scaler.Scaler{refused}
		e.Tick(t.Context(), time.Now())
		if n := len(e.scaling.turns.waiting); n != 0 {
			t.Errorf("%d wait that are not decided any more", n)
		}
	})
}

// A scaler that is not decided at all waits for no turn, however late it is: it is not among those of which the log says that they wait.
func TestWhoIsNotDecidedDoesNotWait(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*scaler.Scaler)
		left   int
	}{
		"it is refused":    {func(s *scaler.Scaler) { s.Refusal = scaler.Refuse("Invalid", "a mistake") }, 0},
		"it is to observe": {func(s *scaler.Scaler) { s.Mode = scaler.Observe }, 0},
		"twin: it is late": {func(*scaler.Scaler) {}, 1},
	} {
		synctest.Test(t, func(t *testing.T) {
			f := spares(t, "shop/a", "shop/b")
			c.change(&f.scalers[1])
			e := New(settings(&kafka{name: "main"}), Options{
				Targets: f, Record: func(string, scaler.Input, scaler.Result) { time.Sleep(time.Second) },
			})
			e.scaling.read(time.Now())
			e.scaling.decide(t.Context(), time.Now(), time.Millisecond, func(string) bool { return true })
			if left := e.scaling.turns.left; left != c.left || len(e.scaling.turns.waiting) != c.left {
				t.Errorf("%s: %d wait, want %d", name, left, c.left)
			}
		})
	}
}

// Scalers that are decided in time are decided at every poll, whatever waited before.
func TestScalersThatWaited(t *testing.T) {
	all := []scaler.Scaler{{Name: "a/1"}, {Name: "a/2"}, {Name: "a/3"}, {Name: "b/1"}}
	turns, log := newTurns(), bytes.Buffer{}
	for poll, want := range []struct {
		order []int
		each  time.Duration
		late  int
	}{
		{[]int{0, 3, 1, 2}, 2 * time.Second, 2},
		{[]int{1, 3, 2, 0}, 2 * time.Second, 2}, // a/2 and a/3 wait since the first poll
		{[]int{2, 3, 0, 1}, time.Second, 1},
		{[]int{1, 3, 0, 2}, time.Millisecond, 0},
		{[]int{0, 3, 1, 2}, time.Millisecond, 0},
	} {
		got := turns.order(all, 2*time.Second)
		late, took := 0, time.Duration(0)
		for _, i := range got {
			if turns.late(all[i].Name, took) {
				late++
				continue
			}
			took += want.each
		}
		turns.tell(slog.New(slog.NewTextHandler(&log, nil)))
		if !slices.Equal(got, want.order) || late != want.late {
			t.Errorf("poll %d: order %v, %d wait; want %v, %d", poll, got, late, want.order, want.late)
		}
	}
	if begun, ended := strings.Count(log.String(), "longer than its share"), strings.Count(log.String(), "in time again"); begun != 1 || ended != 1 {
		t.Errorf("%d times it is logged that scalers wait, %d times that none does:\n%s", begun, ended, log.String())
	}
	if len(turns.waiting) > 0 {
		t.Errorf("%v wait still", turns.waiting)
	}
}

// BenchmarkDecide is what a poll decides for the scalers of one namespace, of groups that do not exist and of targets that are not
// served. What a scaler costs must not depend on how many there are.
func BenchmarkDecide(b *testing.B) {
	var grown growth
	for _, n := range []int{500, 10_000} {
		b.Run(fmt.Sprint(n, "scalers"), func(b *testing.B) {
			server := &slowTargets{}
			for _, name := range namesOf("many", n) {
				_, target, _ := strings.Cut(name, "/")
				sources := []seen.SourceSpec{{Cluster: "main", Group: name}}
				policy, err := scaler.Spec{Mode: scaler.Act, Sources: sources}.Policy()
				if err != nil {
					b.Fatal(err)
				}
				server.all = append(server.all, scaler.Scaler{
					Name: name, Mode: scaler.Act, Policy: policy, Sources: sources,
					Workload: seen.Workload{Ref: seen.Ref{Kind: "Unserved", Namespace: "many", Name: target}},
				})
			}
			e := New(Settings{Mode: scaler.Act, Clusters: []Cluster{{Name: "main", Source: &fleet{name: "main"}}}}, Options{Targets: server})
			e.Tick(b.Context(), start)
			at := start
			for b.Loop() {
				at = at.Add(10 * time.Second)
				began := time.Now()
				e.scaling.read(at)
				e.scaling.decide(b.Context(), at, 0, func(string) bool { return true })
				grown.run(time.Since(began), n)
			}
			grown.report(b, "scaler")
		})
	}
}
