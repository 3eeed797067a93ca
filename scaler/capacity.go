package scaler

import (
	"slices"
	"time"
)

// The lessons that capacity is learned from.
const (
	lessonWindow   = 30 * time.Second
	lessonCommits  = 3                // a window with fewer commits of a consumer shows batches, not work
	quietBefore    = 35 * time.Second // after a rebalance: members still catch up on what they lost
	saturatedWork  = 12.0             // seconds of work waiting, at both ends of the window
	jumpFactor     = 5.0              // an offset that advances faster than this many times the capacity was moved, not read
	raiseWithin    = time.Hour        // in which capacity at most doubles
	lessonsToTrust = 3                // windows in a row
)

// lessons is what the last windows showed.
type lessons struct {
	until int64                   // end of the last window
	tops  [lessonsToTrust]float64 // the best consumer of each of the last windows
	n     int
}

// lesson is one window in which nothing but work can have moved an offset.
type lesson struct {
	members   int32
	saturated int32
	median    float64 // records/s of a saturated consumer
	top       float64 // records/s of the best consumer
	sum       float64 // records/s of all
}

// worker is one consumer over a window.
type worker struct {
	done          int64 // records
	commits       int
	before, after int64 // its lag at both ends, where it moved: a poisoned partition is no work
	least, most   int64 // records between two polls
	spoilt        bool  // a partition of it was not answered
}

// study makes a lesson of the window that ends now, if enough time has passed since the last one and the window shows
// nothing but work: the same members with the same partitions, no rebalance, no position that jumped.
func (g *gauge) study() (lesson, bool) {
	w := &g.w.window
	if w.len() < 2 || g.w.lag == nil {
		return lesson{}, false
	}
	length := max(g.clk.of(lessonWindow), lessonCommits*g.src.CommitInterval)
	first := w.before(length, g.clk.Poll/2)
	from, tip := w.row(first), w.tip()
	span := time.Duration(tip.at - from.at)
	quiet := !g.src.Rebalance.Active && time.Unix(0, tip.at).Sub(g.src.Rebalance.LastEnd) >= g.clk.of(quietBefore)
	if span < length-g.clk.Poll/2 || from.at < g.w.learned.until || tip.same > from.at || tip.members == 0 || !quiet {
		return lesson{}, false
	}
	g.w.learned.until = tip.at
	workers := make([]worker, tip.members)
	if !g.watchWork(workers, first) {
		g.w.learned.n = 0
		return lesson{}, false
	}
	return g.conclude(workers, span.Seconds()), true
}

// watchWork adds up what each worker did since row first; ok is false when an offset jumped.
func (g *gauge) watchWork(workers []worker, first int) (ok bool) {
	w := &g.w.window
	begin, end := w.cells(first), w.cells(w.len()-1)
	for c := range end {
		if o := end[c].owner; o >= 0 && int(o) < len(workers) && end[c].pos > begin[c].pos {
			workers[o].before += begin[c].end - begin[c].pos
			workers[o].after += end[c].end - end[c].pos
		}
	}
	moved := make([]int64, len(workers))
	for i := first + 1; i < w.len(); i++ {
		clear(moved)
		was := w.cells(i - 1)
		for c, now := range w.cells(i) {
			switch o := now.owner; {
			case o < 0 || int(o) >= len(workers):
			case now.known&was[c].known != knowsBoth:
				workers[o].spoilt = true
			default:
				moved[o] += now.pos - was[c].pos
			}
		}
		most := jumpFactor * g.need.PerConsumer * float64(w.row(i).at-w.row(i-1).at) / 1e9
		for k, n := range moved {
			if n < 0 || g.need.PerConsumer > 0 && float64(n) > most {
				return false
			}
			if n > 0 {
				workers[k].commits++
			}
			workers[k].add(n, i == first+1)
		}
	}
	return true
}

func (m *worker) add(n int64, first bool) {
	if first {
		m.least, m.most = n, n
	}
	m.done, m.least, m.most = m.done+n, min(m.least, n), max(m.most, n)
}

// uneven is how much more may be done in one poll than in another before it looks like a jump: with commits every 5 s,
// polls of 10 s see one to three of them.
const uneven = 3

func (g *gauge) conclude(workers []worker, seconds float64) lesson {
	l := lesson{members: int32(len(workers))}
	var busy []float64
	for _, m := range workers {
		rate := float64(m.done) / seconds
		l.sum += rate
		if m.spoilt || m.commits < lessonCommits || g.need.PerConsumer == 0 && m.most > uneven*m.least {
			continue
		}
		l.top = max(l.top, rate)
		if waiting := saturatedWork * rate; float64(m.before) > waiting && float64(m.after) > waiting {
			busy = append(busy, rate)
		}
	}
	l.saturated = int32(len(busy))
	if len(busy) > 0 {
		slices.Sort(busy)
		l.median = busy[len(busy)/2]
	}
	return l
}

// note keeps the lesson among the last ones.
func (s *lessons) note(l lesson) {
	s.tops[s.n%lessonsToTrust] = l.top
	s.n++
}

// top is what the best consumer did at least in each of the last three windows; 0 when there were fewer.
func (s *lessons) top() float64 {
	if s.n < lessonsToTrust {
		return 0
	}
	return slices.Min(s.tops[:])
}

// learn takes a lesson into what is remembered of the group's capacity.
//
//	down  saturated consumers did less:        0.7 known + 0.3 median, at most a fifth in one step
//	up    a consumer did more, three times:    0.5 known + 0.5 of it, at most twice an hour's
//	new   nothing known, consumers saturated:   median
func (m *SourceMemory) learn(s *lessons, l lesson, now time.Time, clk Clock) {
	s.note(l)
	top := s.top()
	m.remember(top, l.members, now, clk)
	known := m.PerConsumer
	switch {
	case known == 0:
		m.PerConsumer, m.Seen = l.median, max(m.Seen, l.top)
	case l.median > 0 && l.median < known:
		m.PerConsumer = max(known/5, 0.7*known+0.3*l.median)
	case top > known:
		if now.Sub(m.RaisedAt) >= clk.of(raiseWithin) {
			m.RaisedAt, m.RaisedFrom = now, known
		}
		m.PerConsumer = max(known, min(0.5*known+0.5*top, 2*m.RaisedFrom))
	}
}

// bestForgets is how much of the best is forgotten in an hour.
const bestForgets = 0.005

// remember keeps the best one consumer ever did, and among how many: a little less of it with time.
func (m *SourceMemory) remember(top float64, members int32, now time.Time, clk Clock) {
	if !m.BestAt.IsZero() {
		m.Best *= 1 - bestForgets*min(1, now.Sub(m.BestAt).Hours()*clk.Pace)
	}
	m.BestAt = now
	if top >= m.Best && top > 0 {
		m.Best, m.BestAtN = top, members
	}
}

// declare starts from what the user says of the processing time. When that changes, what was learned of it is void.
func (m *SourceMemory) declare(s SourceSpec) {
	declared := 0.0
	if s.ProcessingTime > 0 {
		declared = float64(max(1, s.Concurrency)) / s.ProcessingTime.Seconds()
	}
	if declared != m.Declared {
		m.Declared, m.PerConsumer = declared, declared
	}
}

// capacity is what one consumer does in a second, as far as is known.
func (m *SourceMemory) capacity() (perSecond float64, from CapacityFrom) {
	switch {
	case m.PerConsumer > 0 && m.PerConsumer == m.Declared:
		return m.PerConsumer, Declared
	case m.PerConsumer > 0:
		return m.PerConsumer, Learned
	case m.Seen > 0:
		return m.Seen, Observed
	}
	return 0, NotKnown
}

// known reports whether a capacity may be planned with; what was merely observed is a lower bound.
func (c CapacityFrom) known() bool { return c == Declared || c == Learned }
