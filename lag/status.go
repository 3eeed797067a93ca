package lag

import "time"

// Status is a group's condition in one word.
type Status string

// The statuses, each defined by the predicate of its name in status.go.
const (
	StatusOK          Status = "ok"
	StatusWarning     Status = "warning"
	StatusStalled     Status = "stalled"
	StatusStopped     Status = "stopped"
	StatusRewound     Status = "rewound"
	StatusRebalancing Status = "rebalancing"
	StatusUnknown     Status = "unknown"
)

// Statuses are all of them, sorted as the predicates are tried.
var Statuses = []Status{
	StatusUnknown, StatusRebalancing, StatusRewound, StatusStopped, StatusStalled, StatusWarning, StatusOK,
}

// view is all that a status predicate may look at.
type view struct {
	group *GroupLag
	sum   Summary
	rates *Rates
	past  *groupPast
	slo   SLO
	now   time.Time
}

// predicates are tried in order; the first that holds is the group's status.
var predicates = []struct {
	status Status
	holds  func(view) bool
}{
	{StatusUnknown, isUnknown},         // nothing can be said: not read for two polls, or no lag known at all
	{StatusRebalancing, isRebalancing}, // between two assignments: what stands still will move again
	{StatusRewound, isRewound},         // a committed offset went back within 5 min: a reset, or a recreated topic
	{StatusStopped, isStopped},         // records wait, nobody is there, nothing moved for 2 min
	{StatusStalled, isStalled},         // a member holds a partition with records waiting, and it stood still for 2 min
	{StatusWarning, isWarning},         // later than its SLO, or later than 30 s and still growing
}

func status(v view) Status {
	for _, p := range predicates {
		if p.holds(v) {
			return p.status
		}
	}
	return StatusOK
}

func isUnknown(v view) bool {
	if v.group.Missed >= 2 {
		return true
	}
	return v.sum.Known == 0 && v.sum.Unknown > 0
}

func isRebalancing(v view) bool { return v.group.State.Rebalancing() }

func isRewound(v view) bool {
	return !v.past.rewound.IsZero() && v.now.Sub(v.past.rewound) < rewoundFor
}

func isStopped(v view) bool {
	if len(v.group.Members) > 0 || v.sum.Total <= int64(residualLag*v.sum.Known) {
		return false
	}
	return v.group.ReadAt.Sub(v.past.calm) >= StallAfter
}

func isStalled(v view) bool { return v.rates.Stalled > 0 }

func isWarning(v view) bool {
	if v.slo.Lag > 0 && v.sum.Max > v.slo.Lag {
		return true
	}
	seconds, _, ok := v.rates.LagTime.Value()
	if !ok {
		return false
	}
	if v.slo.LagTime > 0 && seconds > v.slo.LagTime.Seconds() {
		return true
	}
	return v.rates.Direction == Growing && seconds > 30
}
