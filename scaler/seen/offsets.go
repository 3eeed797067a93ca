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
//
//	above.end[c] + end[c], above.position[c] + position[c]     shared: above, owner, known
type AllOffsets struct {
	end, position []uint32
	above         *floors // changed for columns that went down, or up by more than 2^32
	owner         []int32
	known         []Known
}

// floors are what is added to the offsets of a column.
type floors struct{ end, position []int64 }

// Len is the number of columns.
func (a *AllOffsets) Len() int { return len(a.end) }

// Of are the offsets of a column.
func (a *AllOffsets) Of(column int) Offsets {
	o := Offsets{Owner: a.owner[column], Known: a.known[column]}
	if o.Known&KnowsEnd != 0 {
		o.End = a.above.end[column] + int64(a.end[column])
	}
	if o.Known&KnowsPosition != 0 {
		o.Position = a.above.position[column] + int64(a.position[column])
	}
	return o
}

// AllKnown reports whether both offsets of every column were answered.
func (a *AllOffsets) AllKnown() bool {
	return !slices.ContainsFunc(a.known, func(k Known) bool { return k != KnowsBoth })
}

// sameOwners reports whether every column has the same owner in both.
func (a *AllOffsets) sameOwners(b *AllOffsets) bool { return slices.Equal(a.owner, b.owner) }

// filling are offsets that are being read. What is the same as at the poll before is shared with it until it changes.
type filling struct {
	AllOffsets
	ownFloors, ownOwners, ownKnown bool
}

// after begins the offsets of the poll after another one; n is the number of columns. With another number nothing is shared.
func (a *AllOffsets) after(n int) *filling {
	f := &filling{AllOffsets: AllOffsets{end: make([]uint32, n), position: make([]uint32, n), above: a.above, owner: a.owner, known: a.known}}
	if a.Len() != n || a.above == nil {
		f.above, f.ownFloors = &floors{end: make([]int64, n), position: make([]int64, n)}, true
		f.owner, f.ownOwners = make([]int32, n), true
		f.known, f.ownKnown = make([]Known, n), true
	}
	return f
}

// put sets the offsets of a column, each once.
func (f *filling) put(column int, o Offsets) {
	if f.owner[column] != o.Owner {
		if !f.ownOwners {
			f.owner, f.ownOwners = slices.Clone(f.owner), true
		}
		f.owner[column] = o.Owner
	}
	if f.known[column] != o.Known {
		if !f.ownKnown {
			f.known, f.ownKnown = slices.Clone(f.known), true
		}
		f.known[column] = o.Known
	}
	if o.Known&KnowsEnd != 0 {
		f.end[column] = f.over(o.End, func(a *floors) *int64 { return &a.end[column] })
	}
	if o.Known&KnowsPosition != 0 {
		f.position[column] = f.over(o.Position, func(a *floors) *int64 { return &a.position[column] })
	}
}

// over is an offset over its floor, which is moved to the offset where that does not fit.
func (f *filling) over(offset int64, floor func(*floors) *int64) uint32 {
	if over := offset - *floor(f.above); over >= 0 && over <= math.MaxUint32 {
		return uint32(over)
	}
	if !f.ownFloors {
		f.above, f.ownFloors = &floors{end: slices.Clone(f.above.end), position: slices.Clone(f.above.position)}, true
	}
	*floor(f.above) = offset
	return 0
}
