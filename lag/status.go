package lag

import "time"

// Status is a group's condition in one word.
type Status string

// The statuses, each defined by the predicate of its name in predicates.
//
// A scaler has verdicts with similar names. Its PartitionStalled holds when this package says stalled: at least one
// partition does not move. Its Stalled is stricter: no partition of the group moves.
const (
	StatusOK          Status = "ok"
	StatusWarning     Status = "warning"
	StatusRest        Status = "rest"
	StatusStalled     Status = "stalled"
	StatusStopped     Status = "stopped"
	StatusRewound     Status = "rewound"
	StatusRebalancing Status = "rebalancing"
	StatusUnknown     Status = "unknown"
)

// Statuses are all of them, sorted as the predicates are tried.
var Statuses = []Status{
	StatusUnknown, StatusRebalancing, StatusRewound, StatusStopped, StatusStalled, StatusWarning, StatusRest, StatusOK,
}

// condition is all that a status predicate may look at.
type condition struct {
	group *GroupLag
	sum   Summary
	rates *Rates
	past  *groupHistory
	slo   SLO
	now   time.Time
}

// predicates are tried in order; the first that holds is the group's status.
var predicates = []struct {
	status Status
	holds  func(condition) bool
}{
	{StatusUnknown, isUnknown},         // not read for two polls, no lag is known at all, or there is no such group
	{StatusRebalancing, isRebalancing}, // between two assignments: offsets that do not move now will move again
	{StatusRewound, isRewound},         // a committed offset went back within 5 min: a reset, or a recreated topic
	{StatusStopped, isStopped},         // records wait, the group has no members, and no offset moved for 2 min
	{StatusStalled, isStalled},         // records wait in at least one partition that a member owns, and its commits stand: see [Stand]
	{StatusWarning, isWarning},         // more lag than its SLO allows, or more than 30 s and still growing, or commits stand and its rhythm is not known; or a topic that it read lately is read by nobody
	{StatusRest, isRest},               // it is not known whether the offsets after some commits are unread records
}

func status(c condition) Status {
	for _, p := range predicates {
		if p.holds(c) {
			return p.status
		}
	}
	return StatusOK
}

func isUnknown(c condition) bool {
	if c.group.Stale() || c.group.Absent() {
		return true
	}
	return c.sum.Known == 0 && c.sum.Unknown > 0
}

func isRebalancing(c condition) bool { return c.group.State.Rebalancing() }

func isRewound(c condition) bool {
	return !c.past.lastRewind.IsZero() && c.now.Sub(c.past.lastRewind) < c.slo.scale(rewoundFor)
}

func isStopped(c condition) bool {
	if len(c.group.Members) > 0 || c.sum.Total <= c.rates.Rest.Read+c.rates.Rest.Unknown {
		return false
	}
	return c.group.ReadAt.Sub(c.past.stillSince) >= c.slo.scale(StallAfter)
}

func isStalled(c condition) bool { return c.rates.Stalled > 0 }

func isRest(c condition) bool { return c.rates.Rest.Resting > 0 }

func isWarning(c condition) bool {
	if c.rates.Rest.Slow > 0 || c.rates.Missed > 0 {
		return true
	}
	if c.slo.Lag > 0 && c.sum.Max > c.slo.Lag {
		return true
	}
	seconds, _, ok := c.rates.TimeLag.Value()
	if !ok {
		return false
	}
	if c.slo.LagTime > 0 && seconds > c.slo.LagTime.Seconds() {
		return true
	}
	return c.rates.Direction == Growing && seconds > c.slo.scale(30*time.Second).Seconds()
}
