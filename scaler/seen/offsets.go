package seen

import (
	"encoding/binary"
	"iter"
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
// next: a partition takes 4 bytes, or 8 where its offsets grow fast, and the rest is shared with the poll before.
type AllOffsets struct {
	above []byte // log-end offset, and position, of each column, above its floor: 2 bytes each, or 4, see wide
	lasts *lasting
}

// lasting is of all columns what stays the same for many polls. It and its lists are replaced, never changed.
type lasting struct {
	floor []int64 // by twice the column, as above
	owner []int32
	known []Known
}

// Len is the number of columns.
func (a *AllOffsets) Len() int {
	if a.lasts == nil {
		return 0
	}
	return len(a.lasts.owner)
}

// Of are the offsets of a column.
func (a *AllOffsets) Of(column int) Offsets {
	o := Offsets{Owner: a.lasts.owner[column], Known: a.lasts.known[column]}
	if o.Known&KnowsEnd != 0 {
		o.End = a.at(2 * column)
	}
	if o.Known&KnowsPosition != 0 {
		o.Position = a.at(2*column + 1)
	}
	return o
}

// at is the offset at a place in above.
func (a *AllOffsets) at(i int) int64 {
	if a.wide() {
		return a.lasts.floor[i] + int64(binary.LittleEndian.Uint32(a.above[4*i:]))
	}
	return a.lasts.floor[i] + int64(binary.LittleEndian.Uint16(a.above[2*i:]))
}

// wide reports whether offsets take 4 bytes.
func (a *AllOffsets) wide() bool { return len(a.above) > 4*len(a.lasts.owner) }

// AllKnown reports whether both offsets of every column were answered.
func (a *AllOffsets) AllKnown() bool {
	return a.lasts == nil || !slices.ContainsFunc(a.lasts.known, func(k Known) bool { return k != KnowsBoth })
}

// sameOwners reports whether every column has the same owner in both.
func (a *AllOffsets) sameOwners(b *AllOffsets) bool {
	return a.lasts == b.lasts || a.lasts != nil && b.lasts != nil && slices.Equal(a.lasts.owner, b.lasts.owner)
}

// next are the offsets of the poll after this one. It shares what lasts; with another number of columns, nothing.
func (a *AllOffsets) next(columns []Offsets) AllOffsets {
	if a.Len() != len(columns) || a.lasts == nil {
		n := len(columns)
		a = &AllOffsets{lasts: &lasting{floor: make([]int64, 2*n), owner: make([]int32, n), known: make([]Known, n)}}
	}
	lasts := a.lasts.with(columns)
	next, bytes := AllOffsets{lasts: lasts}, 2
	switch highest, fits := lasts.highest(columns); {
	case fits && highest <= math.MaxUint16:
	case !fits || a.growth(columns) <= math.MaxUint16/floorLasts:
		next.lasts = lasts.raised(columns)
	default:
		bytes = 4
	}
	next.above = make([]byte, 2*bytes*len(columns))
	next.fill(columns)
	return next
}

// floorLasts is for how many polls a new floor must do, as offsets grow now: it takes as much room as four polls.
//
//	a partition grows by      its offsets take
//	8 191 in a poll           2 bytes; a new floor each ninth poll
//	8 192 in a poll           4 bytes; a new floor after 2^32
const floorLasts = 8

// with is what lasts with other owners, or other parts known, if there are any.
func (l *lasting) with(columns []Offsets) *lasting {
	same := true
	for c, o := range columns {
		same = same && l.owner[c] == o.Owner && l.known[c] == o.Known
	}
	if same {
		return l
	}
	next := &lasting{floor: l.floor, owner: make([]int32, len(columns)), known: make([]Known, len(columns))}
	for c, o := range columns {
		next.owner[c], next.known[c] = o.Owner, o.Known
	}
	return next
}

// raised is what lasts with a floor that is these offsets.
func (l *lasting) raised(columns []Offsets) *lasting {
	next := &lasting{floor: slices.Clone(l.floor), owner: l.owner, known: l.known}
	for i, offset := range eachKnown(columns) {
		next.floor[i] = offset
	}
	return next
}

// highest is how far an offset is above its floor, at most; fits is false if one is below, or above by more than 4 bytes can tell.
func (l *lasting) highest(columns []Offsets) (most int64, fits bool) {
	for i, offset := range eachKnown(columns) {
		above := offset - l.floor[i]
		if above < 0 || above > math.MaxUint32 {
			return 0, false
		}
		most = max(most, above)
	}
	return most, true
}

// growth is how much an offset grew since this poll, at most.
func (a *AllOffsets) growth(columns []Offsets) (most int64) {
	for c, o := range columns {
		was := a.Of(c)
		if o.Known&was.Known&KnowsEnd != 0 {
			most = max(most, o.End-was.End)
		}
		if o.Known&was.Known&KnowsPosition != 0 {
			most = max(most, o.Position-was.Position)
		}
	}
	return most
}

// fill puts the offsets above their floors.
func (a *AllOffsets) fill(columns []Offsets) {
	wide := a.wide()
	for i, offset := range eachKnown(columns) {
		if above := offset - a.lasts.floor[i]; wide {
			binary.LittleEndian.PutUint32(a.above[4*i:], uint32(above))
		} else {
			binary.LittleEndian.PutUint16(a.above[2*i:], uint16(above))
		}
	}
}

// eachKnown are the offsets that are known, with their places in above.
func eachKnown(columns []Offsets) iter.Seq2[int, int64] {
	return func(yield func(int, int64) bool) {
		for c, o := range columns {
			if o.Known&KnowsEnd != 0 && !yield(2*c, o.End) || o.Known&KnowsPosition != 0 && !yield(2*c+1, o.Position) {
				return
			}
		}
	}
}
