package scaler

import (
	"math"
	"sort"
	"sync/atomic"
	"time"

	"github.com/lagscaler/lagscaler/lag"
)

// cell is one partition at one poll.
type cell struct {
	end   int64 // log end offset
	pos   int64 // where the group is: its committed offset, or the log start when that is higher
	owner int32 // member, -1: nobody
	known known
}

// known says which parts of a cell were answered.
type known uint8

const (
	knowsEnd known = 1 << iota
	knowsPos
	knowsBoth = knowsEnd | knowsPos
)

// row is one poll of a source.
type row struct {
	at        int64   // when the offsets were read, Unix ns
	same      int64   // since when members and owners have been as they are
	rate      float64 // records/s arriving over the rate window
	consumed  float64 // records/s committed over it
	last      float64 // records/s arriving since the poll before
	sustained float64 // the least that would have kept records from waiting for long; see sustain.go
	jump      float64 // last, when it is a jump; 0: it is not
	grown     float64 // the rate with its growth, at a decision; 0: none made
	trend     float64 // the forecast without a season, made at a decision; 0: none made
	members   int32
	rated     bool // rate is known
	complete  bool
}

// shape says which partition a column of cells is.
type shape struct {
	topics  []shapeTopic
	columns int
}

type shapeTopic struct {
	name       string
	first      int // its first column
	partitions []int32
	orphaned   bool
	skip       bool // orphaned, or not in the source's topics
}

// window is the readings of the last minutes: rows in time, a column for each partition. It is a value: several
// versions share one log, which is only ever appended to, so that remembering one more poll copies nothing.
type window struct {
	shape  *shape
	log    *readings
	lo, hi int // this version's rows
}

type readings struct {
	rows    []row
	cells   []cell
	written atomic.Int64 // rows somebody has written
}

func (w *window) len() int       { return w.hi - w.lo }
func (w *window) row(i int) *row { return &w.log.rows[w.lo+i] }
func (w *window) tip() *row      { return &w.log.rows[w.hi-1] }
func (w *window) cells(i int) []cell {
	n := w.shape.columns
	return w.log.cells[(w.lo+i)*n : (w.lo+i+1)*n]
}

// grow adds an empty row at a time, and forgets those older than keep. A version that somebody else has already grown,
// or that is full, moves to a log of its own first.
func (w *window) grow(at int64, keep time.Duration) (*row, []cell) {
	for w.lo < w.hi && w.log.rows[w.lo].at < at-int64(keep) {
		w.lo++
	}
	if w.log == nil || w.hi == len(w.log.rows) || !w.log.written.CompareAndSwap(int64(w.hi), int64(w.hi+1)) {
		w.move()
		w.log.written.Store(int64(w.hi + 1))
	}
	w.hi++
	return w.tip(), w.cells(w.len() - 1)
}

// spareRows is how many polls fit before the rows are copied once.
const spareRows = 128

func (w *window) move() {
	n, columns := w.len(), w.shape.columns
	log := &readings{rows: make([]row, n+spareRows), cells: make([]cell, (n+spareRows)*columns)}
	if w.log != nil {
		copy(log.rows, w.log.rows[w.lo:w.hi])
		copy(log.cells, w.log.cells[w.lo*columns:w.hi*columns])
	}
	w.log, w.lo, w.hi = log, 0, n
}

// reshape carries the rows over to other partitions: what a column means has changed.
func (w *window) reshape(to *shape) {
	from := w.shape
	next := window{shape: to}
	for i := range w.len() {
		r, cells := next.grow(w.row(i).at, math.MaxInt64)
		*r = *w.row(i)
		old := w.cells(i)
		for _, t := range to.topics {
			for k, p := range t.partitions {
				if c, ok := from.column(t.name, p); ok && !t.skip {
					cells[t.first+k] = old[c]
				}
			}
		}
	}
	*w = next
}

// before is the last row at least d older than the newest, or the oldest there is; slack makes up for jitter, and is at most
// half of d: polls may be rarer than d.
func (w *window) before(d, slack time.Duration) int {
	limit := w.tip().at - int64(d-min(slack, d/2))
	return max(0, sort.Search(w.len(), func(i int) bool { return w.row(i).at > limit })-1)
}

// since is a column's last known cell at row i or before it, else the first one after it.
func (w *window) since(i, column int, want known) (cell, int64, bool) {
	for k := i; k >= 0; k-- {
		if c := w.cells(k)[column]; c.known&want == want {
			return c, w.row(k).at, true
		}
	}
	for k := i + 1; k < w.len()-1; k++ {
		if c := w.cells(k)[column]; c.known&want == want {
			return c, w.row(k).at, true
		}
	}
	return cell{}, 0, false
}

// rates are a column's arrivals and commits between row i and the newest, in records/s.
// A position that goes back, or an end that does, is a rewind or a new topic: no rate.
func (w *window) rates(i, column int) (arriving, committing float64, ok bool) {
	now := w.cells(w.len() - 1)[column]
	if now.known&knowsEnd == 0 {
		return 0, 0, false
	}
	was, at, ok := w.since(i, column, knowsEnd)
	if !ok || at >= w.tip().at {
		return 0, 0, false
	}
	seconds := float64(w.tip().at-at) / 1e9
	arriving = float64(max(0, now.end-was.end)) / seconds
	if now.known&was.known&knowsPos != 0 {
		committing = float64(max(0, now.pos-was.pos)) / seconds
	}
	return arriving, committing, true
}

// read takes a poll's offsets into the row.
func (s *shape) read(g *lag.GroupLag, cells []cell) (complete bool) {
	complete = true
	for i := range g.Topics {
		t := &s.topics[i]
		if t.skip {
			continue
		}
		for k := range g.Topics[i].Partitions {
			p := &g.Topics[i].Partitions[k]
			cells[t.first+k] = cellOf(p)
			complete = complete && p.Answered()
		}
	}
	return complete
}

func cellOf(p *lag.PartitionLag) cell {
	c := cell{end: p.End, owner: p.Owner}
	if p.Known.Has(lag.KnownEnd) {
		c.known |= knowsEnd
	}
	switch {
	case p.Known.Has(lag.KnownLag | lag.KnownEnd):
		c.pos, c.known = p.End-p.BrokerLag, knowsBoth
	case p.Known.Has(lag.KnownCommitted):
		c.pos, c.known = p.Committed, c.known|knowsPos
		if p.Known.Has(lag.KnownStart) {
			c.pos = max(c.pos, p.Start)
		}
	case p.Known.Has(lag.KnownStart|lag.KnownEnd) && p.Start == p.End:
		c.pos, c.known = p.End, knowsBoth // never committed, and nothing to commit
	}
	return c
}

// fits reports whether a poll has the very topics and partitions the shape was made for.
func (s *shape) fits(g *lag.GroupLag) bool {
	if s == nil || len(s.topics) != len(g.Topics) {
		return false
	}
	for i := range g.Topics {
		t := &s.topics[i]
		read := &g.Topics[i]
		if t.name != read.Topic || t.orphaned != read.Orphaned || len(t.partitions) != len(read.Partitions) {
			return false
		}
	}
	return true
}

func (s *shape) column(topic string, partition int32) (int, bool) {
	for _, t := range s.topics {
		if t.name != topic || t.skip {
			continue
		}
		k := sort.Search(len(t.partitions), func(i int) bool { return t.partitions[i] >= partition })
		if k < len(t.partitions) && t.partitions[k] == partition {
			return t.first + k, true
		}
	}
	return 0, false
}

// name is what a column is.
func (s *shape) name(column int) (topic string, partition int32) {
	for _, t := range s.topics {
		if !t.skip && column >= t.first && column < t.first+len(t.partitions) {
			return t.name, t.partitions[column-t.first]
		}
	}
	return "", -1
}

// shapeOf is the shape of what a group consumes, as far as the source wants it.
func shapeOf(g *lag.GroupLag, wants func(topic string) bool) *shape {
	s := &shape{topics: make([]shapeTopic, len(g.Topics))}
	for i, t := range g.Topics {
		st := shapeTopic{
			name: t.Topic, first: s.columns, orphaned: t.Orphaned, skip: t.Orphaned || !wants(t.Topic),
		}
		for _, p := range t.Partitions {
			st.partitions = append(st.partitions, p.Partition)
		}
		if !st.skip {
			s.columns += len(st.partitions)
		}
		s.topics[i] = st
	}
	return s
}
