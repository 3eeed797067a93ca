package lag

import "time"

// GroupType is the kind of a group as ListGroups v5 names it (KIP-848, KIP-932, KIP-1071).
type GroupType string

// The group types of Apache Kafka 4.3. Brokers before 3.8 do not return it; all their groups are classic.
const (
	Classic  GroupType = "classic"
	Consumer GroupType = "consumer" // KIP-848
	Share    GroupType = "share"    // KIP-932
	Streams  GroupType = "streams"  // KIP-1071
)

// State is a group's state in the coordinator's own words.
type State string

// The states of every group type. A classic group uses the first five,
// a KIP-848 group Empty, Assigning, Reconciling, Stable and Dead, a streams group NotReady too.
const (
	StateUnknown        State = ""
	Empty               State = "Empty"
	Stable              State = "Stable"
	PreparingRebalance  State = "PreparingRebalance"
	CompletingRebalance State = "CompletingRebalance"
	Dead                State = "Dead"
	Assigning           State = "Assigning"
	Reconciling         State = "Reconciling"
	NotReady            State = "NotReady"
)

// Rebalancing reports whether the group is between two assignments.
// Members of a classic group are paused meanwhile; those of a KIP-848 group keep working ([State.Paused]).
func (s State) Rebalancing() bool {
	return s.Paused() || s == Assigning || s == Reconciling
}

// Paused reports whether all members are paused: a stop-the-world rebalance of the classic protocol.
func (s State) Paused() bool {
	return s == PreparingRebalance || s == CompletingRebalance
}

// GroupState is what the sampler sees of a group: one line of a ListGroups answer.
type GroupState struct {
	At          time.Time // when the coordinator said so
	Group       string
	Type        GroupType
	State       State
	Coordinator int32 // id of the broker that listed it
}

// Sample is one pass of the state sampler over every broker.
type Sample struct {
	Cluster string
	At      time.Time
	Groups  []GroupState // sorted by group, each once
	Errors  []ReadError  // brokers that did not answer; groups they coordinate may be missing
	LeftOut bool         // nothing was asked, so nothing is known of this moment: the requests belong to a poll that waits for its turn
}

// Complete reports whether every broker answered, so that a group that is not listed is really not there
// (for this sample: during a move of coordinators even that may pass, see [ReadError]).
func (s Sample) Complete() bool { return len(s.Errors) == 0 }
