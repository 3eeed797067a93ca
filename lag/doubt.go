package lag

import "iter"

// Doubt is a partition of which offsets alone do not tell whether records wait: its commit and its end stand. A look at the
// headers of its batches from the commit on tells it, where the configuration allows that.
type Doubt struct {
	Group, Topic string
	Partition    int32
}

// Doubts are the doubts about the group these Rates were made for: first the partitions that a member owns.
//
//	commit and end stand for 30 s (RestAfter), and …         doubt
//	known to be read                                         no
//	a member has it, and it is a rest, slow or stalled       yes
//	a member has it, and it works as long as it usually does no
//	nobody has it                                            yes: whether records wait decides whether its target may sleep
func (r *Rates) Doubts() iter.Seq[Doubt] {
	return func(yield func(Doubt) bool) {
		_ = r.stands.doubts(r.Group, true, yield) && r.stands.doubts(r.Group, false, yield)
	}
}

// doubts yields those that a member owns, or those that nobody owns. It returns false when yield has enough.
func (s *Stands) doubts(group string, owned bool, yield func(Doubt) bool) bool {
	if s.group == nil {
		return true
	}
	now := s.now // the wall clock may have been set since
	for t := range s.topics {
		topic := &s.topics[t]
		for i := range topic.list {
			e := &topic.list[i]
			if (e.owner != 0) != owned || !e.doubtful(topic.rules, now) {
				continue
			}
			if !yield(Doubt{group, s.group.Topics[t].Topic, e.partition}) {
				return false
			}
		}
	}
	return true
}

func (s *stand) doubtful(r *StandRules, now int64) bool {
	if s.is == StandRead || s.is == StandMoving && s.owner != 0 {
		return false
	}
	return now-max(s.since, s.endSince) >= r.scale(RestAfter)
}
