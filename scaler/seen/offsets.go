package seen

import (
	"encoding/binary"
	"math/bits"
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
// next. So owners and floors are shared with the poll before, and a partition takes as many bits as its offsets need above its floor:
//
//	a partition gets, and waits for its commit     bits
//	nothing                                        0
//	10 records in a poll, 5                        9 + 3
//	200, 100                                       13 + 7
//	10 000, 5 000                                  19 + 13
//	the same, and in another one wait 10^9         19 + 30, in all of them
type AllOffsets struct {
	bits  []byte // how many bits the numbers have, see offsetsHead; then two numbers of each column: above its floor, and behind
	lasts *lasting
}

// The head of bits.
const (
	bitsAbove   = iota // of the number above the floor
	bitsBehind         // of the number behind
	floorAge           // polls since the floor was made, and goesBefore
	offsetsHead        // bytes
)

// roomOfBits are the bytes of so many columns with so many bits each, so that 8 bytes can be read from each column on, or 9 from each number
// of columns that do not fit into 8.
func roomOfBits(columns, width int) int {
	if width+7 > 64 {
		return offsetsHead + columns*width/8 + 9
	}
	return offsetsHead + max(0, columns-1)*width/8 + 8
}

const (
	goesBefore = 0x80 // in some columns the group is after the end: behind is zigzag
	floorLasts = 32   // polls: a floor takes as much room as three
)

// lasting is of all columns what stays the same for many polls. It and its lists are replaced, never changed.
type lasting struct {
	floor []int64 // of the log-end offset, or of the position where the end is not known
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
	above, behind := uint(a.bits[bitsAbove]), uint(a.bits[bitsBehind])
	up, back := a.pair(uint(column)*(above+behind), above, behind)
	first := a.lasts.floor[column] + int64(up)
	switch o.Known {
	case KnowsEnd:
		o.End = first
	case KnowsPosition:
		o.Position = first
	case KnowsBoth:
		lag := int64(back)
		if a.bits[floorAge]&goesBefore != 0 {
			lag = int64(back>>1) ^ -int64(back&1)
		}
		o.End, o.Position = first, first-lag
	}
	return o
}

// pair are the two numbers that have so many bits, from a bit on. Those of most columns are within 8 bytes.
func (a *AllOffsets) pair(at, above, behind uint) (up, back uint64) {
	shift := at % 8
	if above+behind+7 > 64 {
		return a.number(at, above), a.number(at+above, behind)
	}
	both := binary.LittleEndian.Uint64(a.bits[offsetsHead+at/8:]) >> shift
	return both & (1<<above - 1), both >> above & (1<<behind - 1)
}

// number is the one that has so many bits, from a bit on.
func (a *AllOffsets) number(at, width uint) uint64 {
	b, shift := a.bits[offsetsHead+at/8:], at%8
	return (binary.LittleEndian.Uint64(b)>>shift | uint64(b[8])<<(64-shift)) & (1<<width - 1)
}

// putPair puts two numbers where there are none.
func (a *AllOffsets) putPair(at, above, behind uint, up, back uint64) {
	shift := at % 8
	if above+behind+7 > 64 {
		a.put(at, up)
		a.put(at+above, back)
		return
	}
	b := a.bits[offsetsHead+at/8:]
	binary.LittleEndian.PutUint64(b, binary.LittleEndian.Uint64(b)|(up|back<<above)<<shift)
}

// put puts a number where there is none.
func (a *AllOffsets) put(at uint, v uint64) {
	b, shift := a.bits[offsetsHead+at/8:], at%8
	binary.LittleEndian.PutUint64(b, binary.LittleEndian.Uint64(b)|v<<shift)
	b[8] |= byte(v >> (64 - shift))
}

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
	age, n := byte(floorLasts), len(columns)
	lasts := &lasting{floor: make([]int64, n), owner: make([]int32, n), known: make([]Known, n)}
	if a.lasts != nil && a.Len() == n {
		age, lasts = a.bits[floorAge]&^goesBefore, a.lasts
	}
	next := AllOffsets{lasts: lasts.with(columns)}
	above, fits := next.lasts.above(columns)
	if age = min(age+1, floorLasts); !fits || age == floorLasts && above > 0 {
		next.lasts, above, age = next.lasts.raised(columns), 0, 0
	}
	behind, before := mostBehind(columns)
	if before {
		age |= goesBefore
	}
	next.bits = make([]byte, roomOfBits(n, bits.Len64(above)+bits.Len64(behind)))
	next.bits[bitsAbove], next.bits[bitsBehind], next.bits[floorAge] = byte(bits.Len64(above)), byte(bits.Len64(behind)), age
	next.fill(columns)
	return next
}

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
	for c, o := range columns {
		if o.Known != 0 {
			next.floor[c] = o.first()
		}
	}
	return next
}

// first is what is above the floor. One part at least must be known.
func (o Offsets) first() int64 {
	if o.Known&KnowsEnd != 0 {
		return o.End
	}
	return o.Position
}

// above is how far offsets are above their floors, at most; fits is false if one is below.
func (l *lasting) above(columns []Offsets) (most uint64, fits bool) {
	for c, o := range columns {
		if o.Known == 0 {
			continue
		}
		above := o.first() - l.floor[c]
		if above < 0 {
			return 0, false
		}
		most = max(most, uint64(above))
	}
	return most, true
}

// mostBehind is how far positions are behind the end, at most, as it is put; before is true if one is after the end.
func mostBehind(columns []Offsets) (most uint64, before bool) {
	least, greatest := int64(0), int64(0)
	for _, o := range columns {
		if o.Known == KnowsBoth {
			least, greatest = min(least, o.Lag()), max(greatest, o.Lag())
		}
	}
	if least < 0 {
		return max(zigzag(least), zigzag(greatest)), true
	}
	return uint64(greatest), false
}

func zigzag(v int64) uint64 { return uint64(v)<<1 ^ uint64(v>>63) }

// fill puts the numbers of all columns.
func (a *AllOffsets) fill(columns []Offsets) {
	above, behind, signed := uint(a.bits[bitsAbove]), uint(a.bits[bitsBehind]), a.bits[floorAge]&goesBefore != 0
	for c, o := range columns {
		up, back := uint64(0), uint64(0)
		if o.Known != 0 {
			up = uint64(o.first() - a.lasts.floor[c])
		}
		switch {
		case o.Known != KnowsBoth:
		case signed:
			back = zigzag(o.Lag())
		default:
			back = uint64(o.Lag())
		}
		a.putPair(uint(c)*(above+behind), above, behind, up, back)
	}
}
