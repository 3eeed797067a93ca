package learn

import "slices"

// The series of a [Week] are read by pages alone. So they are as small in memory as they are when saved: what is older than a day is
// thinned, and kept as runs of equal codes. Every hour, one more hour becomes runs. The last day stays as it is.
//
//	2 016 codes of 2 bytes                                         4.0 KB
//	288 to 300 codes of the last day, and a run for each hour      1.2 KB

// run is a code that several steps have, one after the other.
type run struct{ code, steps uint16 }

// shrunk is the series with runs instead of the hours before the last day, thinned as they are saved.
func (s Series) shrunk(merge func(known []float64) []float64) Series {
	start := s.end - int64(len(s.codes))
	over := int(s.lately() - start) // steps that become runs
	if over <= 0 {
		return s
	}
	codes := slices.Clone(s.codes[:over])
	for i := 0; i < over; {
		end := i + thinnedBefore - int((start+int64(i))%thinnedBefore) // the first hour may be cut off
		thin(codes[i:end], merge)
		i = end
	}
	early := slices.Clone(s.early)
	for _, c := range codes {
		if n := len(early); n > 0 && early[n-1].code == c {
			early[n-1].steps++
		} else {
			early = append(early, run{c, 1})
		}
	}
	return Series{end: s.end, early: slices.Clone(early), codes: slices.Clone(s.codes[over:])} // cloned: as long as they have to be
}

// plain is the series without runs.
func (s Series) plain() Series {
	if len(s.early) == 0 {
		return s
	}
	var codes []uint16
	for _, r := range s.early {
		codes = append(codes, slices.Repeat([]uint16{r.code}, int(r.steps))...)
	}
	return Series{end: s.end, codes: append(codes, s.codes...)}
}

// newest are the last runs, of at most so many steps.
func newest(runs []run, most int) []run {
	over := -most
	for _, r := range runs {
		over += int(r.steps)
	}
	if over <= 0 {
		return runs
	}
	runs = slices.Clone(runs)
	for len(runs) > 0 && over >= int(runs[0].steps) {
		over, runs = over-int(runs[0].steps), runs[1:]
	}
	if over > 0 {
		runs[0].steps -= uint16(over)
	}
	return runs
}
