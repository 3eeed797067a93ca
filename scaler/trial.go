package scaler

import (
	"time"

	"github.com/lagscaler/lagscaler/scaler/learn"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

// try begins the trials of fewer consumers that are worth it, while nothing happens. The next decisions assume their capacity, and
// scale down as always.
func try(now *seen.State, learned learn.State, verdicts []verdict, limits limitFacts) learn.State {
	for i := range verdicts {
		if v := &verdicts[i]; v.mayTry(limits) {
			learned = learned.WithTrial(i, now, *v.trial)
		}
	}
	return learned
}

// trialAfter is how long after the last change a trial may begin.
const trialAfter = 5 * time.Minute

// mayTry reports whether nothing happens to the target, it has what it needs, and the step down would be written.
func (v *verdict) mayTry(limits limitFacts) bool {
	f := v.facts
	if f.trial == nil || v.rule.reason != Steady || !f.mayStepDown() || !f.calm() {
		return false
	}
	to := f.members.Enough(f.trial.To)
	return f.down >= f.current && to > 0 && to < f.current && limit(Decision{Current: f.current, Wanted: to}, limits).Desired == to
}

// mayStepDown reports whether a step down of a trial would be written.
func (f *facts) mayStepDown() bool {
	alone := !f.standsBy && !f.failingOver() && f.policy.Place == nil
	return alone && f.policy.Kind == Capacity && f.policy.Mode == Act && !f.target.Paused && !f.stopped() && !f.fleetStopped() && !f.overBudget()
}

// calm reports whether a source has been read completely, and nothing has happened to the target and to its group for long enough.
func (f *facts) calm() bool {
	return f.settled && !f.high && f.source.Quality == seen.Complete && f.lasted(f.source.Since, f.policy.StabilizationWindow) &&
		!f.target.RolloutInProgress && f.lasted(f.target.LastWrite.At, trialAfter) &&
		!f.lagging() && !f.externalChange() && !f.uncommitted()
}
