package scaler

import "time"

// deadline is how long a hold may last before it is overdue; ok is false for verdicts that are no hold to end.
//
//	HoldBudget     75 min  it ends by itself within the hour
//	HoldTolerance  none    a replica or two more than needed is a choice, not a fault
//	other gates    15 min  but never before the time at which the gate opens by itself
func deadline(r Reason) (d time.Duration, ok bool) {
	switch {
	case r == HoldTolerance || !r.Gate():
		return 0, false
	case r == HoldBudget:
		return budgetWithin + defaultWait, true
	}
	return defaultWait, true
}

// hold remembers since when the verdict has held, and says what it waits for and whether that takes too long.
func (w *work) hold(d *Decision, views []view, clk Clock) {
	if d.Verdict != w.held {
		w.held, w.heldFrom = d.Verdict, d.At
	}
	after, ok := deadline(d.Verdict)
	if !ok || d.Decider < 0 || d.Wanted > d.Current {
		return
	}
	wait := Wait{Since: w.heldFrom, Deadline: w.heldFrom.Add(clk.of(after))}
	if until, ok := views[d.Decider].until(d.Verdict); ok {
		wait.Until = &until
		if until.After(wait.Deadline) {
			wait.Deadline = until
		}
	}
	d.Wait, d.Overdue = &wait, d.At.After(wait.Deadline)
}

// until is when a hold ends by itself, if time alone ends it.
func (v *view) until(r Reason) (time.Time, bool) {
	window := v.clk.of(v.policy.StabilizationWindow)
	switch r {
	case Rebalancing:
		return v.src.Rebalance.Since.Add(v.clk.of(patientFor)), true
	case ExternalChange:
		return v.foreign.At.Add(v.clk.of(adoptedFor)), true
	case DownstreamBound:
		return v.need.Downstream.NextProbe, true
	case HoldStabilizing:
		if v.below.IsZero() || v.from.IsZero() {
			return time.Time{}, false
		}
		return later(v.below.Add(window/2), v.from.Add(window)), true
	case HoldBudget:
		return v.oldestDown.Add(v.clk.of(budgetWithin)), true
	case Settling:
		return v.target.LastWrite.At.Add(v.clk.of(settleAfter)), v.since(v.target.LastWrite.At) < v.clk.of(settleAfter)
	}
	return time.Time{}, false
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
