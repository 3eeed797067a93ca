package promise

import (
	"encoding/binary"
	"math"
	"math/bits"
	"slices"
)

// totals are the days of all rows between two steps, one list of bytes: rows have much in common, so what a number has in common with
// that of the row before takes no room. What was put in comes out to the last bit. They are replaced, never changed.
//
// A row is the number of its last day, then its days. A day is a byte, see the constants below, then what was played, then four numbers
// of each room.
type totals []byte

// What is kept of a day.
const (
	dayEmpty byte = iota // nothing was played
	dayLike              // as long and as many records as in the row before
	dayByItself
)

// totalsOf keeps rows, without their peaks.
func totalsOf(rows []rowDays) totals {
	b, none := make([]byte, 0, roomOfTotals), rowDays{}
	for i := range rows {
		before := &none
		if i > 0 {
			before = &rows[i-1]
		}
		b = binary.AppendVarint(b, rows[i].last)
		like := before.all()
		for k, d := range rows[i].all() {
			b = d.pack(b, like[k])
		}
	}
	return slices.Clone(b) // as long as it has to be
}

// roomOfTotals is enough for the totals of most plays.
const roomOfTotals = 8192

// rows are the first rows, without their peaks.
func (t totals) rows(n int) []rowDays {
	rows, none := make([]rowDays, n), rowDays{}
	for i := range rows {
		before := &none
		if i > 0 {
			before = &rows[i-1]
		}
		last, size := binary.Varint(t)
		rows[i].last, t = last, t[size:]
		like := before.all()
		for k, d := range rows[i].all() {
			t = d.unpack(t, like[k])
		}
	}
	return rows
}

// pack appends a day, as it differs from the same day of the row before.
func (d *rowDay) pack(b []byte, before *rowDay) []byte {
	switch {
	case *d == rowDay{}:
		return append(b, dayEmpty)
	case d.seconds == before.seconds && d.arrived == before.arrived:
		b = append(b, dayLike)
	default:
		b = append(b, dayByItself)
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(d.seconds))
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(d.arrived))
	}
	for k := range d.fleets {
		f, like := &d.fleets[k], d.like(before, k)
		b = binary.AppendUvarint(b, uint64(math.Float32bits(f.cost)^math.Float32bits(like.cost)))
		b = binary.AppendUvarint(b, uint64(math.Float32bits(f.late)^math.Float32bits(like.late)))
		b = binary.AppendUvarint(b, uint64(math.Float32bits(f.strict)^math.Float32bits(like.strict)))
		b = binary.AppendUvarint(b, uint64(bits.Reverse32(math.Float32bits(f.most)^math.Float32bits(like.most)))) // whole numbers end with many zeros
	}
	return b
}

// unpack reads the day that pack appended, and returns what comes after it.
func (d *rowDay) unpack(b totals, before *rowDay) totals {
	kind := b[0]
	b = b[1:]
	switch kind {
	case dayEmpty:
		return b
	case dayLike:
		d.seconds, d.arrived = before.seconds, before.arrived
	default:
		d.seconds, d.arrived = math.Float64frombits(binary.LittleEndian.Uint64(b)), math.Float64frombits(binary.LittleEndian.Uint64(b[8:]))
		b = b[16:]
	}
	take := func() uint32 {
		v, n := binary.Uvarint(b)
		b = b[n:]
		return uint32(v)
	}
	for k := range d.fleets {
		f, like := &d.fleets[k], d.like(before, k)
		f.cost = math.Float32frombits(take() ^ math.Float32bits(like.cost))
		f.late = math.Float32frombits(take() ^ math.Float32bits(like.late))
		f.strict = math.Float32frombits(take() ^ math.Float32bits(like.strict))
		f.most = math.Float32frombits(bits.Reverse32(take()) ^ math.Float32bits(like.most))
	}
	return b
}

// like is what a room of a day is likely to be: as late as the room before it, and as dear as the same room of the row before, or as the
// room before it where that row had no such day.
func (d *rowDay) like(row *rowDay, room int) fleetDay {
	switch {
	case room == 0:
		return row.fleets[0]
	case row.seconds == 0:
		return d.fleets[room-1]
	}
	like := row.fleets[room]
	like.late, like.strict = d.fleets[room-1].late, d.fleets[room-1].strict
	return like
}

// row is a row with its peaks; there must be one.
func (p *Play) row(i int) *rowDays {
	r := &p.totals.rows(i + 1)[i]
	r.peaks = p.peaks[i]
	return r
}

// rows are all rows with their peaks.
func (p *Play) rows() []rowDays {
	rows := p.totals.rows(len(p.terms))
	for i := range rows {
		rows[i].peaks = p.peaks[i]
	}
	return rows
}

// keep replaces all rows.
func (p *Play) keep(rows []rowDays) {
	p.totals, p.peaks = totalsOf(rows), make([]peaks, len(rows))
	for i := range rows {
		p.peaks[i] = rows[i].peaks
	}
	p.own, p.learning = rowDay{}, false
	if len(rows) > 0 {
		p.own, p.learning = rows[0].sum(), rows[0].learning()
	}
}
