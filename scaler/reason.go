package scaler

import "slices"

// Reason says why a scaler wants the replicas it wants. It is one closed set, used as metric label, log key,
// Kubernetes Event reason, status reason and docs anchor.
type Reason string

// Verdicts: the first rule that matched. See rules.go for the order.
const (
	TargetNotFound     Reason = "TargetNotFound"
	Activate           Reason = "Activate"
	Stalled            Reason = "Stalled"
	ReplicasFought     Reason = "ReplicasFought"
	DownstreamBound    Reason = "DownstreamBound"
	Unschedulable      Reason = "Unschedulable"
	Rebalancing        Reason = "Rebalancing"
	RebalanceStuck     Reason = "RebalanceStuck"
	Fallback           Reason = "Fallback"
	ScaleUp            Reason = "ScaleUp"
	IdleConsumers      Reason = "IdleConsumers"
	DataPartial        Reason = "DataPartial"
	DataStale          Reason = "DataStale"
	NoMembers          Reason = "NoMembers"
	MembersMissing     Reason = "MembersMissing"
	RolloutInProgress  Reason = "RolloutInProgress"
	ExternalChange     Reason = "ExternalChange"
	NoCommittedOffsets Reason = "NoCommittedOffsets"
	CapacityUnknown    Reason = "CapacityUnknown"
	ThresholdHigh      Reason = "ThresholdHigh"
	Settling           Reason = "Settling"
	HoldStabilizing    Reason = "HoldStabilizing"
	HoldLag            Reason = "HoldLag"
	HoldTolerance      Reason = "HoldTolerance"
	HoldBudget         Reason = "HoldBudget"
	HoldRebalanceCost  Reason = "HoldRebalanceCost"
	ScaleDown          Reason = "ScaleDown"
	ScaleToZero        Reason = "ScaleToZero"
	PartitionBound     Reason = "PartitionBound"
	PartitionStalled   Reason = "PartitionStalled"
	Steady             Reason = "Steady"
)

// Limits: each that changed the number adds a step after the verdict.
const (
	PartitionLimit Reason = "PartitionLimit"
	Schedule       Reason = "Schedule"
	MinReplicas    Reason = "MinReplicas"
	MaxReplicas    Reason = "MaxReplicas"
	PauseScaleIn   Reason = "PauseScaleIn"
	PauseScaleOut  Reason = "PauseScaleOut"
	FixedReplicas  Reason = "FixedReplicas"
)

// ReasonDoc is a reason with its one-line explanation.
type ReasonDoc struct {
	Reason Reason
	Doc    string
}

// Reasons are all of them: verdicts as the rules try them, then limits as they are applied.
var Reasons = []ReasonDoc{
	{TargetNotFound, "the target does not exist or has no scale subresource"},
	{Activate, "no replica runs, and records are waiting or arriving"},
	{Stalled, "every partition with lag has stood still for 120 s although members hold them: replicas cannot help"},
	{ReplicasFought, "somebody else changed the replicas against us three times in 10 min"},
	{DownstreamBound, "more consumers did not process more: something behind them is the limit"},
	{Unschedulable, "pods could not be scheduled for 180 s: asking for more cannot help"},
	{Rebalancing, "the group is rebalancing: a step now would make it longer"},
	{RebalanceStuck, "the group has been rebalancing for more than 300 s"},
	{Fallback, "nothing reliable was read for 5 min: fallbackReplicas if that is more, else hold"},
	{ScaleUp, "what arrives, and the backlog, need more replicas"},
	{IdleConsumers, "members beyond the useful partitions do nothing"},
	{DataPartial, "some partitions did not answer: what is known is a lower bound"},
	{DataStale, "this poll could not read the group"},
	{NoMembers, "replicas run, but the group has no member"},
	{MembersMissing, "fewer members joined than pods are ready"},
	{RolloutInProgress, "the target is being rolled out"},
	{ExternalChange, "somebody else changed the replicas less than 10 min ago; their number is adopted for now"},
	{NoCommittedOffsets, "no partition has a committed offset: lag cannot be known"},
	{CapacityUnknown, "nothing declares or shows yet what one consumer can do"},
	{ThresholdHigh, "lag is above a fixed threshold: up under the policy thresholds, never down under any"},
	{Settling, "the last change has not settled: pods, members or the last write"},
	{HoldStabilizing, "fewer would do, but not for long enough yet"},
	{HoldLag, "fewer would do, but the oldest record is too old to slow down now"},
	{HoldTolerance, "fewer would do, but the change is too small to be worth a rebalance"},
	{HoldBudget, "fewer would do, but there were six downward steps in the last hour"},
	{HoldRebalanceCost, "fewer would do, but the rebalance alone would break the target"},
	{ScaleDown, "the greatest need of the window fits on fewer replicas"},
	{ScaleToZero, "no lag and no arrivals for the idle time"},
	{PartitionBound, "single partitions need more than one consumer can do: replicas cannot help them"},
	{PartitionStalled, "some partitions stand still; they are left out"},
	{Steady, "what runs is what is needed"},

	{PartitionLimit, "more consumers than useful partitions would idle"},
	{Schedule, "a schedule window asks for at least this many"},
	{MinReplicas, "minReplicas"},
	{MaxReplicas, "maxReplicas"},
	{PauseScaleIn, "the annotation lagscaler.io/pause-scale-in forbids going down"},
	{PauseScaleOut, "the annotation lagscaler.io/pause-scale-out forbids going up"},
	{FixedReplicas, "the annotation lagscaler.io/fixed-replicas sets the number"},
}

// Doc is the reason's one-line explanation.
func (r Reason) Doc() string {
	for _, d := range Reasons {
		if d.Reason == r {
			return d.Doc
		}
	}
	return ""
}

// ForbidsUp reports whether the reason holds a target back from growing: what SCALING calls (both) and (up).
func (r Reason) ForbidsUp() bool {
	switch r {
	case TargetNotFound, Stalled, ReplicasFought, DownstreamBound, Unschedulable, Rebalancing, RebalanceStuck:
		return true
	}
	return false
}

// Gate reports whether the reason is a hold that must end by itself, and so has a deadline.
func (r Reason) Gate() bool {
	switch r {
	case DataPartial, DataStale, NoMembers, MembersMissing, RolloutInProgress, ExternalChange, NoCommittedOffsets,
		CapacityUnknown, ThresholdHigh, Settling, HoldStabilizing, HoldLag, HoldTolerance, HoldBudget, HoldRebalanceCost,
		Fallback:
		return true
	}
	return r.ForbidsUp()
}

// Disposition is what became of a decision. The engine adds it.
type Disposition string

// The dispositions.
const (
	Applied  Disposition = "Applied"
	Advised  Disposition = "Advised"  // mode advise: shown, not written
	Follower Disposition = "Follower" // another replica of the program leads
	Paused   Disposition = "Paused"   // the annotation lagscaler.io/paused
	Conflict Disposition = "Conflict" // an HPA, a ScaledObject or a second scaler owns the target
	Failed   Disposition = "Failed"   // the write failed
)

// Dispositions are all of them.
var Dispositions = []Disposition{Applied, Advised, Follower, Paused, Conflict, Failed}

// Mode is how far a scaler may go.
type Mode string

// The modes, from the weakest.
const (
	Observe Mode = "observe" // metrics only
	Advise  Mode = "advise"  // decides and shows, never writes a scale
	Act     Mode = "act"
)

// Modes are all of them, from the weakest.
var Modes = []Mode{Observe, Advise, Act}

// Weaker is the mode that allows less: a global mode and a scaler's own are combined with it.
// An empty mode counts as the other, an unknown one as the weakest.
func Weaker(a, b Mode) Mode {
	if a == "" || b == "" {
		return a + b
	}
	return Modes[max(0, min(slices.Index(Modes, a), slices.Index(Modes, b)))]
}
