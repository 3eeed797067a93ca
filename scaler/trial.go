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
		v, known := &verdicts[i], learned.Source(&now.Sources[i])
		switch {
		case known != nil && known.Trial.Waits():
			if v.prevents(known.Trial, limits) {
				learned = learned.WithoutTrial(i, now)
			}
		case v.mayTry(limits):
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
	return f.trial != nil && v.rule.reason == Steady && f.calm() && f.down >= f.current && v.mayStepTo(f.trial.To, limits)
}

// prevents reports whether the step down of a trial is not written yet, and would not be. Then the trial ends: it assumes a capacity that
// nobody can show, and more arrivals would be answered by too few replicas.
//
//	a trial of 8 of 12 consumers begins; before its step is written                             the trial
//	the scaler or the fleet stops itself, the target is frozen or paused, lagscaler advises     ends
//	pods are missing for a minute, or records wait                                              waits, for half an hour at most
func (v *verdict) prevents(t *learn.Trial, limits limitFacts) bool {
	return v.facts.current > v.facts.members.Enough(t.To) && !v.mayStepTo(t.To, limits)
}

// mayStepTo reports whether a step down to so many consumers would be written.
func (v *verdict) mayStepTo(consumers int32, limits limitFacts) bool {
	f := v.facts
	to := f.members.Enough(consumers)
	return f.mayStepDown() && to > 0 && to < f.current && limit(Decision{Current: f.current, Wanted: to}, limits).Desired == to
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
