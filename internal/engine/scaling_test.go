package engine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/rebalancemon"
	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/asleep"
	"github.com/lagscaler/lagscaler/scaler/learn"
	"github.com/lagscaler/lagscaler/scaler/need"
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

// Between two decisions the last one stands, with what became of it: it is counted once, and its failure is still shown.
func TestADecisionThatStands(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := idle(t)
		f.err = errors.New("forbidden")
		e := New(settings(&kafka{name: "main", end: 100, committed: 100, members: 3}), Options{Targets: f})
		fresh := firstChange(t, e)
		time.Sleep(10 * time.Second)
		e.Tick(t.Context(), time.Now())
		stands := e.Latest().Scalers[0]
		if !stands.Decision.At.Equal(fresh.Decision.At) || stands.Disposition != scaler.Failed || stands.Failure != fresh.Failure || fresh.Failure == "" {
			t.Errorf("decided at %v: %s %q; then at %v: %s %q", fresh.Decision.At, fresh.Disposition, fresh.Failure, stands.Decision.At, stands.Disposition, stands.Failure)
		}
		decisions := func(r *ScalerReport) (n uint64) {
			for _, c := range r.Counts.Decisions {
				n += c.Count
			}
			return n
		}
		if n := decisions(&fresh); n == 0 || decisions(&stands) != n {
			t.Errorf("%d decisions, then %d", n, decisions(&stands))
		}
	})
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
	if m.down {
		return errors.New("the API server does not answer")
	}
	m.saved, m.saves = maps.Clone(learned), m.saves+1
	return nil
}

// Somebody who reads the log alone knows what was written, and what was not saved.
func TestTheLogOfScaling(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		f, store := idle(t), &memories{}
		e := New(settings(&kafka{name: "main", end: 100, committed: 100, members: 3}), Options{
			Targets: f, Memories: store, Log: slog.New(slog.NewTextHandler(&log, nil)),
		})
		firstChange(t, e)
		if !strings.Contains(log.String(), "level=INFO msg=scaled scaler=shop/orders") {
			t.Errorf("the change is not logged:\n%s", log.String())
		}
		store.down = true
		for range 60 {
			e.Tick(t.Context(), time.Now())
			time.Sleep(10 * time.Second)
		}
		if n := strings.Count(log.String(), "saving what was learned failed"); n < 1 || n > 2 {
			t.Errorf("logged %d times that nothing is saved:\n%s", n, log.String())
		}
	})
}

// What was learned is saved each five minutes, not at each poll: it may be a hundred objects.
func TestHowOftenIsSaved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &memories{}
		e := New(settings(&kafka{name: "main", end: 100, committed: 100, members: 3}), Options{Targets: idle(t), Memories: store})
		for range 6 * 20 {
			e.Tick(t.Context(), time.Now())
			time.Sleep(10 * time.Second)
		}
		if store.saves < 3 || store.saves > 4 {
			t.Errorf("saved %d times in 20 minutes", store.saves)
		}
	})
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

// Topics are remembered where the target is, or may go to, zero: there their records wake it. Elsewhere nobody has to look.
func TestWhichTopicsAreRemembered(t *testing.T) {
	spec := seen.SourceSpec{Cluster: "main", Group: "orders"}
	marks := []asleep.Mark{
		{Cluster: "main", Group: "orders", Topic: "paid"}, {Cluster: "main", Group: "others", Topic: "sent"}, {Cluster: "other", Group: "orders", Topic: "left"},
	}
	for _, c := range []struct {
		min, size int32
		looks     bool
	}{{0, 0, true}, {0, 1, true}, {0, 3, true}, {1, 0, true}, {1, 1, false}, {1, 3, false}, {2, 3, false}} {
		f := idle(t)
		f.scaler.Policy.MinReplicas, f.scaler.Workload.Spec, f.scaler.Asleep = c.min, c.size, &asleep.State{Marks: marks}
		e := New(settings(&kafka{name: "main"}), Options{Targets: f})
		remembers := e.scaling.remembered(&f.scaler, spec)
		if (remembers != nil) != c.looks {
			t.Errorf("at least %d, %d now: looked at %v, want %v", c.min, c.size, remembers != nil, c.looks)
		}
		if remembers != nil && (!remembers("paid") || remembers("sent") || remembers("left") || remembers("new")) {
			t.Error("other topics are remembered than those of this group in this cluster")
		}
	}
}

// What a process remembers of a target at zero is newer than what its status says, which counts only where nothing is remembered.
func TestWhatIsRememberedOfATargetAtZero(t *testing.T) {
	own, status := asleep.State{Since: start}, asleep.State{Since: start.Add(-time.Hour)}
	for name, c := range map[string]struct {
		own    asleep.State
		status *asleep.State
		want   asleep.State
	}{
		"both":           {own, &status, own},
		"the status":     {asleep.State{}, &status, status},
		"its own memory": {own, nil, own},
		"neither":        {asleep.State{}, nil, asleep.State{}},
	} {
		e := New(settings(&kafka{name: "main"}), Options{Targets: idle(t)})
		e.scaling.memory.learned["shop/orders"] = scaler.Memory{Memory: learn.Memory{Asleep: c.own}}
		if got := e.scaling.asleep(&scaler.Scaler{Name: "shop/orders", Asleep: c.status}); !got.Since.Equal(c.want.Since) {
			t.Errorf("%s: since %v, want %v", name, got.Since, c.want.Since)
		}
	}
}

// partly are polls of groups of which a scaler names a part of the topics, or all.
type partly struct{ part bool }

func (p partly) source(seen.SourceSpec, func(string) bool) seen.Source { return seen.Source{} }
func (p partly) interval(string) (time.Duration, bool)                 { return 0, true }
func (p partly) measured(seen.SourceSpec) lag.Measurement {
	return lag.Measurement{Part: p.part, Produced: lag.Rate{PerSecond: 900, Known: true}, Consumed: lag.Rate{PerSecond: 800, Known: true}}
}

// Of a part of a group the rates are those of the decision: the others are of the whole group.
func TestRatesOfAPartOfAGroup(t *testing.T) {
	one := scaler.Scaler{Sources: make([]seen.SourceSpec, 2)}
	d := scaler.Decision{Needs: []need.Need{{Rate: 9, Consumed: 8, RateKnown: true}}}
	for part, want := range map[bool][2]float64{true: {9, 8}, false: {900, 800}} {
		s := scaling{polls: partly{part}}
		got := s.measure(one, d)
		if len(got) != 2 || got[0].Produced != (lag.Rate{PerSecond: want[0], Known: true}) || got[0].Consumed != (lag.Rate{PerSecond: want[1], Known: true}) {
			t.Errorf("part %v: %+v", part, got)
		}
		if got[1].Produced.PerSecond != 900 {
			t.Errorf("a source that the decision does not have: %+v", got[1])
		}
	}
	d.Needs[0].RateKnown = false
	if got := (&scaling{polls: partly{true}}).measure(one, d); got[0].Produced.Known || got[0].Consumed.Known {
		t.Errorf("rates that the decision does not know: %+v", got[0])
	}
}

// Only a leader acts, and only for a scaler that is to act: whoever else sees a size of 0 did not take part in it.
func TestWhoActs(t *testing.T) {
	for _, c := range []struct {
		leads, acts bool
		mode        scaler.Mode
	}{{true, true, scaler.Act}, {true, false, scaler.Advise}, {false, false, scaler.Act}, {false, false, scaler.Advise}} {
		f := idle(t)
		f.scaler.Mode = c.mode
		var acts, told bool
		e := New(settings(&kafka{name: "main", end: 100, committed: 100, members: 3}), Options{
			Targets: f, Leading: func() bool { return c.leads },
			Record: func(_ string, in scaler.Input, _ scaler.Result) { acts, told = in.Acts, true },
		})
		if e.Tick(t.Context(), start); acts != c.acts || !told {
			t.Errorf("leads %v, %s: acts %v", c.leads, c.mode, acts)
		}
	}
}

// A scaler that is new is decided at once, whichever cluster was polled; then with the polls of its own cluster.
func TestANewScalerIsDecidedAtOnce(t *testing.T) {
	decided := 0
	e := New(settings(&kafka{name: "main", end: 100, committed: 100, members: 3}), Options{
		Targets: idle(t), Record: func(string, scaler.Input, scaler.Result) { decided++ },
	})
	for i, want := range []struct {
		cluster string
		decided int
	}{{"another", 1}, {"another", 1}, {"main", 2}, {"another", 2}, {"main", 3}} {
		now := start.Add(time.Duration(i) * 10 * time.Second)
		e.scaling.read(now)
		e.scaling.decide(t.Context(), now, time.Minute, func(cluster string) bool { return cluster == want.cluster })
		if decided != want.decided {
			t.Errorf("poll %d of %s: decided %d times, want %d", i, want.cluster, decided, want.decided)
		}
		if e.scaling.reports["shop/orders"].Decision.At.IsZero() {
			t.Errorf("poll %d of %s: its decision is forgotten", i, want.cluster)
		}
	}
}

// A scaler that is refused, or set to observe, has no decision any more: the last one would be shown as if it stood.
func TestADecisionEndsWithItsReason(t *testing.T) {
	for name, change := range map[string]func(*scaler.Scaler){
		"it is refused":     func(s *scaler.Scaler) { s.Refusal = scaler.Refusal{Why: "a mistake"} },
		"it is to observe":  func(s *scaler.Scaler) { s.Mode = scaler.Observe },
		"twin: to advise":   func(s *scaler.Scaler) { s.Mode = scaler.Advise },
		"twin: as it was":   func(*scaler.Scaler) {},
		"twin: new minimum": func(s *scaler.Scaler) { s.Policy.MinReplicas = 2 },
	} {
		f := idle(t)
		e := New(settings(&kafka{name: "main", end: 100, committed: 100, members: 3}), Options{Targets: f})
		e.Tick(t.Context(), start)
		change(&f.scaler)
		e.Tick(t.Context(), start.Add(10*time.Second))
		r := e.Latest().Scalers[0]
		if stands, want := !r.Decision.At.IsZero(), strings.HasPrefix(name, "twin"); stands != want || (len(r.Measured) > 0) != want {
			t.Errorf("%s: a decision stands: %v, want %v; measured %+v", name, stands, want, r.Measured)
		}
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
