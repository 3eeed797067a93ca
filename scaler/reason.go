package scaler

import (
	"slices"
	"time"
)

// Reason says why a scaler wants the replicas it wants. It is one closed set, used as metric label, log key,
// Kubernetes Event reason, status reason and docs anchor.
type Reason string

// Verdicts: the first rule that matched. table.go has them in order.
const (
	TargetNotFound     Reason = "TargetNotFound"
	ZeroByHandWaiting  Reason = "ZeroByHandWaiting"
	ZeroByHand         Reason = "ZeroByHand"
	Activate           Reason = "Activate"
	ZeroUnread         Reason = "ZeroUnread"
	Stalled            Reason = "Stalled"
	ReplicasFought     Reason = "ReplicasFought"
	DownstreamBound    Reason = "DownstreamBound"
	Unschedulable      Reason = "Unschedulable"
	Rebalancing        Reason = "Rebalancing"
	RebalanceStuck     Reason = "RebalanceStuck"
	Fallback           Reason = "Fallback"
	ScaleUp            Reason = "ScaleUp"
	TopicNotFound      Reason = "TopicNotFound"
	GroupNotFound      Reason = "GroupNotFound"
	IdleConsumers      Reason = "IdleConsumers"
	DataPartial        Reason = "DataPartial"
	DataStale          Reason = "DataStale"
	NoMembers          Reason = "NoMembers"
	MembersMissing     Reason = "MembersMissing"
	FailoverInProgress Reason = "FailoverInProgress"
	RolloutInProgress  Reason = "RolloutInProgress"
	ExternalChange     Reason = "ExternalChange"
	NoCommittedOffsets Reason = "NoCommittedOffsets"
	CapacityUnknown    Reason = "CapacityUnknown"
	ThresholdHigh      Reason = "ThresholdHigh"
	Settling           Reason = "Settling"
	HoldStabilizing    Reason = "HoldStabilizing"
	HoldLag            Reason = "HoldLag"
	HoldTolerance      Reason = "HoldTolerance"
	ScaleDownStopped   Reason = "ScaleDownStopped"
	FleetStopped       Reason = "FleetStopped"
	HoldBudget         Reason = "HoldBudget"
	HoldRebalanceCost  Reason = "HoldRebalanceCost"
	KeptAwake          Reason = "KeptAwake"
	ScaleDown          Reason = "ScaleDown"
	RestUnknown        Reason = "RestUnknown"
	ScaleToZero        Reason = "ScaleToZero"
	PartitionBound     Reason = "PartitionBound"
	PartitionStalled   Reason = "PartitionStalled"
	Steady             Reason = "Steady"
)

// Limits: each that changed the number adds a step after the verdict.
const (
	PartitionLimit  Reason = "PartitionLimit"
	ShareGroupLimit Reason = "ShareGroupLimit"
	Schedule        Reason = "Schedule"
	MinReplicas     Reason = "MinReplicas"
	MaxReplicas     Reason = "MaxReplicas"
	PauseScaleIn    Reason = "PauseScaleIn"
	PauseScaleOut   Reason = "PauseScaleOut"
	FixedReplicas   Reason = "FixedReplicas"
	PodsRefused     Reason = "PodsRefused"
	PodsPending     Reason = "PodsPending"
	FleetUpLimit    Reason = "FleetUpLimit"
	PoolFull        Reason = "PoolFull"
	FleetDownLimit  Reason = "FleetDownLimit"
	Frozen          Reason = "Frozen"
)

// ReasonDoc is a reason with its one-line explanation.
type ReasonDoc struct {
	Reason Reason
	Doc    string
}

// Reasons are all of them: verdicts as the rules try them, then limits as they are applied.
var Reasons = reasons()

func reasons() []ReasonDoc {
	var list []ReasonDoc
	for i := range rules {
		if !rules[i].again {
			list = append(list, ReasonDoc{rules[i].reason, rules[i].doc})
		}
	}
	for i := range limits {
		list = append(list, ReasonDoc{limits[i].reason, limits[i].doc})
	}
	return list
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

// rule is the row of a verdict; a limit's, and an unknown one's, is empty.
func (r Reason) rule() *rule {
	for i := range rules {
		if rules[i].reason == r && !rules[i].again {
			return &rules[i]
		}
	}
	return &rule{}
}

// BlocksUp reports whether the target may not scale up while the reason holds. RebalanceStuck holds only while arrivals
// alone need no more replicas than there are.
func (r Reason) BlocksUp() bool { return r.rule().blocks&up != 0 }

// byHand reports whether somebody else stopped the target.
func (r Reason) byHand() bool { return r == ZeroByHand || r == ZeroByHandWaiting }

// Hold reports whether the reason blocks something: scaling down, scaling up, or both.
func (r Reason) Hold() bool { return r.rule().blocks != nothing }

// Warns reports whether somebody may have to act: then a Warning Event says that the verdict began.
func (r Reason) Warns() bool { return r.rule().event == warning }

// Deadline is how long the reason may hold before it is overdue; ok is false for reasons that have no deadline.
func (r Reason) Deadline() (d time.Duration, ok bool) {
	d = r.rule().deadline
	return d, d > 0
}

// Disposition says whether a decision was carried out, or why not. The engine adds it.
type Disposition string

// The dispositions.
const (
	Applied  Disposition = "Applied"
	Advised  Disposition = "Advised"  // mode advise: shown, not written
	Follower Disposition = "Follower" // another replica of the program leads
	Paused   Disposition = "Paused"   // the annotation lagscaler.io/paused
	Conflict Disposition = "Conflict" // an HPA or a ScaledObject owns the target, or another writer was first
	Failed   Disposition = "Failed"   // the write failed
	Answered Disposition = "Answered" // another autoscaler asks for the number, and writes the replicas itself
)

// Dispositions are all of them.
var Dispositions = []Disposition{Applied, Advised, Follower, Paused, Conflict, Failed, Answered}

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
