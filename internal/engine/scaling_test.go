package engine

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/rebalancemon"
	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/learn"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

// targets is one workload on group orders.
type targets struct {
	scaler  scaler.Scaler
	unread  bool // the declarations have not been read yet
	err     error
	applied []scaler.Change
}

func (f *targets) Scalers(time.Time) []scaler.Scaler {
	if f.unread {
		return nil
	}
	return []scaler.Scaler{f.scaler}
}

func (f *targets) Apply(_ context.Context, c scaler.Change) error {
	if f.err != nil {
		return f.err
	}
	f.applied = append(f.applied, c)
	f.scaler.Workload.Spec, f.scaler.Workload.Status, f.scaler.Workload.Ready = c.To, c.To, c.To
	return nil
}

// idle is a scaler with more replicas than its group's single partition can use: it always wants to go down to one.
func idle(t *testing.T) *targets {
	t.Helper()
	sources := []seen.SourceSpec{{Cluster: "main", Group: "orders", ProcessingTime: 10 * time.Millisecond}}
	policy, err := scaler.Spec{Sources: sources}.Policy()
	if err != nil {
		t.Fatal(err)
	}
	return &targets{scaler: scaler.Scaler{
		Name: "shop/orders", Mode: scaler.Act, Policy: policy, Sources: sources,
		Workload: seen.Workload{
			Ref:   seen.Ref{APIVersion: "apps/v1", Kind: "Deployment", Namespace: "shop", Name: "orders-worker"},
			Found: true, HasScale: true, Spec: 3, Status: 3, Ready: 3,
		},
	}}
}

// What becomes of one and the same decision.
func TestDisposition(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*Settings, *Options, *targets)
		want   scaler.Disposition
		writes int
	}{
		{"act", func(*Settings, *Options, *targets) {}, scaler.Applied, 1},
		{"the scaler advises", func(_ *Settings, _ *Options, f *targets) { f.scaler.Mode = scaler.Advise }, scaler.Advised, 0},
		{"the kill switch", func(s *Settings, _ *Options, _ *targets) { s.Mode = scaler.Advise }, scaler.Advised, 0},
		{"a follower", func(_ *Settings, o *Options, _ *targets) { o.Leading = func() bool { return false } }, scaler.Follower, 0},
		{"paused", func(_ *Settings, _ *Options, f *targets) { f.scaler.Workload.Paused = true }, scaler.Paused, 0},
		{"owned by an HPA", func(_ *Settings, _ *Options, f *targets) {
			f.scaler.Workload.Owner = seen.Owner{Kind: "HorizontalPodAutoscaler", Name: "orders"}
		}, scaler.Conflict, 0},
		{"lost against another writer", func(_ *Settings, _ *Options, f *targets) { f.err = fmt.Errorf("has 4: %w", scaler.ErrConflict) }, scaler.Conflict, 0},
		{"the write fails", func(_ *Settings, _ *Options, f *targets) { f.err = errors.New("forbidden") }, scaler.Failed, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				k := &kafka{name: "main", end: 100, committed: 100, members: 3}
				f := idle(t)
				s, o := settings(k), Options{Targets: f}
				c.change(&s, &o, f)
				last := firstChange(t, New(s, o))
				if last.Decision.Desired != 1 || last.Disposition != c.want || len(f.applied) != c.writes {
					t.Errorf("desired %d, disposition %s, %d writes; want 1, %s, %d (%s)",
						last.Decision.Desired, last.Disposition, len(f.applied), c.want, c.writes, last.Line)
				}
				if failed := last.Failure != ""; failed != (f.err != nil) {
					t.Errorf("failure %q for error %v", last.Failure, f.err)
				}
			})
		})
	}
}

// firstChange polls until a decision asks for another number of replicas.
func firstChange(t *testing.T, e *Engine) ScalerReport {
	t.Helper()
	for range 30 {
		e.Tick(t.Context(), time.Now())
		if r := e.Latest().Scalers[0]; r.Decision.Desired != r.Decision.Current {
			return r
		}
		time.Sleep(10 * time.Second)
	}
	t.Fatalf("no decision to change in 30 polls; the last: %s", e.Latest().Scalers[0].Line)
	return ScalerReport{}
}

// However often is polled, decisions come each 30 s, or with each poll when those are rarer.
func TestDecisionsKeepTheirPace(t *testing.T) {
	for _, c := range []struct{ interval, apart time.Duration }{
		{time.Second, 30 * time.Second},
		{10 * time.Second, 30 * time.Second},
		{time.Minute, time.Minute},
		{5 * time.Minute, 5 * time.Minute},
	} {
		t.Run(c.interval.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := idle(t)
				e := New(settings(&kafka{name: "main", end: 100, committed: 100, members: 3}), Options{Targets: f, Interval: c.interval})
				var times []time.Time
				for began := time.Now(); time.Since(began) < time.Hour; time.Sleep(c.interval) {
					e.Tick(t.Context(), time.Now())
					if at := e.Latest().Scalers[0].Decision.At; len(times) == 0 || !at.Equal(times[len(times)-1]) {
						times = append(times, at)
					}
				}
				for i := range times[1:] {
					if apart := times[i+1].Sub(times[i]); apart < c.apart-c.interval/2 {
						t.Fatalf("decisions %v apart, want %v", apart, c.apart)
					}
				}
				if need, ok := e.Latest().Scalers[0].Decision.Need(); len(f.applied) == 0 || !ok || !need.RateKnown {
					t.Errorf("nothing was known or decided in an hour and %d decisions; the last: %s", len(times), e.Latest().Scalers[0].Line)
				}
			})
		})
	}
}

func TestObserveDecidesNothing(t *testing.T) {
	k, f := &kafka{name: "main", end: 100, members: 3}, idle(t)
	s := settings(k)
	s.Mode = scaler.Observe
	e := New(s, Options{Targets: f})
	for i := range 5 {
		e.Tick(t.Context(), start.Add(time.Duration(i)*10*time.Second))
	}
	if r := e.Latest().Scalers[0]; !r.Decision.At.IsZero() || len(f.applied) != 0 {
		t.Errorf("decided %q", r.Line)
	}
}

// memories are what a leader before this one saved; down, they cannot be read.
type memories struct {
	down  bool
	saved map[string]scaler.Memory
	saves int
}

func (m *memories) Load(context.Context) (map[string]scaler.Memory, error) {
	if m.down {
		return nil, errors.New("the API server does not answer")
	}
	return maps.Clone(m.saved), nil
}

func (m *memories) Save(_ context.Context, learned map[string]scaler.Memory) error {
	m.saved, m.saves = maps.Clone(learned), m.saves+1
	return nil
}

// What was learned is neither forgotten nor written over, whatever is read late.
func TestWhatWasLearnedIsNotLost(t *testing.T) {
	learned := func(m *memories) int {
		sources := m.saved["shop/orders"].Sources
		if len(sources) == 0 {
			return 0
		}
		return int(sources[0].PerConsumer)
	}
	for _, c := range []struct {
		name string
		late func(*targets, *memories, bool) // what is late, or at last there
	}{
		{"nothing is late", func(*targets, *memories, bool) {}},
		{"the declarations", func(f *targets, _ *memories, late bool) { f.unread = late }},
		{"the memories", func(_ *targets, m *memories, late bool) { m.down = late }},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := &memories{saved: map[string]scaler.Memory{"shop/orders": {Memory: learn.Memory{Sources: []learn.Source{
					{Cluster: "main", Group: "orders", Declared: 100, PerConsumer: 60},
				}}}}}
				f := idle(t)
				e := New(settings(&kafka{name: "main", end: 100, committed: 100, members: 3}), Options{Targets: f, Memories: m})
				poll := func(n int) {
					for range n {
						e.Tick(t.Context(), time.Now())
						time.Sleep(10 * time.Second)
					}
				}
				c.late(f, m, true)
				poll(40) // longer than from one save to the next
				if learned(m) != 60 {
					t.Errorf("%d/s are saved while that is late; learned were 60", learned(m))
				}
				c.late(f, m, false)
				poll(40)
				if learned(m) != 60 || m.saves == 0 {
					t.Errorf("%d/s are saved in the end, in %d saves; learned were 60", learned(m), m.saves)
				}
			})
		})
	}
}

// declarations are scalers that nothing is ever written for.
type declarations []scaler.Scaler

func (d declarations) Scalers(time.Time) []scaler.Scaler          { return slices.Clone(d) }
func (d declarations) Apply(context.Context, scaler.Change) error { return nil }

// A refused declaration affects nothing but its own status: not the thresholds of a group that it may not name, not the
// causes of its rebalances, and not what the cluster is read for. A refused target changes none of that.
func TestARefusedScalerHasNoEffect(t *testing.T) {
	scalerWith := func(name string, slo int64, refusal scaler.Refusal) scaler.Scaler {
		s := idle(t).scaler
		s.Name, s.Policy.SLO, s.Refusal = name, lag.SLO{Lag: slo}, refusal
		s.Hints = []rebalancemon.Hint{{Kind: rebalancemon.Resized, At: start}}
		return s
	}
	accepted := scaler.Refusal{}
	refused := scaler.Refusal{Reason: "NotAllowed", Why: `sources[0]: namespace "aaa" may not name group "orders" of cluster "main"`}
	unread := scaler.RefuseTarget("MissingRight", "the permission to list deployments.apps in shop is missing")
	for _, c := range []struct {
		name string
		all  []scaler.Scaler
		want lag.SLO // of the group
		kept int     // groups and hints
	}{
		{"accepted", []scaler.Scaler{scalerWith("shop/orders", 7, accepted)}, lag.SLO{Lag: 7, Declared: true}, 1},
		{"refused", []scaler.Scaler{scalerWith("aaa/x", 5, refused)}, lag.SLO{}, 0},
		{"refused, and the first by name", []scaler.Scaler{scalerWith("aaa/x", 5, refused), scalerWith("shop/orders", 7, accepted)}, lag.SLO{Lag: 7, Declared: true}, 1},
		{"its target cannot be read", []scaler.Scaler{scalerWith("shop/orders", 7, unread)}, lag.SLO{Lag: 7, Declared: true}, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := New(settings(&kafka{name: "main", end: 100, members: 1}), Options{Targets: declarations(c.all)})
			e.Tick(t.Context(), start)
			r := e.Latest()
			if got, want := r.Clusters[0].Groups[0].SLO, c.want.Or(lag.DefaultSLO); got != want {
				t.Errorf("thresholds %+v, want %+v", got, want)
			}
			if hints, kept := e.scaling.declared.hints["main"], e.scaling.declared.groups["main"]; len(hints) != c.kept || len(kept) != c.kept {
				t.Errorf("%d hints and %d groups to keep, want %d", len(hints), len(kept), c.kept)
			}
			if len(r.Scalers) != len(c.all) {
				t.Errorf("%d scalers are reported, want all %d", len(r.Scalers), len(c.all))
			}
		})
	}
}

// A scaler that was declared and is so no longer leaves nothing.
func TestADeletedScalerIsForgotten(t *testing.T) {
	f := idle(t)
	e := New(settings(&kafka{name: "main", end: 100, members: 3}), Options{Targets: f})
	e.Tick(t.Context(), start)
	f.unread = true
	e.Tick(t.Context(), start.Add(10*time.Second))
	if len(e.scaling.memory.learned) != 0 || len(e.scaling.counts) != 0 || len(e.Latest().Scalers) != 0 {
		t.Errorf("%d memories, %d counts and %d reports are left", len(e.scaling.memory.learned), len(e.scaling.counts), len(e.Latest().Scalers))
	}
}
