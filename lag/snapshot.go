package lag

import (
	"sort"
	"time"
)

// Snapshot is one cluster's lag at one time. It is immutable: readers share it.
type Snapshot struct {
	Cluster    string
	Began, At  time.Time
	Brokers    []Broker
	Groups     []GroupLag  // sorted by name
	Topics     []TopicRead // sorted by name: topics that groups consume or scalers name, with their offsets
	Past       []PastEnd   // where the ends of logs were before they were first read
	FirstSince []FirstSince
	Absent     []string // sorted: topics that scalers name and the cluster does not have
	Errors     []ReadError
	ClusterID  string           // the last one that is known
	Foreign    []ForeignAddress // sorted: addresses at which another cluster answers
	Requests   []RequestCount
	Duplicates int // groups that two brokers listed, each counted once here

	OffsetsRetention time.Duration // see Observation
}

// Group finds a group by name.
func (s *Snapshot) Group(name string) (*GroupLag, bool) {
	i := sort.Search(len(s.Groups), func(i int) bool { return s.Groups[i].Group >= name })
	if i < len(s.Groups) && s.Groups[i].Group == name {
		return &s.Groups[i], true
	}
	return nil, false
}

// Topic finds a topic by name.
func (s *Snapshot) Topic(name string) (*TopicRead, bool) {
	i := sort.Search(len(s.Topics), func(i int) bool { return s.Topics[i].Name >= name })
	if i < len(s.Topics) && s.Topics[i].Name == name {
		return &s.Topics[i], true
	}
	return nil, false
}

// GroupLag is one group: who is in it, and how far behind it is.
type GroupLag struct {
	GroupState
	Protocol        string
	Assignor        string
	Generation      int32 // classic; NoGeneration when no member sends it
	Epoch           int32
	AssignmentEpoch int32
	Members         []Member      // sorted by ID
	Subtopologies   []Subtopology // Kafka Streams, sorted by ID; nil: not known
	Topics          []TopicLag    // sorted by name
	Left            []Left        // topics that the group committed to and no longer subscribes to, sorted
	ReadAt          time.Time     // when the offsets below were read; older than the snapshot when Err is set
	ReadCommitted   bool
	MaxMembers      int32     // share groups: that its coordinator admits; 0: not known
	Described       bool      // false: members and owners are carried over from the last Stable
	Err             ErrorCode // why this poll could not read the group; OK when it did
	Missed          int       // polls in a row that could not read it
}

// StaleAfter is how many polls in a row must fail to read a group until its values count as unknown: its status is
// StatusUnknown and its gauges are removed. With one failed poll they are still shown, with their age.
const StaleAfter = 2

// Stale reports whether the group could not be read for [StaleAfter] polls.
func (g *GroupLag) Stale() bool { return g.Missed >= StaleAfter }

// Absent reports whether the group certainly does not exist: its coordinator says so. Only groups of a scaler can be absent;
// others are removed.
//
//	what the poll found                                       absent
//	listed, with or without members                           false
//	its coordinator denies it, but it was there               false: it is kept for a grace time
//	its coordinator denies it, for longer                     true
//	not listed, and its coordinator cannot be asked           false: unknown
//	not listed, by a source that looks up no coordinator      true, unless a broker did not answer
func (g *GroupLag) Absent() bool { return g.State == Dead && g.Err == OK && g.Missed == 0 }

// MembersKnown reports whether it is known who is in the group. It is not if every poll since the first one found the group
// rebalancing, or could not describe it.
func (g *GroupLag) MembersKnown() bool { return g.Described || len(g.Members) > 0 }

// TopicLag is a group's lag on one topic. Partitions are sorted by number.
type TopicLag struct {
	Topic      string
	ID         [16]byte
	Orphaned   bool      // the group has left it, see [Left]: not in its lag
	ReadAt     time.Time // the last time that a committed offset moved forward; zero: not seen
	Partitions []PartitionLag
}

// topicIndex is where a topic of the group is.
func (g *GroupLag) topicIndex(name string) (int, bool) {
	i := sort.Search(len(g.Topics), func(i int) bool { return g.Topics[i].Topic >= name })
	return i, i < len(g.Topics) && g.Topics[i].Topic == name
}

// OwnerOf is the member that owns the partition.
func (g *GroupLag) OwnerOf(p PartitionLag) (*Member, bool) {
	if p.Owner < 0 || int(p.Owner) >= len(g.Members) {
		return nil, false
	}
	return &g.Members[p.Owner], true
}

// Partitions calls yield for every partition in the group's lag: orphaned topics are left out.
func (g *GroupLag) Partitions(yield func(topic string, p PartitionLag) bool) {
	for _, t := range g.Topics {
		if t.Orphaned {
			continue
		}
		for _, p := range t.Partitions {
			if !yield(t.Topic, p) {
				return
			}
		}
	}
}
