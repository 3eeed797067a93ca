package seen

import (
	"sort"
	"time"

	"github.com/lagscaler/lagscaler/lag"
)

// Reading is one reading of a source, by one poll: what is remembered of it for ten minutes. It is not changed once [See] has returned it.
type Reading struct {
	At            int64      // when the offsets were read: ns of the clock at the first reading, and of the time that passed since
	Rate          float64    // records/s arriving, over the rate window
	LastRate      float64    // records/s arriving since the poll before
	EffectiveRate float64    // at most Rate: the capacity that keeps records from waiting too long, see effective.go
	Jump          float64    // LastRate without what was missing before, if that is a jump; 0: it is none
	Offsets       AllOffsets // by column, see Columns
	Rated         bool       // Rate is known
	Complete      bool       // every partition answered
}

// Newest is the newest reading, with what is not remembered of older ones.
type Newest struct {
	*Reading
	MembersSince int64   // since when the members and their partitions have been the same, as At
	Consumed     float64 // records/s committed, over the rate window
	JumpTo       float64 // what a jump is expected to come to; 0: there is none
	Members      int32
	read         time.Time // when the offsets were read
}

// Time is when the offsets were read.
func (n *Newest) Time() time.Time { return n.read }

// Readings are those of the last minutes, oldest first. They are a value: one more poll makes a new list of pointers (62 of
// them in 10 min) and shares the readings with the list before.
type Readings struct {
	Columns *Columns
	list    []*Reading
	newest  *Newest // the last of list
}

// Len is how many there are.
func (r *Readings) Len() int { return len(r.list) }

// At is one of them, 0 is the oldest.
func (r *Readings) At(i int) *Reading { return r.list[i] }

// Last is the newest. There must be one.
func (r *Readings) Last() *Newest { return r.newest }

// with returns the readings with one more, and without those that are too old.
func (r *Readings) with(next *Newest, keep time.Duration) Readings {
	first := 0
	for first < len(r.list) && r.list[first].At < next.At-int64(keep) {
		first++
	}
	list := make([]*Reading, 0, len(r.list)-first+1)
	return Readings{Columns: r.Columns, list: append(append(list, r.list[first:]...), next.Reading), newest: next}
}

// reordered are the readings with other columns: partitions were added or removed.
func (r *Readings) reordered(to *Columns) Readings {
	next := Readings{Columns: to, list: make([]*Reading, len(r.list))}
	before := &AllOffsets{}
	for i, old := range r.list {
		moved, offsets := *old, make([]Offsets, to.Count)
		for _, t := range to.Topics {
			for k, p := range t.Partitions {
				if c, ok := r.Columns.column(t.Name, p); ok && !t.Skip {
					offsets[t.First+k] = old.Offsets.Of(c)
				}
			}
		}
		moved.Offsets = before.next(offsets)
		next.list[i], before = &moved, &moved.Offsets
	}
	if r.newest != nil {
		newest := *r.newest
		newest.Reading = next.list[len(next.list)-1]
		next.newest = &newest
	}
	return next
}

// Before is the last reading at least d older than the newest, or the oldest there is. Slack makes up for jitter, and is at
// most half of d: polls may be rarer than d.
func (r *Readings) Before(d, slack time.Duration) int {
	limit := r.Last().At - int64(d-min(slack, d/2))
	return max(0, r.After(limit)-1)
}

// After is the first reading after a time; Len when there is none.
func (r *Readings) After(at int64) int {
	return sort.Search(len(r.list), func(i int) bool { return r.list[i].At > at })
}

// Spans reports whether reading i is as old as Before was asked for: fewer may have been read until now.
func (r *Readings) Spans(i int, d, slack time.Duration) bool {
	return r.Last().At-r.At(i).At >= int64(d-slack)
}

// Waiting is the lag of all partitions whose lag is known, in records.
func (r *Readings) Waiting() (records float64) {
	if r.Len() == 0 {
		return 0
	}
	last := &r.Last().Offsets
	for c := range last.Len() {
		if o := last.Of(c); o.Known == KnowsBoth {
			records += float64(max(0, o.Lag()))
		}
	}
	return records
}

// TimeLag is the [lag.Age] in seconds of the record at an offset of a partition: of the oldest that is still to be read. ok is false when the record
// is older than the readings: then the age is at least that long.
func (r *Readings) TimeLag(column int, offset int64) (seconds float64, ok bool) {
	age, atLeast, _ := lag.Age(offset, len(r.list), func(i int) (time.Duration, int64, bool) {
		o := r.list[i].Offsets.Of(column)
		return time.Duration(r.list[i].At), o.End, o.Known&KnowsEnd != 0
	})
	return age.Seconds(), !atLeast
}
