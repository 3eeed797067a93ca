package scaler

import "testing"

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
