package lag

import "time"

// Age is how long before the newest reading of a log's end the record at an offset was appended. It is interpolated
// between the two readings around it. read is called with indexes below n, of which the oldest reading is 0; ok is
// false for one that is missing, and at counts from any fixed time.
//
//	the log's end was 100 at 0 s, 200 at 10 s and 400 at 20 s
//
//	offset  age
//	300     5 s            half of the way from 200 to 400
//	200     10 s
//	150     15 s
//	40      at least 20 s  appended before the first reading
//	400     ?              the record is not in the log yet
//
// A log whose end went back was truncated or recreated: what was read before that counts as missing.
func Age(offset int64, n int, read func(i int) (at time.Duration, end int64, ok bool)) (age time.Duration, atLeast, ok bool) {
	var newest, nextAt time.Duration
	var nextEnd int64
	for i := n - 1; i >= 0; i-- {
		at, end, known := read(i)
		switch {
		case !known:
		case !ok && end <= offset:
			return 0, false, false
		case !ok:
			newest, nextAt, nextEnd, ok = at, at, end, true
		case end > nextEnd:
			return newest - nextAt, true, true
		case end <= offset:
			share := float64(offset-end) / float64(nextEnd-end)
			return newest - at - time.Duration(share*float64(nextAt-at)), false, true
		default:
			nextAt, nextEnd = at, end
		}
	}
	return newest - nextAt, true, ok
}

// TimeLag is the [Age] of the record at a group's position: of the oldest record that it has not read yet.
type TimeLag struct {
	seconds float32
	known   bool
	atLeast bool
}

// NewTimeLag is a known time lag, or a lower bound of one.
func NewTimeLag(seconds float64, atLeast bool) TimeLag {
	return TimeLag{seconds: float32(seconds), known: true, atLeast: atLeast}
}

// Value is the time lag in seconds; atLeast says that the record was appended before everything that is remembered,
// so that this is a lower bound.
func (t TimeLag) Value() (seconds float64, atLeast, ok bool) {
	return float64(t.seconds), t.atLeast, t.known
}

// minus is the time lag without what a group that commits at intervals may have read since its last commit.
func (t TimeLag) minus(seconds float64) TimeLag {
	t.seconds = max(0, t.seconds-float32(seconds))
	return t
}

// minHistory is how long the end of a log must have been watched before a lower bound of that age means anything.
const minHistory = time.Minute

// timeLags is the time lag of every partition.
func (h *History) timeLags(g *GroupLag, stands *Stands) [][]TimeLag {
	all := make([][]TimeLag, len(g.Topics))
	for t := range g.Topics {
		topic := &g.Topics[t]
		all[t] = make([]TimeLag, len(topic.Partitions))
		ends := h.topics[topic.Topic]
		interval := stands.Interval(t).Seconds()
		for i := range topic.Partitions {
			p := &topic.Partitions[i]
			position, _ := p.Position()
			v, ok := stands.View(t, i)
			switch {
			case ok && v.Stand == StandRead:
				all[t][i] = NewTimeLag(0, false)
				continue
			case ok && v.Stand == StandRest:
				continue // unknown
			case ok:
				position = max(position, v.Unread)
			}
			all[t][i] = ends.timeLag(p, position)
			if v.Stand == StandMoving {
				all[t][i] = all[t][i].minus(interval)
			}
		}
	}
	return all
}

// worst is the time lag of the worst partition of the topics that are wanted; nil wants all. A partition that lags for an
// unknown time may be the worst one: then the others give a lower bound, or nothing when none of them is late.
func (r *Rates) worst(g *GroupLag, wants func(topic string) bool) (worst TimeLag) {
	unknown := false
	for t := range g.Topics {
		topic := &g.Topics[t]
		if topic.Orphaned || wants != nil && !wants(topic.Topic) {
			continue
		}
		for i := range topic.Partitions {
			one := r.PartitionTimeLag(t, i)
			if one.known && (!worst.known || one.seconds > worst.seconds) {
				worst = one
			}
			if n, ok := topic.Partitions[i].Lag(); ok && n > 0 && !one.known {
				unknown = true
			}
		}
	}
	if unknown && worst.seconds == 0 {
		return TimeLag{}
	}
	worst.atLeast = worst.atLeast || unknown
	return worst
}

// timeLag is the time lag of one partition of the topic. That of a share group is not known: its members do not read in
// the order of offsets.
func (t *topicEnds) timeLag(p *PartitionLag, position int64) TimeLag {
	lag, ok := p.Lag()
	switch {
	case !ok || p.Err != OK || p.Known.Has(KnownLag):
		return TimeLag{}
	case lag == 0:
		return NewTimeLag(0, false)
	case t == nil || int(p.Partition) >= len(t.partitions):
		return TimeLag{}
	}
	age, atLeast, ok := t.partitions[p.Partition].age(position)
	if !ok || atLeast && age < minHistory {
		return TimeLag{}
	}
	return NewTimeLag(age.Seconds(), atLeast)
}
