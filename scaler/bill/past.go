package bill

import (
	"encoding/binary"
	"math"
	"slices"

	"github.com/lagscaler/lagscaler/scaler/packed"
)

// past are the hours before the present one, the oldest first, without a gap: one list of bytes, because hours are much alike. An hour is
// which of its numbers differ from those of the hour before, and these. It is replaced, never changed.
//
//	a week of hours by themselves                          6.0 KB
//	a week of hours in which the size and arrivals change  2.0 KB
//	a week of hours that are alike                         0.2 KB
type past []byte

// pastOf keeps hours.
func pastOf(hours []hour) past {
	b, before := make([]byte, 0, roomOfWeek), (&hour{}).numbers()
	for i := range hours {
		now, differ := hours[i].numbers(), uint64(0)
		for k := range now {
			if *now[k] != *before[k] {
				differ |= 1 << k
			}
		}
		b = binary.AppendUvarint(b, differ)
		for k := range now {
			if differ&(1<<k) != 0 {
				b = packed.AppendFloat32(b, *now[k])
			}
		}
		before = now
	}
	return slices.Clone(b) // as long as it has to be
}

// roomOfWeek is enough for most weeks.
const roomOfWeek = 4096

// hours are those that were kept: a list of its own.
func (p past) hours() []hour {
	list := make([]hour, 0, Week)
	for h := (hour{}); len(p) > 0; list = append(list, h) {
		differ, n := binary.Uvarint(p)
		p = p[n:]
		for k, to := range h.numbers() {
			if differ&(1<<k) != 0 {
				*to, p = packed.Float32(p)
			}
		}
	}
	return list
}

// numbers are those of an hour, the ones that change most often first.
func (h *hour) numbers() [columns]*float32 {
	return [columns]*float32{&h.judged, &h.ranOurs, &h.late, &h.most, &h.ours, &h.heard, &h.theirs, &h.ranTheirs, &h.decided}
}

// rounded is an hour that is over: whole seconds, and replica seconds. Whole numbers take less room, and half a second of an hour is
// 0.01 %.
func (h hour) rounded() hour {
	for _, v := range [...]*float32{&h.ours, &h.theirs, &h.heard, &h.ranOurs, &h.ranTheirs, &h.decided} {
		*v = float32(math.Round(float64(*v)))
	}
	return h
}
