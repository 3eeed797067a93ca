package learn

import (
	"slices"
	"time"

	"github.com/lagscaler/lagscaler/scaler/seen"
)

// What a sample of the capacity must be.
const (
	sampleWindow   = 30 * time.Second
	sampleCommits  = 3    // a consumer with fewer commits in the window shows batches, not its speed
	saturatedWork  = 12.0 // seconds of work waiting, at both ends of the window: then the consumer was busy all the time
	movedFactor    = 5.0  // an offset that advances faster than this many times the capacity was moved, not read
	unevenFactor   = 3    // polls of 10 s see one to three commits of 5 s; more in one poll looks like a moved offset
	samplesToTrust = 3    // in a row
)

// sample is one window in which only processing can have moved an offset.
type sample struct {
	from      int64 // when it began, Unix ns
	members   int32
	saturated int32   // consumers that were busy all the time
	median    float64 // records/s of a saturated consumer
	best      float64 // records/s of the best consumer
	sum       float64 // records/s of all
}

// samples are the last ones.
type samples struct {
	until int64                   // end of the last window, Unix ns
	best  [samplesToTrust]float64 // of each of the last windows
	count int
}

// with returns the samples with one more.
func (s samples) with(one sample) samples {
	s.best[s.count%samplesToTrust] = one.best
	s.count++
	return s
}

// sustained is the least that the best consumer did in any of the last three windows; 0 when there were fewer.
func (s *samples) sustained() float64 {
	if s.count < samplesToTrust {
		return 0
	}
	return slices.Min(s.best[:])
}

// sampleStatus is whether a window is a sample.
type sampleStatus uint8

const (
	notYet sampleStatus = iota // too short, or members or partitions changed: it may become a sample
	moved                      // an offset was moved: it is none, and those before are void
	usable
)

// consumer is one consumer over a window.
type consumer struct {
	done          int64 // records
	commits       int
	before, after int64 // its lag at both ends, in partitions that moved: a partition that is stuck is no work
	least, most   int64 // records between two polls
	incomplete    bool  // a partition of it was not answered
}

func (c *consumer) add(records int64, first bool) {
	if records > 0 {
		c.commits++
	}
	if first {
		c.least, c.most = records, records
	}
	c.done, c.least, c.most = c.done+records, min(c.least, records), max(c.most, records)
}

// sample takes one of the window that ends now, if enough time has passed since the last one and only processing can have
// moved an offset: the same members with the same partitions, no rebalance, no position that jumped.
func (l *learner) sample() (sample, sampleStatus) {
	r, clk := &l.seen.Readings, l.seen.Paced(l.now.Clock)
	if r.Len() < 2 || l.seen.Read == nil {
		return sample{}, notYet
	}
	length := max(clk.Scale(sampleWindow), sampleCommits*l.seen.CommitInterval)
	first := r.Before(length, clk.Slack())
	from, last := r.At(first), r.Last()
	if !r.Spans(first, length, clk.Slack()) || from.At < l.progress.samples.until || last.MembersSince > from.At ||
		last.Members == 0 || l.seen.CatchingUp(last.Time(), clk) {
		return sample{}, notYet
	}
	consumers, ok := l.consumers(first)
	if !ok {
		return sample{}, moved
	}
	seconds := time.Duration(last.At - from.At).Seconds()
	if l.shared() {
		pool := l.summarizePool(consumers[0], last.Members, seconds)
		pool.from = from.At
		return pool, usable
	}
	all := l.summarize(consumers, seconds)
	all.from = from.At
	return all, usable
}

// shared reports whether several consumers may have the same partition: then nobody can tell which of them processed what.
func (l *learner) shared() bool { return seen.AssignmentOf(l.seen.Read) == seen.Shared }

// ConsumerOf is the consumer that a partition's records count for: its owner, or the pool of all consumers of a share group.
// -1: none.
func ConsumerOf(owner int32, consumers int, shared bool) int {
	switch {
	case shared:
		return 0
	case owner < 0 || int(owner) >= consumers:
		return -1
	}
	return int(owner)
}

// Saturated reports whether a consumer that processes rate records/s worked all the time of a window: because so many records waited
// for it at both ends.
func Saturated(before, after, rate float64) bool {
	return rate > 0 && min(before, after) > saturatedWork*rate
}

// consumers adds up the records that each consumer processed since a reading, those of a share group in one; ok is false when
// an offset was moved.
func (l *learner) consumers(first int) (list []consumer, ok bool) {
	r := &l.seen.Readings
	list = make([]consumer, r.Last().Members)
	pooled, shared := 1.0, l.shared()
	if shared {
		list, pooled = make([]consumer, 1), float64(r.Last().Members)
	}
	begin, end := &r.At(first).Offsets, &r.Last().Offsets
	for c := range end.Len() {
		before, after := begin.Of(c), end.Of(c)
		if o := ConsumerOf(after.Owner, len(list), shared); o >= 0 && after.Position > before.Position {
			list[o].before += before.Lag()
			list[o].after += after.Lag()
		}
	}
	known, _ := l.source.Capacity()
	done := make([]int64, len(list))
	for i := first + 1; i < r.Len(); i++ {
		l.processed(i, list, done)
		most := movedFactor * known * pooled * float64(r.At(i).At-r.At(i-1).At) / 1e9
		for k, n := range done {
			if n < 0 || known > 0 && float64(n) > most {
				return nil, false
			}
			list[k].add(n, i == first+1)
		}
	}
	return list, true
}

// processed counts into done the records that each consumer processed between reading i-1 and reading i.
func (l *learner) processed(i int, list []consumer, done []int64) {
	clear(done)
	before, read, shared := &l.seen.Readings.At(i-1).Offsets, &l.seen.Readings.At(i).Offsets, l.shared()
	for c := range read.Len() {
		was, now := before.Of(c), read.Of(c)
		switch o := ConsumerOf(now.Owner, len(list), shared); {
		case o < 0:
		case now.Known&was.Known != seen.KnowsBoth:
			list[o].incomplete = true
		default:
			done[o] += now.Position - was.Position
		}
	}
}

func (l *learner) summarize(consumers []consumer, seconds float64) sample {
	s := sample{members: int32(len(consumers))}
	var busy []float64
	for _, c := range consumers {
		rate := float64(c.done) / seconds
		s.sum += rate
		if !l.regular(c) {
			continue
		}
		s.best = max(s.best, rate)
		if Saturated(float64(c.before), float64(c.after), rate) {
			busy = append(busy, rate)
		}
	}
	s.saturated = int32(len(busy))
	if l.now.TwoPlaces {
		return s.ofTwoPlaces(busy)
	}
	if len(busy) > 0 {
		slices.Sort(busy)
		s.median = busy[len(busy)/2]
	}
	return s
}

// ofTwoPlaces is a sample of consumers in two places, whose machines may differ: what all members did, over all members. Their median
// would be that of one place, and the best one does what no other place can. The mean of those that were busy counts where they are
// most of all: else they may be those of one place.
//
//	10 do 100/s in one place, 10 do 50/s in the other, all busy     75/s, so that 40 do 3 000/s; a median of 100/s would ask for 30
//	only the 10 that do 50/s are busy                               nothing: 75/s is a lower bound
func (s sample) ofTwoPlaces(busy []float64) sample {
	s.best, s.median = s.sum/float64(s.members), 0
	if len(busy) > 0 && 10*len(busy) >= 9*int(s.members) {
		for _, rate := range busy {
			s.median += rate / float64(len(busy))
		}
	}
	return s
}

// summarizePool is a sample of a share group: each of its members does the same part of what all did.
func (l *learner) summarizePool(pool consumer, members int32, seconds float64) sample {
	rate := float64(pool.done) / seconds
	s := sample{members: members, sum: rate}
	if !l.regular(pool) {
		return s
	}
	s.best = rate / float64(members)
	if Saturated(float64(pool.before), float64(pool.after), rate) {
		s.saturated, s.median = members, s.best
	}
	return s
}

// regular reports whether the commits of a consumer show its speed.
func (l *learner) regular(c consumer) bool {
	known, _ := l.source.Capacity()
	return !c.incomplete && c.commits >= sampleCommits && (known > 0 || c.most <= unevenFactor*c.least)
}
