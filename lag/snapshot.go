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
	Topics     []TopicRead // sorted by name: consumed topics, with their offsets
	Errors     []ReadError
	Requests   []RequestCount
	Duplicates int // groups that two brokers listed, each counted once here
}

// Group finds a group by name.
func (s *Snapshot) Group(name string) (*GroupLag, bool) {
	i := sort.Search(len(s.Groups), func(i int) bool { return s.Groups[i].Group >= name })
	if i < len(s.Groups) && s.Groups[i].Group == name {
		return &s.Groups[i], true
	}
	return nil, false
}

// Topic finds a consumed topic by name.
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
	Generation      int32 // classic; NoGeneration when no member tells it
	Epoch           int32
	AssignmentEpoch int32
	Members         []Member // sorted by ID
	Topics          []TopicLag
	ReadAt          time.Time // when the offsets below were read; older than the snapshot when Err is set
	ReadCommitted   bool
	Described       bool      // false: members and owners are carried over from the last Stable
	Err             ErrorCode // why this poll could not read the group; OK when it did
	Missed          int       // polls in a row that could not read it
}

// TopicLag is a group's lag on one topic. Partitions are sorted by number.
type TopicLag struct {
	Topic      string
	ID         [16]byte
	Orphaned   bool // the stable group no longer subscribes to it: apart, not in its lag
	Partitions []PartitionLag
}

// PartitionLag is a group's position in one partition. It is small because there may be a million of them.
type PartitionLag struct {
	Start, Committed, End int64 // meaningful where Known says so
	BrokerLag             int64 // share groups: as the broker computed it
	Partition             int32
	Owner                 int32 // index into Members; -1: nobody. See [GroupLag.OwnerOf]
	Known                 Known
	Err                   ErrorCode
}

// Lag is the number of records between the committed offset and the log's end.
// It is unknown (ok is false) when an offset is missing, and for a partition that was never committed.
//
//	committed  start  end   lag  lost
//	40         0      100   60   0
//	40         70     100   30   30    below the log start: retention took 30
//	120        0      100   0    0     above the end: truncated or recreated
//	none       0      100   ?    0     see LagUpperBound
//	40         0      ?     ?    0     leaderless or failed
func (p PartitionLag) Lag() (n int64, ok bool) {
	switch {
	case p.Known.Has(KnownLag):
		return p.BrokerLag, true
	case !p.Known.Has(KnownCommitted | KnownEnd):
		return 0, false
	case p.Known.Has(KnownStart) && p.Committed < p.Start:
		return max(0, p.End-p.Start), true
	default:
		return max(0, p.End-p.Committed), true
	}
}

// Uncommitted reports whether the group is known to have no committed offset here.
func (p PartitionLag) Uncommitted() bool {
	return !p.Known.Has(KnownCommitted) && !p.Known.Has(KnownLag) && p.Err == OK
}

// LagUpperBound is the greatest lag an uncommitted partition that a member holds can have, end - start:
// where the member really is cannot be seen before its first commit.
func (p PartitionLag) LagUpperBound() (n int64, ok bool) {
	if !p.Uncommitted() || p.Owner < 0 || !p.Known.Has(KnownStart|KnownEnd) {
		return 0, false
	}
	return max(0, p.End-p.Start), true
}

// Lost is the number of records that retention removed before the group read them.
func (p PartitionLag) Lost() int64 {
	if !p.Known.Has(KnownStart|KnownCommitted) || p.Known.Has(KnownLag) {
		return 0
	}
	return max(0, p.Start-p.Committed)
}

// Ahead is how far the committed offset lies above the log's end: 0 but for a truncated or recreated topic.
func (p PartitionLag) Ahead() int64 {
	if !p.Known.Has(KnownCommitted | KnownEnd) {
		return 0
	}
	return max(0, p.Committed-p.End)
}

// Answered reports whether this poll knows everything about the partition that can be known:
// never having been committed is a known state, not a missing answer.
func (p PartitionLag) Answered() bool {
	return p.Err == OK && (p.Known.Has(KnownEnd) || p.Known.Has(KnownLag))
}

// OwnerOf is the member that holds the partition.
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

// Summary is a group's lag over all its partitions, in records, and how many partitions are in which condition.
type Summary struct {
	Total, Max    int64   // over partitions whose lag is known
	Avg           float64 // Total / Known
	Known         int     // partitions whose lag is known
	Partitions    int     // all of them
	Unknown       int     // not answered
	Uncommitted   int
	Unassigned    int // no member holds it
	BelowLogStart int
	AboveEnd      int
	Orphaned      int // partitions of orphaned topics, which are in none of the numbers above
	Complete      bool
}

// Summary adds the group up.
func (g *GroupLag) Summary() Summary {
	var s Summary
	for _, t := range g.Topics {
		if t.Orphaned {
			s.Orphaned += len(t.Partitions)
			continue
		}
		for _, p := range t.Partitions {
			s.add(p)
		}
	}
	if s.Known > 0 {
		s.Avg = float64(s.Total) / float64(s.Known)
	}
	s.Complete = g.Err == OK && s.Unknown == 0
	return s
}

func (s *Summary) add(p PartitionLag) {
	s.Partitions++
	if n, ok := p.Lag(); ok {
		s.Known++
		s.Total += n
		s.Max = max(s.Max, n)
	}
	if !p.Answered() {
		s.Unknown++
	}
	if p.Uncommitted() {
		s.Uncommitted++
	}
	if p.Owner < 0 {
		s.Unassigned++
	}
	if p.Lost() > 0 {
		s.BelowLogStart++
	}
	if p.Ahead() > 0 {
		s.AboveEnd++
	}
}

// Total is the group's lag in records; complete is false when a partition is missing from it,
// so that the number is a lower bound.
func (g *GroupLag) Total() (n int64, complete bool) {
	s := g.Summary()
	return s.Total, s.Complete
}

// Over counts the partitions whose known lag exceeds threshold records.
func (g *GroupLag) Over(threshold int64) int {
	n := 0
	for _, p := range g.Partitions {
		if lag, ok := p.Lag(); ok && lag > threshold {
			n++
		}
	}
	return n
}

// Simple reports whether the group only stores offsets: no protocol, no members
// (assign() with manual commits, Flink, mirrored offsets).
func (g *GroupLag) Simple() bool { return g.Protocol == "" && g.Type != Share && len(g.Members) == 0 }
