package promise

import (
	"encoding/binary"
	"math"
	"slices"

	"github.com/lagscaler/lagscaler/scaler/packed"
)

// kept are the fleets of all rows between two polls, by row, then by Rooms: one list of bytes, because most fleets rest. A fleet at rest
// takes 10 bytes, and a [fleet] 80. What was put in comes out to the last bit. It is replaced, never changed.
//
//	2 bytes       which of the numbers follow that a fleet at rest does not need, see the constants below
//	2             asked
//	2             changes
//	4             cost
//	1 to 8 each   the numbers that follow
type kept []byte

// keptAtRest are the bytes of a fleet at rest.
const keptAtRest = 10

// What a fleet has that a fleet at rest has not.
const (
	hasBacklog uint16 = 1 << iota
	hasWorks          // others work than are asked for
	hasStarts         // pods are on their way, or a rebalance lasts
	hasSince          // the last change was less than settleAfter ago
	hasCalm           // fewer have been enough
	hasDowns          // there were steps down in the last hour
	hasLate           // records were late
	hasStrict         // more would be late if the target were a margin shorter
	hasMost           // there were others than are asked for
	hasMore           // asked or changes need more than 2 bytes
)

// roomOfFleets is enough for all fleets, unless most of them change at once.
const roomOfFleets = 4096

// each calls a function for every fleet, and returns the fleets as the function has changed them.
func (k kept) each(change func(row, room int, f *fleet)) kept {
	var room [roomOfFleets]byte
	next, f := room[:0], fleet{}
	for i := 0; len(k) > 0; i++ {
		k = f.unpack(k)
		change(i/len(Rooms), i%len(Rooms), &f)
		next = f.pack(next)
	}
	return slices.Clone(next) // as long as it has to be
}

// alike are fleets for so many rows, all of them the same.
func alike(f fleet, rows int) kept {
	return slices.Repeat(f.pack(nil), rows*len(Rooms))
}

// pack appends the fleet.
func (f *fleet) pack(b []byte) []byte {
	at, has := len(b), uint16(0)
	b = append(b, make([]byte, keptAtRest)...)
	asked := uint16(0)
	if f.asked >= 0 && f.asked <= math.MaxUint16 {
		asked = uint16(f.asked)
	}
	if !same(float32(asked), f.asked) || f.changes > math.MaxUint16 {
		has |= hasMore
		b = binary.LittleEndian.AppendUint32(packed.AppendFloat32(b, f.asked), f.changes)
	}
	if math.Float64bits(f.backlog) != 0 {
		has |= hasBacklog
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(f.backlog))
	}
	if f.moves() {
		has |= hasStarts
		for _, p := range f.pods {
			b = packed.AppendFloat32(packed.AppendFloat32(packed.AppendFloat32(b, p.due), p.takes), p.to)
		}
		b = packed.AppendFloat32(b, f.pause)
	}
	if !same(f.works, f.asked) {
		has, b = has|hasWorks, packed.AppendFloat32(b, f.works)
	}
	if !same(f.since, settleAfter) {
		has, b = has|hasSince, packed.AppendFloat32(b, f.since)
	}
	if !same(f.calm, 0) {
		has, b = has|hasCalm, packed.AppendFloat32(b, f.calm)
	}
	if f.downs != 0 {
		has, b = has|hasDowns, binary.LittleEndian.AppendUint32(b, f.downs)
	}
	if !same(f.late, 0) {
		has, b = has|hasLate, packed.AppendFloat32(b, f.late)
	}
	if !same(f.strict, f.late) {
		has, b = has|hasStrict, packed.AppendFloat32(b, f.strict)
	}
	if !same(f.most, f.asked) {
		has, b = has|hasMost, packed.AppendFloat32(b, f.most)
	}
	head := b[at : at+keptAtRest]
	binary.LittleEndian.PutUint16(head, has)
	binary.LittleEndian.PutUint16(head[2:], asked)
	binary.LittleEndian.PutUint16(head[4:], uint16(f.changes))
	binary.LittleEndian.PutUint32(head[6:], math.Float32bits(f.cost))
	return b
}

// moves reports whether pods are on their way, or a rebalance lasts: one of these numbers has a bit.
func (f *fleet) moves() bool {
	all := math.Float32bits(f.pause)
	for _, p := range f.pods {
		all |= math.Float32bits(p.due) | math.Float32bits(p.takes) | math.Float32bits(p.to)
	}
	return all != 0
}

// unpack reads the fleet that pack appended, and returns what comes after it.
func (f *fleet) unpack(b []byte) []byte {
	head := b[:keptAtRest]
	b = b[keptAtRest:]
	has, asked := binary.LittleEndian.Uint16(head), float32(binary.LittleEndian.Uint16(head[2:]))
	*f = fleet{
		asked: asked, works: asked, most: asked, since: settleAfter,
		changes: uint32(binary.LittleEndian.Uint16(head[4:])), cost: math.Float32frombits(binary.LittleEndian.Uint32(head[6:])),
	}
	if has == 0 {
		return b
	}
	if has&hasMore != 0 {
		f.asked, b = packed.Float32(b)
		f.changes, b = binary.LittleEndian.Uint32(b), b[4:]
		f.works, f.most = f.asked, f.asked
	}
	if has&hasBacklog != 0 {
		f.backlog, b = math.Float64frombits(binary.LittleEndian.Uint64(b)), b[8:]
	}
	if has&hasStarts != 0 {
		for i := range f.pods {
			p := &f.pods[i]
			p.due, b = packed.Float32(b)
			p.takes, b = packed.Float32(b)
			p.to, b = packed.Float32(b)
		}
		f.pause, b = packed.Float32(b)
	}
	if has&hasWorks != 0 {
		f.works, b = packed.Float32(b)
	}
	if has&hasSince != 0 {
		f.since, b = packed.Float32(b)
	}
	if has&hasCalm != 0 {
		f.calm, b = packed.Float32(b)
	}
	if has&hasDowns != 0 {
		f.downs, b = binary.LittleEndian.Uint32(b), b[4:]
	}
	if has&hasLate != 0 {
		f.late, b = packed.Float32(b)
		f.strict = f.late
	}
	if has&hasStrict != 0 {
		f.strict, b = packed.Float32(b)
	}
	if has&hasMost != 0 {
		f.most, b = packed.Float32(b)
	}
	return b
}

// same reports whether two numbers have the same bits: 0 and -0 have not.
func same(a, b float32) bool { return math.Float32bits(a) == math.Float32bits(b) }
