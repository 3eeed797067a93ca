package scaler

import (
	"time"

	"github.com/lagscaler/lagscaler/scaler/learn"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

// When each rule of the table matches. The times are those at a pace of 1.

const (
	settleAfter    = 60 * time.Second  // from a write until its effect is complete
	pendingAfter   = 180 * time.Second // pods that found no node
	patientFor     = 60 * time.Second  // with a rebalance
	stuckAfter     = 300 * time.Second // of a rebalance
	fallbackAfter  = 300 * time.Second // of an outage
	missingAfter   = 120 * time.Second // members
	adoptedFor     = 600 * time.Second // a change by somebody else
	lagSlack       = 5 * time.Second
	rebalanceSlack = 10 * time.Second
	downsAnHour    = 6
	fightsAtMost   = 2 // in 10 min
)

func (f *facts) keep(holds bool) (int32, bool) { return f.current, holds }

func (f *facts) targetNotFound() (int32, bool) { return f.keep(!f.target.Sized()) }

// byHand matches while somebody else's zero stands, unless the policy undoes it.
func (f *facts) byHand() (int32, bool) {
	return f.keep(f.current == 0 && !f.asleep.ByHand.IsZero() && f.policy.OnZeroByHand == KeepZero)
}

// byHandWaiting matches when, meanwhile, records wait that would have woken the target.
func (f *facts) byHandWaiting() (int32, bool) {
	_, stands := f.byHand()
	return f.keep(stands && !f.asleep.WaitingSince.IsZero())
}

// activate counts the records that wait. What members elsewhere read and commit at once does not wait, at any rate.
func (f *facts) activate() (int32, bool) {
	replicas := max(1, f.up)
	if f.standsBy { // its commits are not those of consumers
		replicas = max(1, f.byRate)
	}
	return replicas, f.current == 0 && f.waiting.Records() > f.policy.ActivationLag
}

// zeroUnread matches when it is not known whether anything waits.
func (f *facts) zeroUnread() (int32, bool) {
	return f.keep(f.current == 0 && len(f.waiting.Unread) > 0)
}

// mayRest reports whether the target has been idle for long enough to go to zero: its last replica, or all of them while
// nobody knows how much one can do. Nothing to do needs no capacity; a small topic never shows one.
func (f *facts) mayRest() bool {
	last := f.current == 1 || f.current > 1 && f.capacityUnknown()
	return last && f.policy.MinReplicas == 0 && f.idleLongEnough()
}

// keptAwake closes only the step to zero.
func (f *facts) keptAwake() bool {
	to, ok := f.enough()
	return ok && to == 0 && f.keeps != nil
}

func (f *facts) stalled() (int32, bool) { return f.keep(f.someStalled() && f.frozen) }

func (f *facts) fought() (int32, bool) {
	return f.keep(f.policy.Mode == Act && f.conflicts > fightsAtMost)
}

func (f *facts) downstreamBound() (int32, bool) {
	d := f.need.Downstream
	if d == nil || f.need.Up <= d.CapN {
		return 0, false
	}
	if f.source.Quality != seen.Complete { // fewer replicas only on a complete poll
		return max(f.current, f.members.Replicas(d.CapN)), true
	}
	to := f.members.Replicas(d.CapN)
	if to < f.current {
		to = min(f.current, f.members.Enough(d.CapN))
	}
	if f.stopped() || f.fleetStopped() || f.failingOver() {
		to = max(to, f.current)
	}
	return to, true
}

func (f *facts) nextProbe() (time.Time, bool) { return f.need.Downstream.NextProbe, true }

func (f *facts) unschedulable() (int32, bool) {
	return f.keep(pending(f.target, f.now, f.clk) && (f.up > f.current || f.need.Behind))
}

// pending reports whether pods have found no node for so long that they are not waited for.
func pending(wl *seen.Workload, now time.Time, clk seen.Clock) bool {
	return wl.Unschedulable > 0 && now.Sub(wl.UnschedulableSince) > clk.Scale(pendingAfter)
}

func (f *facts) rebalancing() (int32, bool) {
	r := &f.source.Rebalance
	return f.keep(r.Active && f.age(r.Since) < f.clk.Scale(patientFor))
}

func (f *facts) patienceEnds() (time.Time, bool) {
	return f.source.Rebalance.Since.Add(f.clk.Scale(patientFor)), true
}

func (f *facts) rebalanceStuck() (int32, bool) {
	r := &f.source.Rebalance
	return f.keep(r.Active && f.age(r.Since) > f.clk.Scale(stuckAfter) && f.byRate <= f.current)
}

func (f *facts) thresholdUp() (int32, bool) {
	planned := f.members.Replicas(f.need.ForArrivals())
	scalesUp := f.policy.Kind == Thresholds && f.current > 0 && f.lane == regular && f.high && (f.settled || planned > f.current)
	return max(planned, f.current+1), scalesUp
}

// scaleUp scales up with the backlog once the last step has settled, or at once when more arrives than the members that joined can
// process: the backlog counts the pods that were asked for. For arrivals that they can still process it does 20 s after the last write.
func (f *facts) scaleUp() (int32, bool) {
	if f.policy.Kind != Capacity || f.current == 0 {
		return 0, false
	}
	if f.advised > f.current {
		return f.asAdvised()
	}
	if f.up > f.current && (f.need.Behind || f.need.GoesBack > 0 || f.lane == regular && f.settled) {
		return f.up, true
	}
	return f.byRate, f.byRate > f.current && f.clk.Due(f.now, f.target.LastWrite.At, f.clk.Scale(fastLaneAfter))
}

// asAdvised is what act would have by now, had it written the last advice, and what it would write next.
//
//	the pods of the advice                    replicas
//	would still start                         those; more if arrivals exceed nine tenths of their capacity
//	would run                                 those, or as many as arrivals and the rest of the backlog need
//	would run for half of the stabilization   no more than that, and not fewer than peaks need
func (f *facts) asAdvised() (replicas int32, holds bool) {
	capacity := float64(f.members.Consumers(f.advised)) * f.need.PerConsumer
	switch replicas = f.advised; {
	case f.starting && f.need.Rate > nearlyFull*capacity:
		replicas = max(replicas, f.byRate)
	case f.starting || f.lane != regular:
	case f.lower:
		replicas = max(f.byRate, f.up, min(f.advised, f.down))
	default:
		replicas = max(replicas, f.byRate, f.up)
	}
	return replicas, replicas > f.current
}

func (f *facts) fallback() (int32, bool) {
	blind := f.source.Quality != seen.Complete && f.age(f.source.OutageSince) > f.clk.Scale(fallbackAfter)
	return max(f.current, f.policy.FallbackReplicas), blind && f.current > 0
}

func (f *facts) dataPartial() (int32, bool) { return f.keep(f.dataIsPartial() && f.current > 0) }

func (f *facts) dataStale() (int32, bool) { return f.keep(f.dataIsStale() && f.current > 0) }

func (f *facts) dataIsPartial() bool { return f.source.Quality == seen.Partial }

func (f *facts) dataIsStale() bool { return f.source.Quality == seen.Stale }

func (f *facts) topicNotFound() (int32, bool) { return f.keep(f.topicIsMissing()) }

func (f *facts) topicIsMissing() bool { return len(f.need.MissingTopics) > 0 }

// groupNotFound matches if the group does not exist although replicas are ready. Before that, the group may just not exist yet.
//
//	group               replicas ready   verdict
//	does not exist      3                GroupNotFound: the name is wrong, or the consumers use another one
//	does not exist      0                another one: the first consumer that joins creates the group
func (f *facts) groupNotFound() (int32, bool) {
	return f.keep(f.need.NoGroup && f.current > 0 && f.target.Ready > 0)
}

func (f *facts) idleConsumers() (int32, bool) { return f.holding, f.spare }

// whileSpare is a verdict that keeps replicas whose members hold no partition.
func whileSpare(closed func(f *facts) bool) func(f *facts) (int32, bool) {
	return func(f *facts) (int32, bool) { return f.keep(f.spare && closed(f)) }
}

// gate is a hold that matters only when fewer replicas would do, or when that cannot be known yet.
func gate(closed func(f *facts) bool) func(f *facts) (int32, bool) {
	return func(f *facts) (int32, bool) {
		_, enough := f.enough()
		return f.keep((enough || !f.need.RateKnown) && f.current > 0 && closed(f))
	}
}

// enough is how many replicas would do, when that is less than there are: zero when the last one has been idle for long
// enough.
func (f *facts) enough() (replicas int32, ok bool) {
	if f.fewerWouldDo() {
		return max(f.down, f.up), true
	}
	return 0, f.mayRest()
}

func (f *facts) fewerWouldDo() bool {
	return f.policy.Kind == Capacity && f.down < f.current && f.up < f.current
}

func (f *facts) idleLongEnough() bool {
	return !f.idleSince.IsZero() && f.lasted(f.idleSince, f.policy.IdleTime)
}

func (f *facts) noMembers() (int32, bool) {
	return f.keep(f.current > 0 && f.target.Ready > 0 && f.need.Members == 0)
}

func (f *facts) membersMissing() (int32, bool) {
	return f.keep(!f.missingSince.IsZero() && f.lasted(f.missingSince, missingAfter))
}

func (f *facts) failingOver() bool { return f.failover != nil }

func (f *facts) failoverEnds() (time.Time, bool) { return f.failover.Until, true }

func (f *facts) rollingOut() bool { return f.target.RolloutInProgress }

func (f *facts) externalChange() bool {
	return f.policy.Mode == Act && !f.external.At.IsZero() && !f.lasted(f.external.At, adoptedFor)
}

func (f *facts) adoptionEnds() (time.Time, bool) {
	return f.external.At.Add(f.clk.Scale(adoptedFor)), true
}

// uncommitted does not close the step to zero: keptAwake says whether what has no commit keeps the last replica.
func (f *facts) uncommitted() bool { return !f.need.LagKnown && !f.mayRest() }

func (f *facts) capacityUnknown() bool { return !f.need.Capacity.Known() }

// unknownCapacityHolds does not close the step to zero, either.
func (f *facts) unknownCapacityHolds() bool { return f.capacityUnknown() && !f.mayRest() }

func (f *facts) thresholdHigh() bool { return f.high }

func (f *facts) unsettled() bool { return !f.settled }

func (f *facts) settlesAt() (time.Time, bool) {
	last := f.target.LastWrite.At
	return last.Add(f.clk.Scale(settleAfter)), !f.lasted(last, settleAfter)
}

func (f *facts) stabilizing() bool {
	if to, ok := f.enough(); ok && to == 0 {
		return false // the idle time has passed, which is longer
	}
	window := f.clk.Scale(f.policy.StabilizationWindow)
	return !f.need.RateKnown || f.age(f.fewerSince) < window/2 || f.age(f.source.Since) < window-f.clk.Poll
}

func (f *facts) stabilizesAt() (time.Time, bool) {
	if f.fewerSince.IsZero() || f.source.Since.IsZero() {
		return time.Time{}, false
	}
	window := f.clk.Scale(f.policy.StabilizationWindow)
	a, b := f.fewerSince.Add(window/2), f.source.Since.Add(window)
	if a.After(b) {
		return a, true
	}
	return b, true
}

func (f *facts) lagging() bool {
	return f.need.MovingSeconds > 0.5*f.policy.TargetLag.Seconds()+f.clk.Scale(lagSlack).Seconds()
}

func (f *facts) tolerable() bool {
	to, _ := f.enough()
	return float64(f.current-to) < max(1, 0.1*float64(f.current))
}

func (f *facts) stopped() bool { return f.breaker.Stop.Holds(f.now) }

func (f *facts) stopEnds() (time.Time, bool) { return f.breaker.Stop.Until, true }

func (f *facts) fleetStopped() bool { return f.breaker.Fleet.Holds(f.now) }

func (f *facts) fleetStopEnds() (time.Time, bool) { return f.breaker.Fleet.Until, true }

// goesBack matches while fewer replicas run than before the step down that made the scaler stop. It waits as ScaleUp does.
func (f *facts) goesBack() (int32, bool) {
	well := f.breaker.Stop.Well
	ready := f.lane == regular && (f.settled || f.need.Behind)
	return max(well, f.up, f.byRate), f.stopped() && f.current > 0 && well > f.current && f.policy.Kind == Capacity && ready
}

func (f *facts) overBudget() bool { return len(f.downs) >= downsAnHour }

func (f *facts) budgetFrees() (time.Time, bool) {
	return f.downs[0].Add(f.clk.Scale(learn.DownsWindow)), true
}

func (f *facts) costly() bool {
	to, _ := f.enough()
	return f.rebalanceTime+f.clk.Scale(rebalanceSlack) > f.policy.TargetLag && float64(f.current-to) < 0.3*float64(f.current)
}

func (f *facts) scaleDown() (int32, bool) {
	to, ok := f.enough()
	return to, ok && to > 0
}

// restUnknown keeps the last replica, because without it unread records would never be read.
func (f *facts) restUnknown() (int32, bool) {
	to, ok := f.enough()
	return f.keep(ok && to == 0 && f.need.Resting > 0)
}

func (f *facts) scaleToZero() (int32, bool) {
	to, ok := f.enough()
	return to, ok && to == 0
}

func (f *facts) settling() (int32, bool) {
	return f.keep(f.policy.Kind == Capacity && f.current > 0 && f.up > f.current)
}

func (f *facts) partitionStalled() (int32, bool) { return f.keep(f.someStalled()) }

func (f *facts) someStalled() bool { return len(f.need.Stalled) > 0 }

func (f *facts) partitionBound() (int32, bool) { return f.keep(f.hot()) }

func (f *facts) hot() bool { return f.need.Hot() }

func (f *facts) steady() (int32, bool) { return f.keep(true) }
