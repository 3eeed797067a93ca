package lag

import (
	"slices"
	"sort"
	"time"
)

// Stands are the partitions of one group whose commits stand below the end. Stands never change: [Stands.Next] returns the next
// ones. The other partitions are not stored, so each of a million partitions costs only one comparison.
type Stands struct {
	group  *GroupLag // the last reading
	owners []uint32  // of its members
	topics []topicStands
	habits Habits
	now    int64 // ms at the last reading: those of its clock at the first one, and of the time that passed since
	gap    int64 // ms between the last two readings
	first  bool  // the last reading was the first
}

// topicStands are those of one topic, in the order of GroupLag.Topics.
type topicStands struct {
	list  []stand // sorted by partition
	rules *StandRules
}

// longestGap is the longest time between two readings from which something is learned.
const longestGap = time.Minute

// Habits are what was learned until now.
func (s *Stands) Habits() Habits { return s.habits }

// Teach adds what was learned elsewhere about the group.
func (s Stands) Teach(h Habits) Stands {
	if len(h) == len(s.habits) && len(h) > 0 && &h[0] == &s.habits[0] {
		return s // its own
	}
	s.habits = s.habits.With(h)
	return s
}

// Next adds a reading of the group.
func (s Stands) Next(g *GroupLag, rules StandRules) Stands {
	if s.group != nil && !g.ReadAt.After(s.group.ReadAt) || g.Err != OK {
		return s
	}
	r := reader{before: &s, g: g, rules: &rules, now: g.ReadAt.UnixMilli(), next: Stands{
		group: g, topics: make([]topicStands, len(g.Topics)), first: s.group == nil, habits: s.habits.forTopics(g),
	}}
	if s.group != nil {
		r.was = s.now
		r.next.gap = g.ReadAt.Sub(s.group.ReadAt).Milliseconds() // the wall clock may have been set in between
		r.now = r.was + r.next.gap
		r.learns = r.next.gap <= max(rules.scale(longestGap), 2*s.gap)
		r.paused = g.State.Paused() || g.Generation != s.group.Generation
	}
	r.next.now = r.now
	r.owners = s.ownersOf(g)
	r.next.owners = r.owners
	for t := range g.Topics {
		r.topic(t)
	}
	return r.next
}

// ownersOf gives every member a number that is not 0. Most readings have the members of the one before.
func (s *Stands) ownersOf(g *GroupLag) []uint32 {
	if s.group != nil && sameMembers(s.group.Members, g.Members) {
		return s.owners
	}
	ids := make([]uint32, len(g.Members))
	for i := range g.Members {
		h := uint32(2166136261) // FNV-1a
		for _, b := range []byte(g.Members[i].ID) {
			h = (h ^ uint32(b)) * 16777619
		}
		ids[i] = max(1, h)
	}
	return ids
}

func sameMembers(a, b []Member) bool {
	for i := range min(len(a), len(b)) {
		if a[i].ID != b[i].ID {
			return false
		}
	}
	return len(a) == len(b)
}

// At is a partition of the last reading, by its indexes.
func (s *Stands) At(t, i int) Stand {
	if v, ok := s.View(t, i); ok {
		return v.Stand
	}
	return StandMoving
}

// View is a partition of the last reading, by its indexes; ok is false if nothing is remembered about it, because it moves.
func (s *Stands) View(t, i int) (View, bool) {
	if t >= len(s.topics) || s.group == nil || i >= len(s.group.Topics[t].Partitions) {
		return View{}, false
	}
	p := &s.group.Topics[t].Partitions[i]
	list := s.topics[t].list
	if k := search(list, p.Partition); k < len(list) && list[k].partition == p.Partition {
		e := &list[k]
		v := View{Topic: t, Index: i, Stand: e.is, Unread: max(e.committed, e.restTo), Since: s.group.ReadAt.Add(-time.Duration(s.now-e.from()) * time.Millisecond).UTC(), Still: e.still, MayRest: e.mayRest, Doubted: e.doubted && e.restTo > e.committed}
		if e.is == StandStalled || e.is == StandSlow {
			v.Unread, v.Doubted = e.committed, false
		}
		return v, true
	}
	waiting, ok := p.Lag()
	if ok && waiting > 0 && (p.Evidence.Has(NoData) || s.topics[t].rules != nil && waiting <= s.topics[t].rules.LeavesBehind) {
		return View{Topic: t, Index: i, Stand: StandRead, Unread: p.End, Since: s.group.ReadAt}, true
	}
	return View{}, false
}

func search(list []stand, partition int32) int {
	return sort.Search(len(list), func(i int) bool { return list[i].partition >= partition })
}

// Of is a partition of the last reading, by its name.
func (s *Stands) Of(topic string, partition int32) Stand {
	if s.group == nil {
		return StandMoving
	}
	t, ok := s.group.topicIndex(topic)
	if !ok {
		return StandMoving
	}
	i, ok := slices.BinarySearchFunc(s.group.Topics[t].Partitions, partition, comparePartition)
	if !ok {
		return StandMoving
	}
	return s.At(t, i)
}

// Interval is the interval between commits of a topic of the last reading that is in force, learned or set: what waits for less
// than that may be read already. 0: not known, or shorter than polls can see.
func (s *Stands) Interval(t int) time.Duration {
	if t >= len(s.topics) || s.topics[t].rules == nil {
		return 0
	}
	h := s.habits.Of(s.group.Topics[t].Topic)
	return s.topics[t].rules.interval(&h)
}

// Rest adds up a group's rests, in records, and counts its partitions by stand.
type Rest struct {
	Read, Unknown int64 // offsets: known not to be records, and not known
	Resting       int   // partitions of Unknown
	Slow, Stalled int   // partitions

	Interval      time.Duration // between commits: what time lag reckons with; 0: less than polls can see
	StallAfter    time.Duration // commits that stand for longer while records wait are stalled, on the slowest topic
	RhythmUnknown bool          // StallAfter is not learned or set on every topic
	MayBeRead     time.Duration // what waits for less may be read, because it is not known how often the group commits; 0: it is known
}

// Rest is the sum over the last reading; nil selects all topics.
func (s *Stands) Rest(wants func(topic string) bool) Rest {
	var sum Rest
	if s.group == nil {
		return sum
	}
	for t := range s.group.Topics {
		topic := &s.group.Topics[t]
		if topic.Orphaned || wants != nil && !wants(topic.Topic) || t >= len(s.topics) || s.topics[t].rules == nil {
			continue
		}
		h := s.habits.Of(topic.Topic)
		sum.rhythm(&h, s.topics[t].rules)
		for i := range topic.Partitions {
			if v, ok := s.View(t, i); ok {
				sum.add(v.Stand, &topic.Partitions[i])
			}
		}
	}
	return sum
}

func (r *Rest) add(is Stand, p *PartitionLag) {
	waiting, _ := p.Lag()
	switch is {
	case StandRead:
		r.Read += waiting
	case StandRest:
		r.Unknown += waiting
		r.Resting++
	case StandSlow:
		r.Slow++
	case StandStalled:
		r.Stalled++
	}
}

// rhythm is that of the slowest topic. If it is not known for one topic, it is not known for the group.
func (r *Rest) rhythm(h *TopicHabits, rules *StandRules) {
	after, known := rules.stallAfter(h)
	r.RhythmUnknown = r.RhythmUnknown || !known
	r.MayBeRead = max(r.MayBeRead, rules.mayBeRead(h))
	r.StallAfter = max(r.StallAfter, time.Duration(after)*time.Millisecond)
	r.Interval = max(r.Interval, rules.interval(h))
}
