package lag

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
	absent        bool // there is no such group
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
		for _, p := range t.Partitions {
			s.add(p)
		}
	}
	if s.Known > 0 {
		s.Avg = float64(s.Total) / float64(s.Known)
	}
	s.Complete, s.absent = g.Err == OK && s.Unknown == 0, g.Absent()
	return s
}

// Lag is the total. It is unknown if there are partitions but the lag of none is known, if nothing could be read, and if the
// group does not exist.
func (s *Summary) Lag() (total int64, ok bool) {
	return s.Total, s.Known > 0 || s.Partitions == 0 && s.Complete && !s.absent
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
