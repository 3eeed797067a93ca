package learn

import (
	"encoding/binary"
	"iter"
	"slices"
)

// The series of a [Week] are read by pages alone. So they are small in memory: hours that are over are kept as runs of equal codes, in a
// list of bytes, and those before the last day are thinned as they are when saved. The last day stays as it is.
//
//	2 016 codes of 2 bytes                                          4.0 KB
//	traffic: a run for each step of the last day, and for each hour  1.0 KB
//	time lag, with two values in each hour                           1.5 KB
//	replicas, which are often the same                               0.3 KB

// runs are codes, the oldest first. A run is the difference of its code from that of the run before, and how many steps have it. Runs next
// to each other differ, so a difference of 0 says that it is the code of the run before that: a series that goes up and down between two
// values takes a byte for each run. They are replaced, never changed.
type runs []byte

// The last bits of a run's first number are one less than its steps, or
const (
	anHour    = 6 // that they are an hour,
	manySteps = 7 // or that their number follows
	stepBits  = 3
)

// runsOf keeps codes.
func runsOf(codes []uint16) runs {
	b := make([]byte, 0, 3*len(codes))
	last, before := int64(0), int64(0)
	for i := 0; i < len(codes); {
		first := i
		for i < len(codes) && codes[i] == codes[first] {
			i++
		}
		code, steps, several := int64(codes[first]), i-first, int64(manySteps)
		switch {
		case steps <= anHour:
			several = int64(steps - 1)
		case steps == thinnedBefore:
			several = anHour
		}
		differs := code - last
		if code == before {
			differs = 0
		}
		b = binary.AppendVarint(b, differs<<stepBits+several)
		if last, before = code, last; several == manySteps {
			b = binary.AppendUvarint(b, uint64(steps))
		}
	}
	return slices.Clone(b) // as long as it has to be
}

// each are the codes with how many steps have them.
func (r runs) each() iter.Seq2[uint16, int] {
	return func(yield func(uint16, int) bool) {
		code, before := int64(0), int64(0)
		for len(r) > 0 {
			v, n := binary.Varint(r)
			r = r[n:]
			if v>>stepBits == 0 {
				code, before = before, code
			} else {
				code, before = code+v>>stepBits, code
			}
			steps := uint64(v&manySteps) + 1
			switch v & manySteps {
			case anHour:
				steps = thinnedBefore
			case manySteps:
				steps, n = binary.Uvarint(r)
				r = r[n:]
			}
			if !yield(uint16(code), int(steps)) {
				return
			}
		}
	}
}

// shrunk is the series with runs instead of the codes of hours that are over. Those before the last day are thinned as they are saved.
func (s Series) shrunk(merge func(known []float64) []float64) Series {
	present := int(s.end % thinnedBefore) // steps of the present hour
	if len(s.codes) <= present {
		return s
	}
	all := slices.Clone(s.plain().codes)
	start, lately := s.end-int64(len(all)), s.lately()
	for first := max(start, s.merged); first < lately; {
		end := first - first%thinnedBefore + thinnedBefore // the first hour may be cut off
		thin(all[first-start:end-start], merge)
		first = end
	}
	over := len(all) - present
	return Series{end: s.end, early: runsOf(all[:over]), merged: max(s.merged, lately), codes: slices.Clone(all[over:])}
}

// plain is the series without runs.
func (s Series) plain() Series {
	if len(s.early) == 0 {
		return s
	}
	codes := make([]uint16, 0, seriesMost+thinnedBefore)
	for code, steps := range s.early.each() {
		for range steps {
			codes = append(codes, code)
		}
	}
	codes = append(codes, s.codes...)
	return Series{end: s.end, codes: codes[max(0, len(codes)-seriesMost):]}
}
