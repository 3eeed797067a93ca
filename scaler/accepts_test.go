package scaler

import (
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/scaler/learn"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

// Which decisions count between two regular ones: only those that scale up for arrivals or wake. Where nothing is written, one that
// asks for no more than the decision that stands, for the same size, is no news.
func TestAnEarlyDecision(t *testing.T) {
	answer := func(mode Mode, verdict Reason, current, desired int32) *Decision {
		return &Decision{Policy: Policy{Mode: mode}, Verdict: verdict, Current: current, Desired: desired}
	}
	for name, c := range map[string]struct {
		early, standing *Decision
		counts          bool
	}{
		"more replicas":         {answer(Act, ScaleUp, 3, 5), nil, true},
		"a wake":                {answer(Act, Activate, 0, 1), nil, true},
		"as many":               {answer(Act, ScaleUp, 3, 3), nil, false},
		"fewer":                 {answer(Act, ScaleDown, 3, 2), nil, false},
		"more, by another rule": {answer(Act, Fallback, 3, 5), nil, false},
		"act: the same again, it was not written":         {answer(Act, ScaleUp, 3, 5), answer(Act, ScaleUp, 3, 5), true},
		"advise: nothing stands":                          {answer(Advise, ScaleUp, 3, 5), nil, true},
		"advise: the same again":                          {answer(Advise, ScaleUp, 3, 5), answer(Advise, ScaleUp, 3, 5), false},
		"advise: fewer than what stands":                  {answer(Advise, ScaleUp, 3, 4), answer(Advise, ScaleUp, 3, 5), false},
		"advise: more than what stands":                   {answer(Advise, ScaleUp, 3, 6), answer(Advise, ScaleUp, 3, 5), true},
		"advise: as many, but somebody resized meanwhile": {answer(Advise, ScaleUp, 3, 5), answer(Advise, ScaleUp, 2, 5), true},
	} {
		if counts := fastLane.accepts(c.early, c.standing); counts != c.counts {
			t.Errorf("%s: counts %v, want %v", name, counts, c.counts)
		}
		if !regular.accepts(c.early, c.standing) {
			t.Errorf("%s: a regular decision does not count", name)
		}
	}
}

// A poll decides when 30 s have passed since the decision that stands, half a poll less. In act an early decision, which was written, puts
// the next one off; one that nobody wrote does not.
func TestWhenAPollDecides(t *testing.T) {
	clk := seen.Clock{}.Filled()
	ago := func(d time.Duration) time.Time { return noon.Add(-d) }
	for _, c := range []struct {
		name             string
		standing         *Decision
		regularAt, wrote time.Time
		want             lane
	}{
		{"the first one", nil, time.Time{}, time.Time{}, regular},
		{"two polls after the last one", &Decision{At: ago(20 * time.Second)}, ago(20 * time.Second), time.Time{}, noDecision},
		{"three polls after", &Decision{At: ago(30 * time.Second)}, ago(30 * time.Second), time.Time{}, regular},
		{"three polls after, one of them early", &Decision{At: ago(25 * time.Second)}, ago(25 * time.Second), time.Time{}, regular},
		{"twin: too early", &Decision{At: ago(25*time.Second - 1)}, ago(25*time.Second - 1), time.Time{}, noDecision},
		{"an early one was written", &Decision{At: ago(10 * time.Second)}, ago(30 * time.Second), ago(10 * time.Second), noDecision},
		{"and its time is saved in whole seconds", &Decision{At: ago(10*time.Second - 1)}, ago(30 * time.Second), ago(10 * time.Second), noDecision},
		{"twin: an early one that nobody wrote", &Decision{At: ago(10 * time.Second)}, ago(30 * time.Second), ago(time.Hour), regular},
		{"twin: nor is the regular one long ago", &Decision{At: ago(10 * time.Second)}, ago(20 * time.Second), ago(time.Hour), noDecision},
		{"none was regular", &Decision{At: ago(10 * time.Second)}, time.Time{}, ago(time.Hour), noDecision},
		{"the clock was set back", &Decision{At: ago(-time.Minute)}, ago(-time.Minute), time.Time{}, regular},
	} {
		r := &recent{standing: c.standing, regularAt: c.regularAt}
		now := &seen.State{Now: noon, Clock: clk, Workload: seen.Workload{LastWrite: seen.Write{At: c.wrote}}}
		if got := r.lane(now, &learn.State{}); got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
	}
}
