package seen

import (
	"math"
	"slices"

	"github.com/lagscaler/lagscaler/lag"
)

// Offsets are one partition at one poll.
type Offsets struct {
	End      int64 // log-end offset; 0 while it is not known
	Position int64 // where the group is: its committed offset, or the log start when that is higher; 0 while it is not known
	Owner    int32 // member, -1: nobody
	Known    Known
}

// Known says which parts of the offsets were answered.
type Known uint8

// What may be known of a partition.
const (
	KnowsEnd Known = 1 << iota
	KnowsPosition
	KnowsBoth = KnowsEnd | KnowsPosition
)

// Lag is how many records are still to be read; both parts must be known.
func (o Offsets) Lag() int64 { return o.End - o.Position }

func offsetsOf(p *lag.PartitionLag) (o Offsets) {
	o.Owner = p.Owner
	if p.Known.Has(lag.KnownEnd) {
		o.End, o.Known = p.End, o.Known|KnowsEnd
	}
	if position, ok := p.Position(); ok {
		o.Position, o.Known = position, o.Known|KnowsPosition
	}
	return o
}

// AllOffsets are those of all partitions at one poll, by column. Ten minutes of polls are remembered, and little changes from one to the
// next: a partition takes 8 bytes, and the rest is shared with the poll before.
type AllOffsets struct {
	above []uint32 // log-end offset, and position, of each column, above its floor
	lasts *lasting
}

// lasting is of all columns what stays the same for many polls. It is replaced, never changed.
type lasting struct {
	floor []int64 // as above; another one when an offset went back, or up by more than 2^32
	owner []int32
	known []Known
}

// Len is the number of columns.
func (a *AllOffsets) Len() int { return len(a.above) / 2 }

// Of are the offsets of a column.
func (a *AllOffsets) Of(column int) Offsets {
	o := Offsets{Owner: a.lasts.owner[column], Known: a.lasts.known[column]}
	if end := 2 * column; o.Known&KnowsEnd != 0 {
		o.End = a.lasts.floor[end] + int64(a.above[end])
	}
	if position := 2*column + 1; o.Known&KnowsPosition != 0 {
		o.Position = a.lasts.floor[position] + int64(a.above[position])
	}
	return o
}

// AllKnown reports whether both offsets of every column were answered.
func (a *AllOffsets) AllKnown() bool {
	return a.lasts == nil || !slices.ContainsFunc(a.lasts.known, func(k Known) bool { return k != KnowsBoth })
}

// sameOwners reports whether every column has the same owner in both.
func (a *AllOffsets) sameOwners(b *AllOffsets) bool {
	return a.lasts == b.lasts || a.lasts != nil && b.lasts != nil && slices.Equal(a.lasts.owner, b.lasts.owner)
}

// filling are offsets that are being read. What lasts is shared with the poll before until some of it changes.
type filling struct {
	AllOffsets
	own bool // lasts is not shared
}

// after begins the offsets of the poll after another one; n is the number of columns. With another number nothing is shared.
func (a *AllOffsets) after(n int) *filling {
	f := &filling{AllOffsets: AllOffsets{above: make([]uint32, 2*n), lasts: a.lasts}}
	if a.Len() != n || a.lasts == nil {
		f.lasts, f.own = &lasting{floor: make([]int64, 2*n), owner: make([]int32, n), known: make([]Known, n)}, true
	}
	return f
}

// put sets the offsets of a column, each once.
func (f *filling) put(column int, o Offsets) {
	if f.lasts.owner[column] != o.Owner || f.lasts.known[column] != o.Known {
		lasts := f.change()
		lasts.owner[column], lasts.known[column] = o.Owner, o.Known
	}
	if o.Known&KnowsEnd != 0 {
		f.raise(2*column, o.End)
	}
	if o.Known&KnowsPosition != 0 {
		f.raise(2*column+1, o.Position)
	}
}

// raise puts an offset above its floor, which is moved to the offset where that does not fit.
func (f *filling) raise(i int, offset int64) {
	above := offset - f.lasts.floor[i]
	if above < 0 || above > math.MaxUint32 {
		f.change().floor[i] = offset
		above = 0
	}
	f.above[i] = uint32(above)
}

// change is what lasts, to be changed: a copy of it at the first time.
func (f *filling) change() *lasting {
	if !f.own {
		f.lasts = &lasting{floor: slices.Clone(f.lasts.floor), owner: slices.Clone(f.lasts.owner), known: slices.Clone(f.lasts.known)}
		f.own = true
	}
	return f.lasts
}
