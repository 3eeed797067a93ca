package lag

import "math"

// Summary is a group's lag over all its partitions, in records, and how many partitions are in which condition.
type Summary struct {
	Total, Max    int64   // over partitions whose lag is known
	Avg           float64 // Total / Known
	Known         int     // partitions whose lag is known
	Partitions    int     // all of them
	Unknown       int     // not answered
	Uncommitted   int
	Unassigned    int // no member owns it
	BelowLogStart int
	AboveEnd      int
	Orphaned      int // partitions of orphaned topics, which none of the numbers above includes
	Complete      bool
	uncounted     bool // it has no commits, and what its members read is not known
	untold        bool // that no partition is known does not mean that there is none
}

// Summary adds the group up.
func (g *GroupLag) Summary() Summary { return g.summary(nil) }

// summary adds up the topics that are wanted; nil wants all.
func (g *GroupLag) summary(wants func(topic string) bool) Summary {
	var s Summary
	for _, t := range g.Topics {
		if wants != nil && !wants(t.Topic) {
			continue
		}
		if t.Orphaned {
			s.Orphaned += len(t.Partitions)
			continue
		}
		for i := range t.Partitions {
			s.add(&t.Partitions[i])
		}
	}
	if s.Known > 0 {
		s.Avg = float64(s.Total) / float64(s.Known)
	}
	s.uncounted = s.Partitions == 0 && !g.MembersKnown()
	s.Complete = g.Err == OK && g.Missed == 0 && s.Unknown == 0 && !s.uncounted // a group that is gone has its last values for a while
	s.untold = g.Absent() || wants != nil
	return s
}

// Lag is the total. It is unknown if there are partitions but the lag of none is known, and if nothing could be read. Without a
// partition it is 0, unless there may be some:
//
//	the group                                        lag
//	has neither commits nor members                  0
//	does not exist                                   unknown
//	has no commits; its members are not known        unknown: what they read is not known
//	neither committed nor reads what a scaler names  unknown
func (s *Summary) Lag() (total int64, ok bool) {
	return s.Total, s.Known > 0 || s.Partitions == 0 && s.Complete && !s.untold
}

// Counted reports whether it is known which partitions the group has.
func (s *Summary) Counted() bool { return !s.uncounted }

func (s *Summary) add(p *PartitionLag) {
	s.Partitions++
	if n, ok := p.Lag(); ok {
		s.Known++
		s.Total = AddRecords(s.Total, n)
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

// AddRecords is the sum of two numbers of records, or the greatest number if they are more: never a negative one.
func AddRecords(a, b int64) int64 {
	if b > math.MaxInt64-a {
		return math.MaxInt64
	}
	return a + b
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
