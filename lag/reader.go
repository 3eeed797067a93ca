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
	now, was int64    // ms at this reading and at the one before, see Stands.now
	learns   bool     // no long time lies between them
	paused   bool     // a rebalance lies between them

	habit *TopicHabits // of the topic that is read now
	seen  *learned     // from that topic
	made  stand        // of the partition that is read now
}

// learned is what the partitions of one topic show at one reading. Each kind counts once, because one
// transaction may pass the rests of twelve partitions.
type learned struct {
	stood    int64 // the longest stand that ended
	interval int64
	passed   []int64
	work     []int64 // sizes of rests that were records
	cleared  bool    // a commit reached the end without new records
	read     bool    // the lists of what is read and what is stuck change
}

func (r *reader) topic(t int) {
	topic := &r.g.Topics[t]
	at, _ := r.next.habits.find(topic.Topic) // each topic of the group has a place, see forTopics
	habit := &r.next.habits[at]
	var seen learned
	r.habit, r.seen = habit, &seen
	var old []stand
	var before []PartitionLag
	if r.before.group != nil {
		if k, ok := r.before.group.topicIndex(topic.Topic); ok && r.before.group.Topics[k].ID == topic.ID {
			before = r.before.group.Topics[k].Partitions
			old = r.before.topics[k].list
		}
	}
	list := make([]stand, 0, len(old))
	k := 0
	for i := range topic.Partitions {
		p := &topic.Partitions[i]
		for k < len(old) && old[k].partition < p.Partition {
			k++
		}
		var was *stand
		if k < len(old) && old[k].partition == p.Partition {
			was = &old[k]
		}
		if p.Evidence.Has(OpenTransaction) {
			habit.transaction(p.Partition)
		}
		if r.partition(p, was, partitionOf(before, i, p.Partition)) {
			list = append(list, r.made)
		}
	}
	seen.into(habit, r.g.ReadAt.UTC())
	k = 0
	for i := range list {
		for topic.Partitions[k].Partition != list[i].partition {
			k++
		}
		r.judge(&list[i], &topic.Partitions[k])
	}
	if seen.read {
		habit.keepRead(list)
	}
	r.next.topics[t] = topicStands{list: list, rules: r.rules}
}

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

// partition makes what is remembered of a partition after this reading; false: nothing is.
func (r *reader) partition(p *PartitionLag, was *stand, last *PartitionLag) bool {
	position, known := p.standsAt()
	waiting, counted := p.Lag()
	owner := r.owner(p)
	switch {
	case was == nil && last == nil:
		return r.begin(p, position, owner)
	case !known || !counted || p.Err != OK: // not read: as it was
		if was != nil {
			r.made = *was
		}
		return was != nil
	case was == nil:
		return r.second(p, last, position, waiting, owner)
	case position == was.committed && waiting > 0:
		r.made = *was
		r.made.step(p, owner, r.paused, r.rules.scale(RestAfter), r.now)
		return true
	}
	r.seen.read = r.seen.read || was.read || was.stuck
	if position != was.committed {
		r.moved(was, p, position, owner)
	}
	return false
}

// second is a partition of which nothing was remembered, at the reading after the first one.
func (r *reader) second(p, last *PartitionLag, position, waiting int64, owner uint32) bool {
	then, known := last.standsAt()
	left, counted := last.Lag()
	switch {
	case !known || !counted || last.Err != OK:
	case position != then:
		r.movedAtOnce(last, p, then, position, left)
	case waiting > 0:
		r.made = stand{
			partition: p.Partition, committed: position, end: last.End, stoppedAt: last.End, since: r.was, endSince: r.was,
			owner: owner, read: r.habit.readRest(last), stuck: r.habit.stuckAt(last), full: !r.before.first || last.End <= position,
		}
		r.made.step(p, owner, r.paused, r.rules.scale(RestAfter), r.now)
		return true
	}
	return false
}

// begin remembers a partition at its first reading only if it was known to be read before this process started.
func (r *reader) begin(p *PartitionLag, position int64, owner uint32) bool {
	if waiting, known := p.Lag(); !known || waiting == 0 || p.Err != OK || !r.habit.readRest(p) {
		return false
	}
	r.made = stand{
		partition: p.Partition, committed: position, end: p.End, stoppedAt: p.End, since: r.now, endSince: r.now, held: r.now,
		owner: owner, read: true,
	}
	return true
}

func (r *reader) owner(p *PartitionLag) uint32 {
	if p.Owner < 0 || int(p.Owner) >= len(r.owners) {
		return 0
	}
	return r.owners[p.Owner]
}

func (r *reader) judge(e *stand, p *PartitionLag) {
	if _, known := p.Lag(); !known || p.Err != OK {
		return // not read: as it was
	}
	read, stuck := e.read, e.stuck
	e.is = e.judge(p, r.habit, r.rules, r.now)
	after, known := r.rules.stallAfter(r.habit)
	if !known {
		after = r.rules.scale(StallAfter)
	}
	e.still = e.is != StandRead && e.is != StandRest && r.now-max(e.since, e.beyond) >= after
	r.seen.read = r.seen.read || read != e.read || stuck != e.stuck
	if e.is == StandRead || e.is == StandRest {
		e.restTo, e.doubted = e.end, e.is == StandRest
	}
}

// moved learns from a commit that stood until now and has moved.
func (r *reader) moved(e *stand, p *PartitionLag, position int64, owner uint32) {
	if position < e.committed || !r.learns {
		return
	}
	r.habit.Reached = r.habit.Reached || position >= p.End
	if p.End == e.end && position >= p.End && (e.beyond == 0 || r.now-e.endSince >= r.rules.scale(RestAfter)) {
		r.seen.cleared = true
	}
	if owner == 0 || owner != e.owner || r.paused {
		return // a restart or a rebalance: the stuck consumer may be gone
	}
	from, whole := r.passed(e, p, position)
	if !whole || !e.full && e.held == 0 {
		return // its beginning was not seen
	}
	took := r.now - from
	r.seen.stood = max(r.seen.stood, took)
	waiting, left := p.End-e.committed, p.End-position
	switch toCommit := e.full && e.held <= e.since && e.moves >= 2; { // seen from commit to commit
	case toCommit && left*4 <= waiting: // it covers all that came
		r.seen.interval = max(r.seen.interval, took)
	case toCommit && took >= r.rules.scale(StallAfter):
		r.habit.Partial = true
	}
}

// passed learns whether what lay between the commit and the end was a rest. It returns when the commit began to stand; whole is
// false if the record that moved it came after the reading before, so that nobody knows when.
func (r *reader) passed(e *stand, p *PartitionLag, position int64) (from int64, whole bool) {
	e = e.rested(p, r.rules.scale(RestAfter), r.was)
	rest := e.stoppedAt - e.committed
	sinceBefore := e.beyond == 0 && p.End > e.end && position > e.stoppedAt // what came since the reading before is committed already
	switch {
	case rest <= 0 || e.beyond == 0 && !sinceBefore:
		return e.from(), true
	case position <= e.stoppedAt: // it stopped within the rest: these were records
		r.seen.work = append(r.seen.work, rest)
		return max(e.since, e.held), true
	}
	if r.wasRest(e) {
		r.seen.passed = append(r.seen.passed, rest)
	}
	if sinceBefore {
		r.seen.stood = max(r.seen.stood, r.next.gap)
	}
	return e.from(), !sinceBefore
}

// wasRest reports whether there was a rest: both offsets did not move for long enough before records came, and the commit moved
// soon after. If a stuck consumer continues hours later, this is not counted.
func (r *reader) wasRest(e *stand) bool {
	until := e.beyond
	if until == 0 {
		until = r.now
	}
	least := r.rules.scale(RestAfter)
	if within := r.habit.Within.Milliseconds(); within == 0 {
		least = r.rules.scale(StallAfter)
	} else {
		least = max(least, within)
	}
	return until-max(e.since, e.held) >= least && e.moves < unreadMoves && r.now-until <= r.rules.scale(StallAfter)
}

// movedAtOnce learns from a commit that moved between two consecutive readings.
func (r *reader) movedAtOnce(last, p *PartitionLag, then, position, left int64) {
	if position < then || !r.learns {
		return
	}
	r.habit.Reached = r.habit.Reached || position >= p.End
	if left > 0 && p.End == last.End && position >= p.End {
		r.seen.cleared = true
	}
	if (left > 0 || p.End > last.End) && p.Owner >= 0 && !r.paused {
		// The interval is at most that of the polls. With polls of a minute that is no interval that could be subtracted from anything.
		r.seen.stood, r.seen.interval = max(r.seen.stood, r.next.gap), max(r.seen.interval, min(r.next.gap, r.rules.scale(RestAfter)/2))
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

// keepRead remembers which partitions are read and which are stuck, for the next process.
func (h *TopicHabits) keepRead(list []stand) {
	h.Read, h.Stuck = nil, nil
	for i := range list {
		switch e := &list[i]; {
		case e.read && len(h.Read) < readKept:
			h.Read = append(h.Read, ReadRest{e.partition, e.committed, e.end})
		case e.stuck && len(h.Stuck) < readKept:
			h.Stuck = append(h.Stuck, StuckCommit{e.partition, e.committed})
		}
	}
}
