package recent

import "math"

// short is a number for a chart in two bytes: the first half of a float32. It is at most 0.4 % too small or too large, which is less than
// the width of a line.
//
//	number     shown
//	0          0
//	200        200
//	1,234      1,232
//	98,765.4   98,816
//	NaN        unknown
type short uint16

var unknown = shorten(math.NaN())

func shorten(v float64) short {
	bits := math.Float32bits(float32(v))
	if math.IsNaN(v) {
		return short(bits >> 16)
	}
	const half = 1 << 15
	return short((bits + half - 1 + bits>>16&1) >> 16) // to the nearest one, and to the even one of two
}

// value is NaN if it is unknown.
func (s short) value() float64 { return float64(math.Float32frombits(uint32(s) << 16)) }
