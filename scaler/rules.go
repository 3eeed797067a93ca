package scaler

import (
	"time"

	"github.com/lagscaler/lagscaler/scaler/plan"
)

// rule is one verdict and when it holds: wants is how many replicas it then asks for.
type rule struct {
	reason Reason
	wants  func(v *view) (replicas int32, holds bool)
}

// rules are tried in order, for each source; the first that holds is the verdict. Those marked (both) or (up) forbid
// going up; a gate only forbids going down.
var rules = []rule{
	{TargetNotFound, (*view).targetNotFound},        // (both) there is nothing to scale
	{Activate, (*view).activate},                    // nothing runs and there is work
	{Stalled, (*view).stalled},                      // (both) nothing moves: more of the same cannot help
	{ReplicasFought, (*view).fought},                // (both) two controllers on one target only thrash it
	{DownstreamBound, (*view).downstreamBound},      // (up) to the cap: more consumers did not do more
	{Unschedulable, (*view).unschedulable},          // (up) more pods would wait too
	{Rebalancing, (*view).rebalancing},              // (both) for 60 s; after that only what arrives may force a step
	{RebalanceStuck, (*view).rebalanceStuck},        // after 300 s it has a name of its own; arrivals may still go up
	{ThresholdHigh, (*view).thresholdUp},            // policy thresholds: instead of both ScaleUp and of ScaleDown
	{ScaleUp, (*view).scaleUp},                      // arrivals and backlog need more, and the last step has settled
	{ScaleUp, (*view).scaleUpNow},                   // arrivals alone need more: 20 s after the last write, settled or not
	{Fallback, (*view).fallback},                    // blind for 5 min
	{DataPartial, (*view).dataPartial},              // gate: what is known is a lower bound
	{DataStale, (*view).dataStale},                  // gate: nothing new is known
	{IdleConsumers, (*view).idleConsumers},          // members without a partition go at once, whatever the lag
	{NoMembers, (*view).noMembers},                  // gate: nobody joined, so nobody can be spared
	{MembersMissing, (*view).membersMissing},        // gate: ready pods that did not join
	{RolloutInProgress, gate((*view).rollingOut)},   // gate: pods come and go by themselves
	{ExternalChange, gate((*view).externalChange)},  // gate: somebody wanted this number
	{NoCommittedOffsets, gate((*view).uncommitted)}, // gate: lag cannot be known
	{CapacityUnknown, gate((*view).capacityUnknown)},
	{ThresholdHigh, gate((*view).thresholdHigh)}, // gate: the fixed guard rails
	{Settling, gate((*view).unsettled)},          // gate: the last step is not over
	{HoldStabilizing, gate((*view).stabilizing)}, // gate: not for long enough
	{HoldLag, gate((*view).lagging)},             // gate: the backlog first
	{HoldTolerance, gate((*view).tolerable)},     // gate: too little to gain
	{HoldBudget, gate((*view).overBudget)},       // gate: enough rebalances for an hour
	{HoldRebalanceCost, gate((*view).costly)},    // gate: the pause alone would break the target
	{ScaleDown, (*view).scaleDown},
	{ScaleToZero, (*view).scaleToZero},
	{Settling, (*view).settling},                 // more is wanted than arrivals alone need: it waits for the last step
	{PartitionStalled, (*view).partitionStalled}, // all is well but for these
	{PartitionBound, (*view).partitionBound},
	{Steady, (*view).steady},
}

func (v *view) hold(holds bool) (int32, bool) { return v.n, holds }

func (v *view) targetNotFound() (int32, bool) { return v.hold(!v.target.Found || !v.target.HasScale) }

func (v *view) activate() (int32, bool) {
	work := v.need.Lag > v.policy.ActivationLag || v.policy.ActivationLag == 0 && v.need.Rate > 0
	return max(1, v.up), v.n == 0 && work
}

func (v *view) stalled() (int32, bool) { return v.hold(len(v.need.Stalled) > 0 && v.frozen) }

func (v *view) fought() (int32, bool) { return v.hold(v.policy.Mode == Act && v.fights >= 3) }

func (v *view) downstreamBound() (int32, bool) {
	d := v.need.Downstream
	if d == nil || v.need.Up <= d.CapN {
		return 0, false
	}
	if v.fresh != complete { // the cap may end the experiment only on what was really seen
		return max(v.n, v.crew.replicas(d.CapN)), true
	}
	return v.crew.replicas(d.CapN), true
}

func (v *view) unschedulable() (int32, bool) {
	return v.hold(v.target.Unschedulable > 0 && v.since(v.target.UnschedulableSince) > v.clk.of(pendingAfter) && v.up > v.n)
}

func (v *view) rebalancing() (int32, bool) {
	return v.hold(v.src.Rebalance.Active && v.since(v.src.Rebalance.Since) < v.clk.of(patientFor))
}

func (v *view) rebalanceStuck() (int32, bool) {
	long := v.src.Rebalance.Active && v.since(v.src.Rebalance.Since) > v.clk.of(stuckAfter)
	return v.hold(long && v.byRate <= v.n)
}

func (v *view) thresholdUp() (int32, bool) {
	planned := v.crew.replicas(plan.Consumers(v.need.Rate, v.need.PerConsumer))
	up := v.policy.Kind == Thresholds && v.n > 0 && !v.hurry && v.high && (v.settled || planned > v.n)
	return max(planned, v.n+1), up
}

func (v *view) scaleUp() (int32, bool) {
	return v.up, v.policy.Kind == Capacity && v.n > 0 && !v.hurry && v.up > v.n && v.settled
}

func (v *view) scaleUpNow() (int32, bool) {
	return v.byRate, v.policy.Kind == Capacity && v.n > 0 && v.byRate > v.n && v.wrote(hurryAfter)
}

func (v *view) fallback() (int32, bool) {
	blind := v.fresh != complete && v.since(v.outage) > v.clk.of(fallbackAfter)
	return max(v.n, v.policy.FallbackReplicas), blind && v.n > 0
}

func (v *view) dataPartial() (int32, bool) { return v.hold(v.fresh == partial && v.n > 0) }

func (v *view) dataStale() (int32, bool) { return v.hold(v.fresh == stale && v.n > 0) }

func (v *view) idleConsumers() (int32, bool) { return v.useful, v.useful > 0 && v.n > v.useful }

// gate is a hold that matters only when fewer replicas would do, or when nobody can know yet.
func gate(closed func(v *view) bool) func(v *view) (int32, bool) {
	return func(v *view) (int32, bool) {
		_, fewer := v.fewer()
		return v.hold((fewer || !v.need.RateKnown) && v.n > 0 && closed(v))
	}
}

// fewer is how many replicas would do, when that is less than there are.
func (v *view) fewer() (replicas int32, ok bool) {
	if v.policy.Kind == Capacity && v.down < v.n && v.up < v.n {
		return max(v.down, v.up), true
	}
	idle := !v.idle.IsZero() && v.since(v.idle) >= v.clk.of(v.policy.IdleTime)
	return 0, v.n == 1 && v.policy.MinReplicas == 0 && idle
}

func (v *view) noMembers() (int32, bool) {
	return v.hold(v.n > 0 && v.target.Ready > 0 && v.need.Members == 0)
}

func (v *view) membersMissing() (int32, bool) {
	return v.hold(!v.missing.IsZero() && v.since(v.missing) >= v.clk.of(missingAfter))
}

func (v *view) rollingOut() bool { return v.target.RolloutInProgress }

func (v *view) externalChange() bool {
	return v.policy.Mode == Act && !v.foreign.At.IsZero() && v.since(v.foreign.At) < v.clk.of(adoptedFor)
}

func (v *view) uncommitted() bool { return !v.need.LagKnown }

func (v *view) capacityUnknown() bool { return !v.need.Capacity.known() }

func (v *view) thresholdHigh() bool { return v.high }

func (v *view) unsettled() bool { return !v.settled }

func (v *view) stabilizing() bool {
	if to, ok := v.fewer(); ok && to == 0 {
		return false // the idle time has passed, which is longer
	}
	window := v.clk.of(v.policy.StabilizationWindow)
	return !v.need.RateKnown || v.since(v.below) < window/2 || v.since(v.from) < window-v.clk.Poll
}

func (v *view) lagging() bool {
	return v.need.MovingSeconds > 0.5*v.policy.TargetLag.Seconds()+v.clk.of(lagSlack).Seconds()
}

func (v *view) tolerable() bool {
	to, _ := v.fewer()
	return float64(v.n-to) < max(1, 0.1*float64(v.n))
}

func (v *view) overBudget() bool { return v.downs >= downsAnHour }

func (v *view) costly() bool {
	to, _ := v.fewer()
	return v.pause+v.clk.of(pauseSlack) > v.policy.TargetLag && float64(v.n-to) < 0.3*float64(v.n)
}

func (v *view) scaleDown() (int32, bool) {
	to, ok := v.fewer()
	return to, ok && to > 0
}

func (v *view) scaleToZero() (int32, bool) {
	to, ok := v.fewer()
	return to, ok && to == 0
}

func (v *view) settling() (int32, bool) {
	return v.hold(v.policy.Kind == Capacity && v.n > 0 && v.up > v.n)
}

func (v *view) partitionStalled() (int32, bool) { return v.hold(len(v.need.Stalled) > 0) }

func (v *view) partitionBound() (int32, bool) { return v.hold(v.need.bound()) }

func (v *view) steady() (int32, bool) { return v.hold(true) }

// downsAnHour is how many steps down an hour are enough.
const downsAnHour = 6

// limit is one bound: to is what it makes of a number of replicas.
type limit struct {
	reason Reason
	to     func(l *limited, replicas int32) int32
}

// limits are applied in order to what the verdict asks for; each that changes the number adds a step.
var limits = []limit{
	{PartitionLimit, (*limited).partitions},     // no more than can have a partition; never takes away what runs
	{Schedule, (*limited).schedule},             // at least what an open window asks for
	{MinReplicas, (*limited).least},             // the operator's word holds, also above the partitions
	{MaxReplicas, (*limited).most},              //
	{PauseScaleIn, (*limited).pauseScaleIn},     // annotation
	{PauseScaleOut, (*limited).pauseScaleOut},   // annotation
	{FixedReplicas, (*limited).fixedByOperator}, // annotation: the last word
}

func (l *limited) partitions(n int32) int32 {
	if l.useful == 0 {
		return n
	}
	return min(n, max(l.useful, l.current))
}

func (l *limited) schedule(n int32) int32 { return max(n, l.windowMin) }

func (l *limited) least(n int32) int32 { return max(n, l.policy.MinReplicas) }

func (l *limited) most(n int32) int32 {
	if l.policy.MaxReplicas == 0 {
		return n
	}
	return min(n, l.policy.MaxReplicas)
}

func (l *limited) pauseScaleIn(n int32) int32 {
	if l.target.PauseScaleIn {
		return max(n, l.current)
	}
	return n
}

func (l *limited) pauseScaleOut(n int32) int32 {
	if l.target.PauseScaleOut {
		return min(n, l.current)
	}
	return n
}

func (l *limited) fixedByOperator(n int32) int32 { return deref(l.target.FixedReplicas, n) }

func (v *view) since(t time.Time) time.Duration { return v.now.Sub(t) }

func (v *view) wrote(ago time.Duration) bool {
	return v.clk.due(v.now, v.target.LastWrite.At, v.clk.of(ago))
}
