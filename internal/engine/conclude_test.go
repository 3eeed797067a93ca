package engine

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/asleep"
	"github.com/lagscaler/lagscaler/scaler/learn"
	"github.com/lagscaler/lagscaler/scaler/need"
	"github.com/lagscaler/lagscaler/scaler/promise"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

// A decision is made in the mode in force; one that another autoscaler writes comes true whatever the mode is.
func TestInWhichModeADecisionIsMade(t *testing.T) {
	for name, c := range map[string]struct {
		mode     scaler.Mode
		followed bool
		want     scaler.Mode
	}{
		"advise":                               {scaler.Advise, false, scaler.Advise},
		"act":                                  {scaler.Act, false, scaler.Act},
		"advise, and an HPA writes the answer": {scaler.Advise, true, scaler.Act},
	} {
		target := idle(t)
		target.scaler.Mode, target.scaler.Workload.Followed = c.mode, c.followed
		e := New(settings(&kafka{name: "main", end: 100, committed: 100, members: 3}), Options{Targets: target})
		if got := e.scaling.input(&target.scaler, start).Policy.Mode; got != c.want {
			t.Errorf("%s: decided in %s, want %s", name, got, c.want)
		}
	}
}

// Who stopped a target is saved soon, unless the status of the KafkaScaler has it.
func TestAZeroByHandIsSavedSoon(t *testing.T) {
	for name, c := range map[string]struct {
		status *asleep.State
		byHand time.Time
		soon   bool
	}{
		"somebody stopped it":                 {nil, start, true},
		"twin: nobody did":                    {nil, time.Time{}, false},
		"twin: the status of its KafkaScaler": {&asleep.State{}, start, false},
	} {
		e := New(settings(&kafka{name: "main", end: 100, committed: 100, members: 3}), Options{Targets: idle(t)})
		e.scaling.memory.saved = start
		e.scaling.conclude(&asking{
			one: scaler.Scaler{Name: "shop/orders", Asleep: c.status}, in: scaler.Input{Now: start},
			result: scaler.Result{Memory: scaler.Memory{Memory: learn.Memory{Asleep: asleep.State{ByHand: c.byHand}}}},
		}, start)
		if soon := e.scaling.memory.saved.IsZero(); soon != c.soon {
			t.Errorf("%s: saved soon: %v", name, soon)
		}
	}
}

// A target goes to zero only when the next leader will know that we did it.
func TestNoZeroWithoutItsIntent(t *testing.T) {
	down := errors.New("down")
	for name, c := range map[string]struct {
		to     int32
		status *asleep.State
		fails  error
		writes bool
		saves  int // tries
	}{
		"zero, and it cannot be saved":      {0, nil, down, false, 1},
		"twin: it is saved":                 {0, nil, nil, true, 1},
		"twin: the status has the intent":   {0, &asleep.State{}, down, true, 0},
		"twin: one replica is no intention": {1, nil, down, true, 0},
	} {
		target := idle(t)
		target.scaler.Asleep = c.status
		store := newShelf()
		e := New(settings(&kafka{name: "main", end: 100, committed: 100, members: 3}), Options{Targets: target, Memories: store})
		e.scaling.memory.loaded = true
		store.fails = c.fails
		of := target.scaler.Name
		reports := map[string]ScalerReport{of: {Outcome: scaler.Outcome{Scaler: target.scaler}}}
		e.scaling.apply(t.Context(), reports, []write{{of, scaler.Change{Scaler: of, From: 3, To: c.to}}})
		if wrote := len(target.applied) == 1; wrote != c.writes || store.saves != c.saves {
			t.Errorf("%s: written: %v, %d saves", name, wrote, store.saves)
		}
		if r := reports[of]; (r.Disposition == scaler.Failed) == c.writes || !c.writes && !strings.Contains(r.Failure, "saving the intent: down") {
			t.Errorf("%s: %s %q", name, r.Disposition, r.Failure)
		}
	}
}

// What is measured of a scaler's groups is that of the last poll, also between two decisions.
func TestEachPollIsShown(t *testing.T) {
	k := &kafka{name: "main", end: 100, committed: 100, members: 3}
	e := New(settings(k), Options{Targets: idle(t)})
	e.Tick(t.Context(), start)
	decided := e.Latest().Scalers[0].Decision.At
	for i, end := range []int64{150, 170} {
		k.end = end
		e.Tick(t.Context(), start.Add(time.Duration(i+1)*10*time.Second))
		r := e.Latest().Scalers[0]
		g, ok := e.Latest().Clusters[0].Group("orders")
		if !ok || len(r.Measured) != 1 || !r.Measured[0].LagKnown || r.Measured[0].Lag != g.Summary.Total || g.Summary.Total < end-100 {
			t.Errorf("an end of %d: %+v, the group has %d", end, r.Measured, g.Summary.Total)
		}
	}
	if got := e.Latest().Scalers[0].Decision.At; !got.Equal(decided) {
		t.Errorf("it was decided again, at %v: this shows nothing", got)
	}
}

// The report has what is kept for an objective, in words.
func TestTheRoomOfAnObjectiveIsReported(t *testing.T) {
	for name, c := range map[string]struct {
		kept *promise.Choice
		says bool
	}{
		"an objective":       {&promise.Choice{Objective: 0.999, Budget: 1.6, Seconds: 48 * 3600, Reachable: true}, true},
		"twin: no objective": {nil, false},
	} {
		e := New(settings(&kafka{name: "main"}), Options{Targets: idle(t)})
		d := scaler.Decision{At: start, Needs: []need.Need{{Cluster: "main", Group: "orders", Promise: c.kept}}}
		r, _, _ := e.scaling.conclude(&asking{one: scaler.Scaler{Name: "shop/orders"}, result: scaler.Result{Decision: d}}, start)
		if says := strings.Contains(r.Promise, "99.9"); says != c.says {
			t.Errorf("%s: %q", name, r.Promise)
		}
	}
}

// A number for another autoscaler is a deed of the leader alone, and only when it is another one than before. The next leader knows it.
func TestWhoGivesANumber(t *testing.T) {
	given := func(n int32) *learn.Given { return &learn.Given{Replicas: n, At: start} }
	for name, c := range map[string]struct {
		leads         bool
		before, after *learn.Given
		deeds         int
		saved         bool
	}{
		"the first one":          {true, nil, given(3), 1, true},
		"another one":            {true, given(2), given(3), 1, true},
		"twin: the same one":     {true, given(3), given(3), 0, false},
		"twin: none":             {true, given(3), nil, 0, false},
		"a replica that follows": {false, nil, given(3), 0, true},
		"it follows, the same":   {false, given(3), given(3), 0, false},
	} {
		deeds := 0
		e := New(settings(&kafka{name: "main"}), Options{Targets: idle(t), Leading: func() bool { return c.leads }, Audit: func(Deed) { deeds++ }})
		r, _, _ := e.scaling.conclude(&asking{
			one: scaler.Scaler{Name: "shop/orders"}, in: scaler.Input{Now: start, Memory: scaler.Memory{Memory: learn.Memory{Given: c.before}}},
			result: scaler.Result{Memory: scaler.Memory{Memory: learn.Memory{Given: c.after}}},
		}, start)
		if saved := e.scaling.memory.alone["shop/orders"]; deeds != c.deeds || saved != c.saved || r.Given != c.after {
			t.Errorf("%s: %d deeds, saved at once: %v, reported %+v", name, deeds, saved, r.Given)
		}
	}
}

// The next leader needs at once that members of removed replicas let go of their partitions.
func TestTheEndOfUnreadPartitionsIsSavedAtOnce(t *testing.T) {
	of := func(ended bool) learn.Memory {
		return learn.Memory{Sources: []learn.Source{{Cluster: "main", Group: "orders", Unread: learn.Unread{Ended: ended}}}}
	}
	for name, c := range map[string]struct{ before, after, saved bool }{
		"they ended": {false, true, true}, "twin: they had ended": {true, true, false}, "twin: they have not": {false, false, false},
	} {
		e := New(settings(&kafka{name: "main"}), Options{Targets: idle(t)})
		e.scaling.conclude(&asking{
			one: scaler.Scaler{Name: "shop/orders"}, in: scaler.Input{Now: start, Memory: scaler.Memory{Memory: of(c.before)}},
			result: scaler.Result{Memory: scaler.Memory{Memory: of(c.after)}},
		}, start)
		if saved := e.scaling.memory.alone["shop/orders"]; saved != c.saved {
			t.Errorf("%s: saved at once: %v", name, saved)
		}
	}
}

// The report has the speeds of the consumers of each source, in their order.
func TestSpeedsAreReported(t *testing.T) {
	fast := learn.Speeds{Busy: []learn.Speed{{PerSecond: 9}}}
	one := scaler.Scaler{Name: "shop/orders", Sources: []seen.SourceSpec{{Cluster: "main", Group: "new"}, {Cluster: "main", Group: "orders"}}}
	m := learn.Memory{Sources: []learn.Source{{Cluster: "main", Group: "orders", Speeds: fast}}}
	e := New(settings(&kafka{name: "main"}), Options{Targets: idle(t)})
	r, _, _ := e.scaling.conclude(&asking{one: one, result: scaler.Result{Memory: scaler.Memory{Memory: m}}}, start)
	if len(r.Speeds) != 2 || len(r.Speeds[0].Busy) != 0 || len(r.Speeds[1].Busy) != 1 || r.Speeds[1].Busy[0].PerSecond != 9 {
		t.Errorf("%+v", r.Speeds)
	}
}

// The log has one line for each write, and says why one failed. What others may have written is a conflict, and no failure.
func TestTheLogOfAWrite(t *testing.T) {
	for name, c := range map[string]struct {
		err         error
		says        string
		disposition scaler.Disposition
	}{
		"it works":      {nil, "level=INFO msg=scaled scaler=shop/orders", scaler.Applied},
		"it fails":      {errors.New("forbidden"), `level=WARN msg="scaling failed" scaler=shop/orders`, scaler.Failed},
		"somebody else": {scaler.ErrConflict, `level=WARN msg="scaling failed" scaler=shop/orders`, scaler.Conflict},
	} {
		var log bytes.Buffer
		deeds := 0
		e := New(settings(&kafka{name: "main"}), Options{Targets: idle(t), Log: slog.New(slog.NewTextHandler(&log, nil)), Audit: func(Deed) { deeds++ }})
		before := ScalerReport{Outcome: scaler.Outcome{Scaler: scaler.Scaler{Name: "shop/orders"}, Disposition: scaler.Applied}}
		r := e.scaling.applied(before, c.err)
		if !strings.Contains(log.String(), c.says) || strings.Count(log.String(), "\n") != 1 || deeds != 1 {
			t.Errorf("%s: %d deeds, logged:\n%s", name, deeds, log.String())
		}
		if r.Disposition != c.disposition || (r.Failure != "") != (c.err != nil) || c.err != nil && !strings.Contains(log.String(), c.err.Error()) {
			t.Errorf("%s: %s %q, logged:\n%s", name, r.Disposition, r.Failure, log.String())
		}
		if counts := e.scaling.count("shop/orders").published(); (counts.Errors == 1) != (c.err != nil) || counts.Downs+counts.Errors != 1 {
			t.Errorf("%s: counted %+v", name, counts)
		}
	}
}

// While intents cannot be saved, only the writes of 0 that need it fail.
func TestOtherWritesDoNotWaitForAnIntent(t *testing.T) {
	f := spares(t, "shop/file", "shop/status", "shop/one")
	f.scalers[1].Asleep = &asleep.State{}
	store := newShelf()
	store.fails = errors.New("down")
	e := New(settings(&kafka{name: "main"}), Options{Targets: oneByOne(f), Memories: store})
	e.scaling.memory.loaded = true
	reports, writes := map[string]ScalerReport{}, []write{}
	for i, to := range []int32{0, 0, 1} {
		one := f.scalers[i]
		reports[one.Name] = ScalerReport{Outcome: scaler.Outcome{Scaler: one, Disposition: scaler.Applied}}
		writes = append(writes, write{one.Name, scaler.Change{Scaler: one.Name, From: 3, To: to}})
	}
	e.scaling.apply(t.Context(), reports, writes)
	for name, want := range map[string]scaler.Disposition{"shop/file": scaler.Failed, "shop/status": scaler.Applied, "shop/one": scaler.Applied} {
		if got := reports[name].Disposition; got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
	if len(f.applied) != 2 {
		t.Errorf("written: %+v", f.applied)
	}
}

// oneByOne are workloads whose writes may come at once.
func oneByOne(m *many) Targets { return &locked{many: m} }

type locked struct {
	*many
	mu sync.Mutex
}

func (l *locked) Apply(ctx context.Context, c scaler.Change) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.many.Apply(ctx, c)
}

// A decision that stands keeps its line; another one, or one that was made again, has a line of its own.
func TestALineIsThatOfItsDecision(t *testing.T) {
	for name, c := range map[string]struct {
		known bool // there was a decision before
		fresh bool
		at    time.Time
		kept  bool
	}{
		"it stands":            {true, false, start, true},
		"it is made again":     {true, true, start, false},
		"a new one":            {true, true, start.Add(time.Minute), false},
		"another one stands":   {true, false, start.Add(time.Minute), false},
		"the first one":        {false, true, start, false},
		"nothing stood before": {false, false, time.Time{}, false},
	} {
		e := New(settings(&kafka{name: "main"}), Options{Targets: idle(t)})
		if c.known {
			e.scaling.reports["shop/orders"] = ScalerReport{Outcome: scaler.Outcome{Decision: scaler.Decision{At: start}, Line: "as it was said"}}
		}
		line := e.scaling.line("shop/orders", &scaler.Result{Decision: scaler.Decision{At: c.at}, Fresh: c.fresh})
		if kept := line == "as it was said"; kept != c.kept || line == "" {
			t.Errorf("%s: %q", name, line)
		}
	}
}
