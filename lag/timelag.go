package lag

import (
	"slices"
	"time"
)

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
	atMost  bool // seconds is an upper bound, and nothing else is known
}

// NewTimeLag is a known time lag, or a lower bound of one.
func NewTimeLag(seconds float64, atLeast bool) TimeLag {
	return TimeLag{seconds: float32(seconds), known: true, atLeast: atLeast}
}

// TimeLagAtMost is an upper bound of a time lag of which nothing else is known.
func TimeLagAtMost(seconds float64) TimeLag {
	return TimeLag{seconds: float32(seconds), known: true, atMost: true}
}

// Value is the time lag in seconds; atLeast says that the record was appended before everything that is remembered,
// so that this is a lower bound.
// It is not ok if only an upper bound is known.
func (t TimeLag) Value() (seconds float64, atLeast, ok bool) {
	if t.atMost {
		return 0, false, false
	}
	return float64(t.seconds), t.atLeast, t.known
}

// AtMost is an upper bound of the time lag, if that is all that is known of it: after a start, before the group has read
// what was there.
func (t TimeLag) AtMost() (seconds float64, ok bool) { return float64(t.seconds), t.known && t.atMost }

// minus is the time lag without what a group that commits at intervals may have read since its last commit.
func (t TimeLag) minus(seconds float64) TimeLag {
	if t.atMost {
		return t
	}
	t.seconds = max(0, t.seconds-float32(seconds))
	return t
}

// timeLags is the time lag of every partition. That of a topic that no member subscribes to is not known: nobody may want to read it.
// Those of a topic that are as they were share the memory of the poll before.
func (h *History) timeLags(past *groupHistory, g *GroupLag) [][]TimeLag {
	all := make([][]TimeLag, len(g.Topics))
	for t := range g.Topics {
		topic := &g.Topics[t]
		_, left := findLeft(g.Left, topic.Topic)
		ends, interval := h.topics[topic.Topic], past.stands.Interval(t).Seconds()
		h.lates = h.lates[:0]
		for i := range topic.Partitions {
			late := TimeLag{}
			if !left {
				v, ok := past.stands.View(t, i)
				late = ends.unread(&topic.Partitions[i], v, ok, interval)
			}
			h.lates = append(h.lates, late)
		}
		if t < len(past.timeLags) && slices.Equal(past.timeLags[t], h.lates) {
			all[t] = past.timeLags[t]
		} else {
			all[t] = slices.Clone(h.lates)
		}
	}
	past.timeLags = all
	return all
}

// unread is the time lag of one partition, whose stand is v if it is remembered; interval is the time between commits, in seconds.
func (t *topicEnds) unread(p *PartitionLag, v View, remembered bool, interval float64) TimeLag {
	position, _ := p.Position()
	switch {
	case remembered && v.Stand == StandRead:
		return NewTimeLag(0, false)
	case remembered && (v.Stand == StandRest || v.MayRest):
		return TimeLag{} // unknown
	case remembered:
		position = max(position, v.Unread)
	}
	late := t.timeLag(p, position)
	if v.Stand == StandMoving {
		late = late.minus(interval)
	}
	late.atLeast = late.atLeast || v.Doubted && late.known
	return late
}

// worst is the time lag of the worst partition of the topics that are wanted; nil wants all. A partition that lags for an
// unknown time, or that did not answer, may be the worst one: then the others give a lower bound, or nothing when none of them
// is late. The same holds for one of which only a lower bound is known; upper bounds hold only if there is neither.
//
//	partitions                    worst
//	20 s, 30 s                    30 s
//	20 s, unknown                 at least 20 s
//	0 s, did not answer           unknown
//	20 s, at most 60 s            at most 60 s
//	20 s, at least 60 s           at least 60 s
//	at most 60 s, at least 20 s   at least 20 s
//	at most 60 s, unknown         unknown
func (r *Rates) worst(g *GroupLag, wants func(topic string) bool) TimeLag {
	var w worstLag
	for t := range g.Topics {
		topic := &g.Topics[t]
		if topic.Orphaned || wants != nil && !wants(topic.Topic) {
			continue
		}
		for i := range topic.Partitions {
			w.add(r.PartitionTimeLag(t, i), &topic.Partitions[i])
		}
	}
	switch {
	case w.unknown && w.least.seconds == 0:
		return TimeLag{}
	case !w.unknown && w.most.known && w.most.seconds > w.least.seconds:
		return w.most
	}
	w.least.atLeast = w.least.atLeast || w.unknown
	return w.least
}

// worstLag finds the worst of several partitions.
type worstLag struct {
	least, most TimeLag // the greatest value or lower bound, and the greatest upper bound
	unknown     bool    // some may be greater than any of these
}

func (w *worstLag) add(one TimeLag, p *PartitionLag) {
	switch {
	case one.atMost && one.seconds > w.most.seconds:
		w.most = one
	case one.known && !one.atMost && (!w.least.known || one.seconds > w.least.seconds):
		w.least = one
	}
	n, ok := p.Lag()
	w.unknown = w.unknown || one.atLeast || !p.Answered() || ok && n > 0 && !one.known
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
	ends := &t.partitions[p.Partition]
	if bound, ok := ends.bound(position); ok {
		return bound
	}
	age, atLeast, ok := ends.age(position)
	if !ok || atLeast && age == 0 { // the first reading: "at least 0 s" says nothing
		return TimeLag{}
	}
	return NewTimeLag(age.Seconds(), atLeast)
}
