package lag

import (
	"slices"
	"time"
)

// reader adds one reading to the stands of a group.
type reader struct {
	before   *Stands
	next     Stands
	g        *GroupLag
	rules    *StandRules
	owners   []uint32 // by member
	now, was int64    // Unix ms of this reading and of the one before
	learns   bool     // no long time lies between them
	paused   bool     // a rebalance lies between them
}

// learned is what the partitions of one topic show at one reading. Each kind counts once, because one
// transaction may pass the rests of twelve partitions.
type learned struct {
	stood    int64 // the longest stand that ended
	interval int64
	passed   []int64
	work     []int64 // sizes that were no rests
	cleared  bool    // a commit reached the end without new records
	read     bool    // the list of rests that are read changes
}

func (r *reader) topic(t int) {
	topic := &r.g.Topics[t]
	habit := &r.next.habits[must(r.next.habits.find(topic.Topic))]
	var old []stand
	var before []PartitionLag
	if r.before.group != nil {
		if k, ok := r.before.group.topicIndex(t, topic.Topic); ok && r.before.group.Topics[k].ID == topic.ID {
			before = r.before.group.Topics[k].Partitions
			old = r.before.topics[k].list
		}
	}
	var seen learned
	list := make([]stand, 0, len(old))
	k := 0
	for i := range topic.Partitions {
		p := &topic.Partitions[i]
		for k < len(old) && old[k].partition < p.Partition {
			k++
		}
		var e *stand
		if k < len(old) && old[k].partition == p.Partition {
			copied := old[k]
			e = &copied
		}
		habit.Transactions = habit.Transactions || p.Evidence.Has(OpenTransaction)
		if e = r.partition(p, e, partitionOf(before, i, p.Partition), habit, &seen); e != nil {
			list = append(list, *e)
		}
	}
	seen.into(habit, time.UnixMilli(r.now).UTC())
	for i := range list {
		e := &list[i]
		if at, ok := slices.BinarySearchFunc(topic.Partitions, e.partition, comparePartition); ok {
			r.judge(e, &topic.Partitions[at], habit, &seen)
		}
	}
	if seen.read {
		habit.keepRead(list)
	}
	r.next.topics[t] = topicStands{list: list, rules: r.rules}
}

func must(i int, _ bool) int { return i }

func comparePartition(p PartitionLag, n int32) int { return int(p.Partition - n) }

func partitionOf(list []PartitionLag, i int, n int32) *PartitionLag {
	if i < len(list) && list[i].Partition == n {
		return &list[i]
	}
	if k, ok := slices.BinarySearchFunc(list, n, comparePartition); ok {
		return &list[k]
	}
	return nil
}

// partition is what is remembered of a partition after this reading; nil: nothing.
func (r *reader) partition(p *PartitionLag, e *stand, last *PartitionLag, h *TopicHabits, seen *learned) *stand {
	position, ok := p.standsAt()
	waiting, known := p.Lag()
	if !ok || !known || p.Err != OK {
		return e // not read: as it was
	}
	owner := r.owner(p)
	if e != nil && position == e.committed {
		if waiting == 0 {
			seen.read = seen.read || e.read
			return nil
		}
		e.step(p, owner, r.paused, r.now)
		return e
	}
	if e != nil {
		seen.read = seen.read || e.read
		r.moved(e, p, position, owner, h, seen)
		return nil
	}
	if last == nil {
		return r.begin(p, position, waiting, owner, h)
	}
	then, ok := last.standsAt()
	left, known := last.Lag()
	switch {
	case !ok || !known || last.Err != OK:
	case position != then:
		r.movedAtOnce(last, p, then, position, left, h, seen)
	case waiting > 0:
		e := &stand{
			partition: p.Partition, committed: position, end: last.End, stoppedAt: last.End, since: r.was, endSince: r.was,
			owner: owner, full: !r.before.first || last.End <= position,
		}
		e.step(p, owner, r.paused, r.now)
		return e
	}
	return nil
}

// begin remembers a partition at its first reading only if it was known to be read before this process started.
func (r *reader) begin(p *PartitionLag, position, waiting int64, owner uint32, h *TopicHabits) *stand {
	if waiting == 0 || !h.readRest(p) {
		return nil
	}
	return &stand{
		partition: p.Partition, committed: position, end: p.End, stoppedAt: p.End, since: r.now, endSince: r.now, held: r.now,
		owner: owner, read: true,
	}
}

func (r *reader) owner(p *PartitionLag) uint32 {
	if p.Owner < 0 || int(p.Owner) >= len(r.owners) {
		return 0
	}
	return r.owners[p.Owner]
}

func (r *reader) judge(e *stand, p *PartitionLag, h *TopicHabits, seen *learned) {
	if _, known := p.Lag(); !known || p.Err != OK {
		return // not read: as it was
	}
	read := e.read
	e.is = e.judge(p, h, r.rules, r.now)
	after, known := r.rules.stallAfter(h)
	if !known {
		after = r.rules.scale(StallAfter)
	}
	e.still = e.is != StandRead && e.is != StandRest && r.now-max(e.since, e.beyond) >= after
	seen.read = seen.read || read != e.read
	if e.is == StandRead || e.is == StandRest {
		e.restTo = e.end
	}
}

// moved learns from a commit that stood until now and has moved.
func (r *reader) moved(e *stand, p *PartitionLag, position int64, owner uint32, h *TopicHabits, seen *learned) {
	if position < e.committed || !r.learns {
		return
	}
	h.Reached = h.Reached || position >= p.End
	if e.beyond == 0 && p.End == e.end && position >= p.End {
		seen.cleared = true
	}
	if owner == 0 || owner != e.owner || r.paused {
		return // a restart or a rebalance: the stuck consumer may be gone
	}
	from := e.from()
	switch rest := e.stoppedAt - e.committed; {
	case rest > 0 && e.beyond > 0 && position > e.stoppedAt:
		if r.wasRest(e, h) {
			seen.passed = append(seen.passed, rest)
		}
	case rest > 0 && e.beyond > 0: // it stopped within the rest: these were records
		seen.work = append(seen.work, rest)
		from = max(e.since, e.held)
	case rest > 0 && p.End > e.end && position > e.stoppedAt: // what came since the reading before is committed already
		if r.wasRest(e, h) {
			seen.passed = append(seen.passed, rest)
		}
		seen.stood = max(seen.stood, r.next.gap)
		return
	}
	if !e.full && e.held == 0 {
		return // its beginning was not seen
	}
	took := r.now - from
	seen.stood = max(seen.stood, took)
	waiting, left := p.End-e.committed, p.End-position
	if e.moves >= 2 && left*4 <= waiting {
		seen.interval = max(seen.interval, took)
	}
}

// wasRest reports whether there was a rest: both offsets did not move for long enough before records came, and the commit moved
// soon after. If a stuck consumer continues hours later, this is not counted.
func (r *reader) wasRest(e *stand, h *TopicHabits) bool {
	until := e.beyond
	if until == 0 {
		until = r.now
	}
	least := r.rules.scale(RestAfter)
	if within := h.Within.Milliseconds(); within == 0 {
		least = r.rules.scale(StallAfter)
	} else {
		least = max(least, within)
	}
	return until-max(e.since, e.held) >= least && e.moves < unreadMoves && r.now-until <= r.rules.scale(StallAfter)
}

// movedAtOnce learns from a commit that moved between two consecutive readings.
func (r *reader) movedAtOnce(last, p *PartitionLag, then, position, left int64, h *TopicHabits, seen *learned) {
	if position < then || !r.learns {
		return
	}
	h.Reached = h.Reached || position >= p.End
	if left > 0 && p.End == last.End && position >= p.End {
		seen.cleared = true
	}
	if (left > 0 || p.End > last.End) && p.Owner >= 0 && !r.paused {
		seen.stood, seen.interval = max(seen.stood, r.next.gap), max(seen.interval, r.next.gap)
	}
}

// into adds the results of one reading to the habits of the topic.
func (l *learned) into(h *TopicHabits, now time.Time) {
	if l.cleared {
		h.Passed = nil
	}
	for _, size := range l.work {
		h.unlearn(size)
	}
	slices.Sort(l.passed)
	for _, size := range slices.Compact(l.passed) {
		if !l.cleared && !slices.Contains(l.work, size) {
			h.pass(size)
		}
	}
	if l.stood > 0 {
		h.stood(time.Duration(l.stood)*time.Millisecond, now)
	}
	if l.interval > 0 {
		h.interval(l.interval)
	}
}

// keepRead remembers which partitions are read, for the next process.
func (h *TopicHabits) keepRead(list []stand) {
	h.Read = nil
	for i := range list {
		if e := &list[i]; e.read && len(h.Read) < readKept {
			h.Read = append(h.Read, ReadRest{e.partition, e.committed, e.end})
		}
	}
}
