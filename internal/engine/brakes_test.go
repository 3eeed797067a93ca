package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/brakes"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

// crowd is many workloads on group orders, each with more replicas than can have a partition: all want to go down to one.
type crowd struct {
	mu      sync.Mutex
	all     []scaler.Scaler
	applied []scaler.Change
	err     error
}

func crowdOf(t *testing.T, n int) *crowd {
	t.Helper()
	c := &crowd{}
	for i := range n {
		one := idle(t).scaler
		one.Name = fmt.Sprintf("shop/orders-%02d", i)
		one.Workload.Ref.Name = fmt.Sprintf("worker-%02d", i)
		c.all = append(c.all, one)
	}
	return c
}

func (c *crowd) Scalers(time.Time) []scaler.Scaler {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.all)
}

func (c *crowd) Apply(_ context.Context, change scaler.Change) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil {
		return c.err
	}
	c.applied = append(c.applied, change)
	for i := range c.all {
		if w := &c.all[i].Workload; w.Ref == change.Target {
			w.Spec, w.Status, w.Ready = change.To, change.To, change.To
			w.LastWrite = seen.Write{At: time.Now(), From: change.From, To: change.To}
		}
	}
	return nil
}

// mostWithin is the greatest number of scalers that stepped down within a time.
func (c *crowd) mostWithin(d time.Duration) (most int) {
	for i, first := range c.applied {
		names := map[string]bool{}
		for _, later := range c.applied[i:] {
			if later.At.Sub(first.At) < d {
				names[later.Scaler] = true
			}
		}
		most = max(most, len(names))
	}
	return most
}

// Ten scalers want to go down at the same poll. One in five may; the others say which limit holds them, and all come to their turn.
func TestScalersStepDownAFewAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := crowdOf(t, 10)
		s := settings(&kafka{name: "main", end: 100, committed: 100, members: 3})
		s.Brakes.Limits = []brakes.Limit{{Name: "all", SteppingDown: 0.2}}
		recorded := 0
		e := New(s, Options{Targets: f, Record: func(_ string, in scaler.Input, r scaler.Result) {
			again := scaler.Evaluate(in)
			if again.Decision.Desired != r.Decision.Desired || !slices.Equal(again.Decision.Steps, r.Decision.Steps) {
				t.Errorf("what was recorded decides %d %v, and not %d %v", again.Decision.Desired, again.Decision.Steps, r.Decision.Desired, r.Decision.Steps)
			}
			recorded += len(in.Brakes)
		}})
		held := map[string]bool{}
		for range 40 * 6 {
			e.Tick(t.Context(), time.Now())
			for _, r := range e.Latest().Scalers {
				if steps := r.Decision.Steps; len(steps) > 0 && steps[len(steps)-1].Reason == scaler.FleetDownLimit {
					held[r.Name] = true
					if r.Decision.Desired != r.Decision.Current || !strings.Contains(r.Line, "limit all: at most 2 scalers within 5 min") {
						t.Fatalf("held, and yet: %s", r.Line)
					}
				}
			}
			time.Sleep(10 * time.Second)
		}
		if most := f.mostWithin(brakes.DownFor); most != 2 {
			t.Errorf("%d step down within 5 minutes, of 10 that may be 2", most)
		}
		if len(f.applied) != 10 || len(held) != 8 || recorded == 0 {
			t.Errorf("%d went down, %d were held, %d brakes are recorded", len(f.applied), len(held), recorded)
		}
		use := e.Latest().Brakes
		if len(use) != 1 || use[0].MayStepDown != 2 || use[0].Replicas != 10 {
			t.Errorf("shown: %+v", use)
		}
	})
}

// Without a limit, all ten go down at one poll.
func TestWithoutALimitAllStepDownAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := crowdOf(t, 10)
		e := New(settings(&kafka{name: "main", end: 100, committed: 100, members: 3}), Options{Targets: f})
		firstChange(t, e)
		if most := f.mostWithin(time.Second); most != 10 {
			t.Errorf("%d step down at one poll", most)
		}
	})
}

// A new leader goes on with the minutes of the last one: while it followed, it saw the writes.
func TestANewLeaderGoesOnWithTheSameMinutes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := crowdOf(t, 10)
		s := settings(&kafka{name: "main", end: 100, committed: 100, members: 3})
		s.Brakes.Limits = []brakes.Limit{{Name: "all", SteppingDown: 0.2}}
		var leads bool
		first := New(s, Options{Targets: f, Leading: func() bool { return !leads }})
		second := New(s, Options{Targets: f, Leading: func() bool { return leads }})
		for range 40 * 6 {
			first.Tick(t.Context(), time.Now())
			second.Tick(t.Context(), time.Now())
			if len(f.applied) == 2 {
				leads = true
			}
			time.Sleep(10 * time.Second)
		}
		if most := f.mostWithin(brakes.DownFor); most != 2 || len(f.applied) != 10 {
			t.Errorf("%d step down within 5 minutes, %d in all", most, len(f.applied))
		}
	})
}

// Whoever freezes, and whatever a decision wants: nothing that the freeze stops is written, and the page says who and until when.
func TestAFreezeIsNeverWrittenThrough(t *testing.T) {
	midnight := scaler.WindowSpec{Start: "0 0 * * *", End: "0 2 * * *", MinReplicas: 1}
	window, err := midnight.Parse()
	if err != nil {
		t.Fatal(err)
	}
	two := time.Date(2000, 1, 1, 2, 0, 0, 0, time.UTC) // made-up time begins at midnight
	nobody := []brakes.Window{{Name: "month end", Stops: seen.StopsDown, Times: window, Selector: brakes.Selector{Labels: map[string]string{"tier": "batch"}}}}
	for _, c := range []struct {
		name   string
		change func(*Settings, *crowd)
		by     string // empty: not frozen
	}{
		{"nothing", func(*Settings, *crowd) {}, ""},
		{"a window", func(s *Settings, _ *crowd) {
			s.Brakes.Windows = []brakes.Window{{Name: "month end", Stops: seen.StopsDown, Times: window}}
		}, "window month end"},
		{"a window of others", func(s *Settings, _ *crowd) { s.Brakes.Windows = nobody }, ""},
		{"a window by label", func(s *Settings, f *crowd) {
			s.Brakes.Windows, f.all[0].Labels = nobody, map[string]string{"tier": "batch"}
		}, "window month end"},
		{"the switch", func(s *Settings, _ *crowd) {
			s.Brakes.Switch = &brakes.Switch{Stops: seen.StopsAll, Why: "the cluster is moved", Until: two}
		}, "the cluster is moved"},
		{"an annotation", func(_ *Settings, f *crowd) {
			f.all[0].Workload.Freeze = &seen.Freeze{Stops: seen.StopsAll, By: "namespace shop", Until: two}
		}, "namespace shop"},
		{"a fixed number does not go through it", func(s *Settings, f *crowd) {
			f.all[0].Workload.FixedReplicas = new(int32(2))
			s.Brakes.Switch = &brakes.Switch{Stops: seen.StopsDown, Until: two}
		}, "brakes.freeze"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := crowdOf(t, 1)
				s := settings(&kafka{name: "main", end: 100, committed: 100, members: 3})
				c.change(&s, f)
				e := New(s, Options{Targets: f})
				for range 60 {
					e.Tick(t.Context(), time.Now())
					time.Sleep(10 * time.Second)
				}
				last := e.Latest().Scalers[0]
				if c.by == "" {
					if len(f.applied) == 0 {
						t.Errorf("not frozen, and nothing is written: %s", last.Line)
					}
					return
				}
				if len(f.applied) != 0 {
					t.Errorf("frozen, and written: %v", f.applied)
				}
				steps := last.Decision.Steps
				if len(steps) == 0 || steps[len(steps)-1].Reason != scaler.Frozen || !strings.Contains(last.Line, c.by) || !strings.Contains(last.Line, "until 2000-01-01T02:00Z") {
					t.Errorf("%s", last.Line)
				}
			})
		})
	}
}

// A freeze ends by itself.
func TestAFreezeEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := crowdOf(t, 1)
		s := settings(&kafka{name: "main", end: 100, committed: 100, members: 3})
		until := time.Now().Add(20 * time.Minute)
		s.Brakes.Switch = &brakes.Switch{Stops: seen.StopsAll, Until: until}
		e := New(s, Options{Targets: f})
		for len(f.applied) == 0 && time.Since(until) < 10*time.Minute {
			e.Tick(t.Context(), time.Now())
			time.Sleep(10 * time.Second)
		}
		if len(f.applied) != 1 || f.applied[0].At.Before(until) {
			t.Errorf("frozen until %v, written %v", until, f.applied)
		}
	})
}

// If the limits cannot be shared out, nothing is written.
func TestNothingIsWrittenPastLimitsThatFail(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := crowdOf(t, 1)
		e := New(settings(&kafka{name: "main", end: 100, committed: 100, members: 3}), Options{Targets: f})
		e.scaling.braking.ledger = nil // a defect: the next use panics
		e.scaling.targets = nil
		e.scaling.declared = declare(f.all, scaler.Act, nil)
		reports := map[string]ScalerReport{}
		one := f.all[0]
		result := scaler.Result{Fresh: true, Decision: scaler.Decision{At: time.Now(), Current: 3, Desired: 1, Verdict: scaler.IdleConsumers}}
		writes := e.scaling.concludeAll([]*asking{{one: one, result: result}}, reports, time.Now())
		if r := reports[one.Name]; len(writes) != 0 || r.Disposition != scaler.Failed || r.Failure == "" {
			t.Errorf("%d writes, %+v", len(writes), r)
		}
	})
}

// A write that is refused for sure takes nothing of a limit; one without an answer does.
func TestARefusedWriteTakesNothing(t *testing.T) {
	for _, c := range []struct {
		err  error
		used int
	}{
		{fmt.Errorf("has 4: %w", scaler.ErrConflict), 0},
		{fmt.Errorf("denied: %w", scaler.ErrRefused), 0},
		{errors.New("timeout"), 1},
	} {
		synctest.Test(t, func(t *testing.T) {
			f := crowdOf(t, 1)
			f.err = c.err
			s := settings(&kafka{name: "main", end: 100, committed: 100, members: 3})
			s.Brakes.Limits = []brakes.Limit{{Name: "all", SteppingDown: 1}}
			e := New(s, Options{Targets: f})
			r := firstChange(t, e)
			if r.Disposition != scaler.Failed && r.Disposition != scaler.Conflict {
				t.Fatalf("%+v", r.Disposition)
			}
			e.scaling.braking.uses = e.scaling.braking.ledger.Uses(e.scaling.round(time.Now()))
			if used := e.scaling.braking.uses[0].SteppingDown; used != c.used {
				t.Errorf("%v: %d used", c.err, used)
			}
		})
	}
}

// A pool has room for 6 replicas, of which a scaler in mode observe has 4: what others are given leaves room for those.
func TestAnObservedTargetCountsInThePool(t *testing.T) {
	for _, c := range []struct {
		observed *int32
		want     int32
	}{{new(int32(4)), 5}, {nil, 1}} {
		f := crowdOf(t, 2)
		f.all[0].Mode, f.all[0].Workload, f.all[0].Size = scaler.Observe, seen.Workload{Ref: f.all[0].Workload.Ref}, c.observed
		f.all[1].Workload.Spec = 1
		s := settings(&kafka{name: "main", end: 100, committed: 100, members: 1})
		s.Brakes.Limits = []brakes.Limit{{Name: "pool", Replicas: 6}}
		e := New(s, Options{Targets: f})
		e.Tick(t.Context(), time.Now())
		if use := e.Latest().Brakes; len(use) != 1 || use[0].Replicas != c.want {
			t.Errorf("observed with %v: %+v", c.observed, use)
		}
	}
}

// A scaler that is deleted and comes again has no size until its target is read: that of the old one says nothing of it. While it stays
// declared, the last size that was read counts.
func TestTheSizeOfADeletedScalerIsForgotten(t *testing.T) {
	for name, c := range map[string]struct {
		deleted bool
		want    int32
	}{"it was deleted": {true, 0}, "twin: it stayed": {false, 3}} {
		f := crowdOf(t, 1)
		s := settings(&kafka{name: "main", end: 100, committed: 100, members: 3})
		s.Brakes.Limits = []brakes.Limit{{Name: "all", Replicas: 900}}
		e := New(s, Options{Targets: f})
		replicas := func(after time.Duration) int32 {
			e.Tick(t.Context(), start.Add(after))
			return e.Latest().Brakes[0].Replicas
		}
		if n := replicas(0); n != 3 {
			t.Fatalf("%s: %d replicas at first", name, n)
		}
		all := f.all
		if c.deleted {
			f.all = nil
		}
		replicas(10 * time.Second)
		f.all = all
		f.all[0].Workload.HasScale = false
		if n := replicas(20 * time.Second); n != c.want {
			t.Errorf("%s: %d replicas, want %d", name, n, c.want)
		}
	}
}
