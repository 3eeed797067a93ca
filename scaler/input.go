package scaler

import (
	"time"

	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/rebalancemon"
)

// Ref names an object with a scale subresource.
type Ref struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Namespace  string `json:"namespace"`
	Name       string `json:"name"`
}

// String is the ref as people write it: kind/namespace/name.
func (r Ref) String() string { return r.Kind + "/" + r.Namespace + "/" + r.Name }

// Input is everything one evaluation may know.
type Input struct {
	Now      time.Time
	Clock    Clock    // the zero value is the real one
	Sources  []Source // one or more, in the order of the specification
	Workload Workload
	Policy   Policy
	Memory   Memory
}

// Clock is the pace of polls and decisions. Tests and demos shorten it; users cannot.
type Clock struct {
	Poll   time.Duration // between two polls; 0: 10 s
	Decide time.Duration // between two decisions; 0: 30 s at this pace, and at least a poll
	Pace   float64       // how much faster than documented all windows and gates run; 0: 1. 10 turns 240 s into 24 s
}

// Source is one consumer group on the target, as this poll found it.
type Source struct {
	SourceSpec
	Lag       *lag.GroupLag // nil: never read. Only its read time tells a new reading from a kept one
	Silent    []int32       // brokers that did not answer this poll, sorted; for the line
	Rebalance Rebalance
}

// SourceSpec is what a user says of a group. Cluster and Group are required.
type SourceSpec struct {
	Cluster        string        `json:"cluster"`
	Group          string        `json:"group"`
	Topics         []string      `json:"topics,omitempty"`         // names; empty with no TopicPattern: all the group consumes
	TopicPattern   string        `json:"topicPattern,omitempty"`   // regular expression, anchored
	ProcessingTime time.Duration `json:"processingTime,omitempty"` // of one record; 0: learned
	Concurrency    int32         `json:"concurrency,omitempty"`    // records one consumer works on at once; 0: 1
	CommitInterval time.Duration `json:"commitInterval,omitempty"` // 0: 5 s, the clients' default
	Isolation      Isolation     `json:"isolation,omitempty"`
}

// Isolation is which records a group reads.
type Isolation string

// The isolation levels, as Kafka's isolation.level.
const (
	ReadUncommitted Isolation = "read_uncommitted" // the default
	ReadCommitted   Isolation = "read_committed"
)

// Rebalance is the part of a group's rebalances a decision depends on.
type Rebalance struct {
	Active   bool          // the group stands still now; KIP-848 reconciling does not count
	Since    time.Time     // start of the active one
	LastEnd  time.Time     // end of the last that ended; zero: none seen
	LastTook time.Duration // how long that one took
	Protocol rebalancemon.Protocol
}

// RebalanceOf takes a group's part out of its monitor's Stats.
func RebalanceOf(s rebalancemon.Stats) Rebalance {
	r := Rebalance{Protocol: s.Protocol}
	if s.Rebalancing && s.Protocol != rebalancemon.Incremental {
		r.Active, r.Since = true, s.Since
	}
	for i := len(s.Events) - 1; i >= 0; i-- {
		if e := s.Events[i]; !e.End.IsZero() {
			r.LastEnd, r.LastTook = e.End, e.End.Sub(e.Start)
			break
		}
	}
	return r
}

// Workload is the target as the platform has it now.
type Workload struct {
	Ref      Ref
	Found    bool
	HasScale bool

	Spec, Status, Ready int32 // replicas wanted, existing, ready

	Unschedulable      int32     // pods that found no node
	UnschedulableSince time.Time // of the oldest of them
	RolloutInProgress  bool
	Pods               []Pod // sorted by name; empty: unknown, then each member is taken for one replica

	LastWrite Write // our own last one; zero: none
	Owner     Owner // another controller of the replicas; zero: none

	// Annotations of the operator.
	Paused        bool
	PauseScaleIn  bool
	PauseScaleOut bool
	FixedReplicas *int32
}

// Pod is one replica.
type Pod struct {
	Name  string
	IP    string
	Ready bool
}

// Write is one change of the replicas.
type Write struct {
	At       time.Time
	From, To int32
}

// Owner is another controller that sets the target's replicas.
type Owner struct {
	Kind    string // HorizontalPodAutoscaler, ScaledObject, KafkaScaler; empty: nobody
	Name    string
	Paused  bool  // a paused ScaledObject does not own
	Desired int32 // what it wants
}

// Owns reports whether somebody else sets the replicas.
func (o Owner) Owns() bool { return o.Kind != "" && !o.Paused }
