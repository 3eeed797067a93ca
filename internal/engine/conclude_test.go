package engine

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/asleep"
	"github.com/lagscaler/lagscaler/scaler/learn"
	"github.com/lagscaler/lagscaler/scaler/need"
	"github.com/lagscaler/lagscaler/scaler/promise"
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
