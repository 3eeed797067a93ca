package lag

import "time"

// Stand is what the commits of one partition show about the records between the committed offset and the end of the log.
//
// Two consumers show the same offsets: one is stuck on k records; the other has read everything, and the last k offsets belong
// to transactions (markers, aborted batches). judge says which earlier readings distinguish them; without them the answer is
// StandRest.
type Stand uint8

// The stands of a partition.
const (
	StandMoving  Stand = iota // nothing waits, the commits move, they have not stood for long, or nobody has the partition
	StandRead                 // the offsets after the commit are known not to be records: everything is read
	StandRest                 // it is not known whether the offsets after the commit are unread records
	StandSlow                 // records wait and the commits stand, but how often the group commits is not known yet
	StandStalled              // records wait, and the commits stand for longer than usual
)

var standNames = [...]string{"moving", "read", "rest", "slow", "stalled"}

// String is the stand in one word.
func (s Stand) String() string { return standNames[s] }

const (
	// StallAfter is the time for which commits must stand until the partition counts as stalled, if the group is known to
	// commit at least once in half of this time. It is several polls, and longer than the commit interval of Kafka Connect (60 s).
	StallAfter = 120 * time.Second

	// StallAfterUnknown is this time if the commit interval of the group is not known, and its minimum if commits are slow.
	StallAfterUnknown = 15 * time.Minute

	// MaxResidue is the number of offsets that one transaction may leave after a commit: a commit marker and an abort marker.
	// On every topic, it is possible that a rest of at most this size has no records.
	MaxResidue = 2

	// RestAfter is the time for which the end and the commits must not move until the offsets between them may be a rest: three
	// polls.
	RestAfter = 30 * time.Second

	// unreadMoves is the number of polls in which the end must move while the commits stand. Then there are certainly unread
	// records, because a transaction moves the end at most twice: with its records, and with its marker.
	unreadMoves = 3

	// passesKnown is the number of rests of one size that must have been passed until such a rest is known not to be records.
	passesKnown = 3
)

// StandRules are the settings about the commits of a group. The zero value sets nothing.
type StandRules struct {
	LeavesBehind   int64         // so many offsets of a partition are never read
	CommitInterval time.Duration // between two commits; 0: learned
	CommitsWithin  time.Duration // commits never stand for longer while records wait; 0: learned
	Processing     time.Duration // of one record, as its owner says: until the rhythm is known, commits may stand for ten of them
	Pace           float64       // how much faster than documented all times run; 0: 1
}

func (r *StandRules) scale(d time.Duration) int64 {
	return paced(d, r.Pace).Milliseconds()
}

// stallAfter is the time in ms for which the commits of a topic must stand until it is stalled; known is false while the commit
// interval is not known.
//
//	commitsWithin 40m                     40 min
//	commitInterval 10m                    30 min: three of them
//	learned: stand for 8 s at most        2 min
//	learned: stand for 2 min at most      15 min: slow commits vary
//	learned: stand for 15 min at most     30 min
//	nothing known                         15 min, and a warning after 2 min
func (r *StandRules) stallAfter(h *TopicHabits) (after int64, known bool) {
	quick, slow := r.scale(StallAfter), r.scale(StallAfterUnknown)
	switch within := h.Within.Milliseconds(); {
	case r.CommitsWithin > 0:
		return max(quick, r.CommitsWithin.Milliseconds()), true
	case r.CommitInterval > 0:
		return max(quick, 3*r.CommitInterval.Milliseconds()), true
	case within == 0:
		return max(slow, 10*r.Processing.Milliseconds()), false
	case 2*within <= quick:
		return quick, true
	default:
		return max(slow, 2*within), true
	}
}

// restAfter is for how long, in ms, a rest must stand until it may be one: longer than the group needs for its usual work.
func (r *StandRules) restAfter(h *TopicHabits) int64 {
	if stall, known := r.stallAfter(h); known && stall > r.scale(StallAfter) {
		return stall
	}
	return r.scale(RestAfter)
}

// interval is the interval between commits that is in force, 0 when polls cannot see it.
func (r *StandRules) interval(h *TopicHabits) time.Duration {
	interval := r.CommitInterval
	if interval == 0 {
		interval = h.Interval()
	}
	if interval.Milliseconds() < r.scale(RestAfter) {
		return 0
	}
	return interval
}

// mayBeRead is the time lag up to which it is not known whether records wait: the commits are slow, or were not seen yet, and it
// is not known whether each covers all that came since the one before. A sink that commits at intervals has then read what waits;
// a consumer that works on each record for long has not. 0: it is known.
//
//	no commit was seen yet                                    15 min: a partition is stalled after that
//	slow commits                                              as long as it takes until the partition is stalled
//	slow commits, three of which covered all that came        0: the interval is known
//	a slow commit that covered only a part of what came       0: it is work
func (r *StandRules) mayBeRead(h *TopicHabits) time.Duration {
	after, known := r.stallAfter(h)
	slow := known && 2*h.Within.Milliseconds() > r.scale(StallAfter)
	if r.CommitInterval > 0 || known && !slow || len(h.Intervals) >= intervalsKept || h.Partial {
		return 0
	}
	return time.Duration(after) * time.Millisecond
}

// stand is what is remembered of one partition whose commit stands short of the end. Times are Unix ms.
type stand struct {
	committed int64
	end       int64 // at the last reading
	stoppedAt int64 // the end when the commit stopped
	restTo    int64 // offsets below are a rest: time lag begins here
	since     int64 // the last commit, or the first reading
	beyond    int64 // the first record beyond stoppedAt; 0: none yet
	held      int64 // its owner took hold
	endSince  int64 // the end has stood since
	restedTo  int64 // the last end at which both offsets stood for as long as a rest does, before it moved
	restedAt  int64 // when it moved; 0: it did not
	partition int32
	owner     uint32 // 0: none
	moves     uint16 // polls in which the end moved since the owner took hold
	full      bool   // its beginning was seen
	read      bool   // known to be read while both offsets stand
	stuck     bool   // it was stalled while the end moved: it stays so until the commit moves
	still     bool   // see View
	mayRest   bool   // see View
	doubted   bool   // it is not known whether the offsets below restTo are records
	is        Stand
}

// from is when the commits began to stand: the latest of the last commit, the first record beyond the end at which it
// stopped, and the owner's taking hold.
func (s *stand) from() int64 { return max(s.since, s.beyond, s.held) }

// judge says what the stand shows now. It is the one definition of read, rest and stalled: each line is a row of the table in
// the documentation (docs/concepts.md).
func (s *stand) judge(p *PartitionLag, h *TopicHabits, r *StandRules, now int64) Stand {
	waiting, _ := p.Lag()
	owned := s.owner != 0
	s.read = s.read || owned && now > s.endSince && h.passes(waiting) >= passesKnown
	s.mayRest = false
	if p.Evidence.Has(NoData) { // so the moves of the end were no records, too
		s.read, s.stuck, s.moves = true, false, 0
	}
	switch {
	case p.Evidence.Has(NoData):
		return StandRead
	case owned && s.stuck:
		return StandStalled
	case s.moves >= unreadMoves: // records came: they are no rest
		is := s.late(h, r, now)
		s.stuck = s.stuck || is == StandStalled
		return is
	case waiting <= r.LeavesBehind || s.read:
		return StandRead
	case waiting <= MaxResidue || owned && (h.transactionsOn(s.partition) || !h.Reached): // it may be a rest
		if after := r.restAfter(h); now-max(s.endSince, s.held, s.since) < after {
			s.mayRest = now-s.endSince >= after
			return StandMoving
		}
		return StandRest
	}
	return s.late(h, r, now)
}

// late is the stand of a partition in which records wait: by how long its commits stand while a member has it.
func (s *stand) late(h *TopicHabits, r *StandRules, now int64) Stand {
	if s.owner == 0 {
		return StandMoving
	}
	stallAfter, known := r.stallAfter(h)
	switch stood := now - s.from(); {
	case stood >= stallAfter:
		return StandStalled
	case !known && stood >= r.scale(StallAfter):
		return StandSlow
	}
	return StandMoving
}

// step takes in a reading at which the commit stood.
//
// A marker that comes after its records were committed moves the end beyond the one at which the commit stopped. When records
// move it again after it has stood for restAfter, both offsets stood at a rest.
func (s *stand) step(p *PartitionLag, owner uint32, paused bool, restAfter, now int64) {
	if owner != s.owner || paused {
		s.owner, s.held, s.moves = owner, now, 0
	}
	switch {
	case p.End < s.end: // truncated, or made anew
		s.stoppedAt, s.beyond, s.restTo, s.moves, s.endSince, s.read, s.stuck = p.End, 0, 0, 0, now, false, false
		s.restedTo, s.restedAt = 0, 0
	case p.End > s.end:
		if s.moves < unreadMoves && now-s.endSince >= restAfter {
			s.restedTo, s.restedAt = s.end, now
		}
		if owner != 0 && s.held != now {
			s.moves = min(s.moves+1, 1<<15)
		}
		if s.beyond == 0 {
			s.beyond = now
		}
		s.endSince, s.read = now, false
	}
	s.end = p.End
}

// rested is the stand as of the last rest before records came, also if they came since the reading before.
func (s *stand) rested(p *PartitionLag, restAfter, was int64) *stand {
	r := *s
	switch {
	case p.End > s.end && s.moves < unreadMoves && was-s.endSince >= restAfter:
		r.stoppedAt, r.beyond = s.end, 0
	case s.restedAt > 0:
		r.stoppedAt, r.beyond = s.restedTo, s.restedAt
	}
	return &r
}

// View is what readers know of a partition whose commit stands short of the end.
type View struct {
	Topic, Index int // of GroupLag.Topics, and of its Partitions
	Stand        Stand
	Unread       int64     // the offset from which records are counted: for time lag
	Since        time.Time // since when the commits stand
	Doubted      bool      // offsets below Unread may be records: time lag is at least that of Unread
	MayRest      bool      // the end stands like that of a rest, but the commit moved, or its owner took hold, too short a time ago: time lag is not known
	Still        bool      // the commits stand for longer than they usually do, whoever had the partition meanwhile: no replica moves it
}
