package promise

import (
	"encoding/binary"
	"math"
	"math/bits"
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

// keptAtRest are the bytes of a fleet at rest; the last of them, from costAt on, are its cost.
const (
	keptAtRest = 10
	costAt     = 6
)

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

// What a fleet may have that only gets older: its steps down change when a part of an hour begins, all others stay.
const (
	restMayHave   = hasCalm | hasDowns | hasAfterDowns
	hasAfterDowns = hasLate | hasStrict | hasMost // each is one number of packed.AppendFloat32
)

// each calls a function for every fleet, and returns the fleets as the function has changed them.
func (k kept) each(change func(row, room int, f *fleet)) kept {
	r := k.rewrite()
	for i := 0; len(r.left) > 0; i++ {
		f := r.take()
		change(i/len(Rooms), i%len(Rooms), &f)
		r.put(&f)
	}
	return r.all()
}

// rewriter goes through fleets, and writes them anew.
type rewriter struct {
	left kept   // fleets that come
	done []byte // those before them, as they are now
}

// rewrite begins with room for as much as there is: fleets change seldom.
func (k kept) rewrite() rewriter { return rewriter{k, make([]byte, 0, len(k))} }

// take takes the next fleet. It is to be put back.
func (r *rewriter) take() (f fleet) {
	r.left = f.unpack(r.left)
	return f
}

func (r *rewriter) put(f *fleet) { r.done = f.pack(r.done) }

// all are the fleets as they are now, in a list that is not much longer than it has to be.
func (r *rewriter) all() kept {
	if cap(r.done) > len(r.done)+len(r.done)/16 {
		return slices.Clone(r.done)
	}
	return r.done
}

// pass lets the time since the last poll pass for the next fleet, if that only gets older; otherwise it returns false. It does what take,
// [fleet.next] and put would do, without a fleet in between: most fleets rest at most polls.
func (r *rewriter) pass(in *Poll) bool {
	has, asked := binary.LittleEndian.Uint16(r.left), float32(binary.LittleEndian.Uint16(r.left[2:]))
	if has&^restMayHave != 0 || asked < in.quiet || has&hasDowns != 0 && in.parts != 0 {
		return false
	}
	size := keptAtRest
	if has&hasCalm != 0 {
		size += packed.Float32Size(r.left[size:])
	}
	if has&hasDowns != 0 {
		size += 4
	}
	for range bits.OnesCount16(has & hasAfterDowns) {
		size += packed.Float32Size(r.left[size:])
	}
	at := len(r.done) + costAt
	r.done, r.left = append(r.done, r.left[:size]...), r.left[size:]
	cost := math.Float32frombits(binary.LittleEndian.Uint32(r.done[at:]))
	cost += asked * float32(in.Seconds)
	binary.LittleEndian.PutUint32(r.done[at:], math.Float32bits(cost))
	return true
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
	binary.LittleEndian.PutUint32(head[costAt:], math.Float32bits(f.cost))
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
		changes: uint32(binary.LittleEndian.Uint16(head[4:])), cost: math.Float32frombits(binary.LittleEndian.Uint32(head[costAt:])),
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
