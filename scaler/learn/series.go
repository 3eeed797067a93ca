package learn

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/lagscaler/lagscaler/scaler/packed"
)

// SeasonStep is the resolution of the season and of the comparison.
const SeasonStep = 5 * time.Minute

// seriesMost is a week of steps.
const seriesMost = 7 * 24 * 12

// Series are numbers of at least 0 at five-minute steps, at most a week of them. It is a value, and small when saved:
// each number is kept to 0.05 %.
type Series struct {
	end    int64    // the step after the newest, in SeasonSteps since 1970
	early  runs     // what is before codes, of a series that was shrunk
	merged int64    // steps of early before it are thinned
	codes  []uint16 // oldest first
}

// Point is one step of a Series.
type Point struct {
	At    time.Time // its beginning
	Value float64
}

// Points are the steps that are known, oldest first.
func (s Series) Points() []Point {
	var out []Point
	s = s.plain()
	for i, c := range s.codes {
		if c != unknownCode {
			at := (s.end - int64(len(s.codes)-i)) * int64(SeasonStep)
			out = append(out, Point{At: time.Unix(0, at).UTC(), Value: decode(c)})
		}
	}
	return out
}

// put returns the series with a value at a time's step; steps in between are unknown, steps before its end stay.
func (s Series) put(at time.Time, v float64) Series {
	step := at.UnixNano() / int64(SeasonStep)
	gap := step - s.end
	switch {
	case s.some() && gap < 0:
		return s
	case !s.some() || gap >= seriesMost:
		return Series{end: step + 1, codes: []uint16{encode(v)}}
	}
	kept := s.codes[max(0, int64(len(s.codes))+gap+1-seriesMost):]
	codes := append(make([]uint16, 0, int64(len(kept))+gap+1), kept...)
	for range gap {
		codes = append(codes, unknownCode)
	}
	codes = append(codes, encode(v))
	return Series{end: step + 1, early: s.early, merged: s.merged, codes: codes}
}

// some reports whether there is a step.
func (s Series) some() bool { return len(s.early)+len(s.codes) > 0 }

// How many steps are saved as one: of the last day those of a quarter of an hour, of the days before those of an hour.
const (
	thinnedLately = 3
	thinnedBefore = 12
)

// thinned is the series with few different values in each quarter of an hour, or hour, that is over, so that it is small when saved: what
// merge makes of the known ones. Unknown steps stay unknown.
func (s Series) thinned(merge func(known []float64) []float64) Series {
	s = s.plain()
	codes, start, lately := slices.Clone(s.codes), s.end-int64(len(s.codes)), s.lately()
	for first := start; first < s.end; {
		wide := int64(thinnedBefore)
		if first >= lately {
			wide = thinnedLately
		}
		end := first - first%wide + wide // the first one may be cut off
		if end <= s.end {
			thin(codes[first-start:end-start], merge)
		}
		first = end
	}
	return Series{end: s.end, codes: codes}
}

// lately is the first step of the last day, and of the hour in which that begins.
func (s Series) lately() int64 {
	step := s.end - int64(24*time.Hour/SeasonStep)
	return step - step%thinnedBefore
}

// thin merges the known codes.
func thin(codes []uint16, merge func(known []float64) []float64) {
	var known []float64
	for _, c := range codes {
		if c != unknownCode {
			known = append(known, decode(c))
		}
	}
	if len(known) == 0 {
		return
	}
	merged := merge(known)
	for i, c := range codes {
		if c != unknownCode {
			codes[i], merged = encode(merged[0]), merged[1:]
		}
	}
}

// mean gives all values their mean, to 0.4 %; equal values stay as they are.
func mean(values []float64) []float64 {
	if slices.Min(values) == slices.Max(values) {
		return values
	}
	sum := 0.
	for _, v := range values {
		sum += v
	}
	one, out := rounded(sum/float64(len(values)), 16), make([]float64, len(values))
	for i := range out {
		out[i] = one
	}
	return out
}

// peaksAndRest keeps where a peak was: values above the middle get the greatest, the others the greatest of them, to 2 %.
func peaksAndRest(values []float64) []float64 {
	least, most := slices.Min(values), slices.Max(values)
	middle, rest, out := (least+most)/2, 0., make([]float64, len(values))
	for _, v := range values {
		if v <= middle {
			rest = max(rest, v)
		}
	}
	for i, v := range values {
		out[i] = rounded(rest, 100)
		if v > middle {
			out[i] = rounded(most, 100)
		}
	}
	return out
}

// rounded is the nearest value whose code is a multiple of grain. Multiples of 16 are 0.7 % apart.
func rounded(v float64, grain int) float64 {
	return decode(uint16(min(unknownCode-1, (int(encode(v))+grain/2)/grain*grain)))
}

// Greatest is the greatest known value of the steps that overlap (from, from+span].
func (s Series) Greatest(from time.Time, span time.Duration) (v float64, ok bool) {
	s = s.plain()
	start := s.end - int64(len(s.codes))
	first, last := from.UnixNano()/int64(SeasonStep), from.Add(span).UnixNano()/int64(SeasonStep)
	best := uint16(0)
	for step := max(first, start); step <= min(last, s.end-1); step++ {
		if c := s.codes[step-start]; c != unknownCode {
			best, ok = max(best, c), true
		}
	}
	return decode(best), ok
}

// A code is a number's logarithm: 0 is 0, 65534 is 2 * 10^12, neighbours are 0.04 % apart (and less below 1).
const (
	unknownCode = math.MaxUint16
	codeScale   = 2300.0
)

func encode(v float64) uint16 {
	if v != v || v < 0 {
		return unknownCode
	}
	return uint16(min(unknownCode-1, math.Round(math.Log1p(v)*codeScale)))
}

func decode(c uint16) float64 { return math.Expm1(float64(c) / codeScale) }

// within is the series at the finest resolution at which its codes are at most so many bytes when saved.
func (s Series) within(bytes int) (Series, error) {
	s = s.plain()
	_, grain, err := packed.Fit(bytes, len(s.codes), func(grain int) (string, error) { return s.rounded(grain).pack() })
	if err != nil {
		return s, fmt.Errorf("pack series: %w", err)
	}
	return s.rounded(grain), nil
}

// rounded is the series with codes that are multiples of a grain.
func (s Series) rounded(grain int) Series {
	if grain == 1 {
		return s
	}
	codes := slices.Clone(s.codes)
	for i, c := range codes {
		if c != unknownCode {
			codes[i] = uint16(min((unknownCode-1)/grain, (int(c)+grain/2)/grain) * grain)
		}
	}
	return Series{end: s.end, codes: codes}
}

// grain is the greatest power of two that all codes are multiples of.
func (s Series) grain() int {
	all := uint16(0)
	for _, c := range s.codes {
		if c != unknownCode {
			all |= c
		}
	}
	if all == 0 {
		return 1
	}
	return int(all & -all)
}

// pack are the differences of the codes, in grains; 0 is unknown.
func (s Series) pack() (string, error) {
	grain, last := uint16(s.grain()), int64(0)
	raw := make([]byte, 0, 2*len(s.codes))
	for _, c := range s.codes {
		v := int64(0)
		if c != unknownCode {
			v = 1 + int64(c/grain)
		}
		raw, last = binary.AppendVarint(raw, v-last), v
	}
	return packed.Pack(raw)
}

// savedSeries is a series as JSON. Older builds wrote Codes and no Steps; for them it is an empty series.
type savedSeries struct {
	End   int64  `json:"end"`
	Codes string `json:"codes"`           // base64 of deflated little-endian differences
	Grain int    `json:"grain,omitempty"` // of Steps
	Steps string `json:"steps,omitempty"` // base64 of deflated differences, see pack
}

// noCodes are the Codes of an empty series.
const noCodes = "AQAA//8="

// MarshalJSON packs the series.
func (s Series) MarshalJSON() ([]byte, error) {
	s = s.plain()
	if len(s.codes) == 0 {
		return json.Marshal(savedSeries{End: s.end, Codes: noCodes})
	}
	steps, err := s.pack()
	if err != nil {
		return nil, fmt.Errorf("pack series: %w", err)
	}
	return json.Marshal(savedSeries{End: s.end, Codes: noCodes, Grain: s.grain(), Steps: steps})
}

// UnmarshalJSON unpacks the series; more than a week is refused.
func (s *Series) UnmarshalJSON(data []byte) error {
	var saved savedSeries
	if err := json.Unmarshal(data, &saved); err != nil {
		return fmt.Errorf("unpack series: %w", err)
	}
	if saved.End < 0 || saved.End > math.MaxInt64/int64(SeasonStep) {
		return fmt.Errorf("unpack series: end %d is no time", saved.End)
	}
	codes, err := saved.codes()
	if err != nil {
		return fmt.Errorf("unpack series: %w", err)
	}
	*s = Series{end: saved.End, codes: codes}
	return nil
}

// codes are those of either form.
func (s *savedSeries) codes() ([]uint16, error) {
	if s.Steps != "" {
		return s.steps()
	}
	raw, err := packed.Unpack(s.Codes, 2*seriesMost)
	if err != nil {
		return nil, err
	}
	if len(raw) > 2*seriesMost || len(raw)%2 != 0 {
		return nil, errors.New("not a week of numbers")
	}
	codes, last := make([]uint16, len(raw)/2), uint16(0)
	for i := range codes {
		last += binary.LittleEndian.Uint16(raw[2*i:])
		codes[i] = last
	}
	return codes, nil
}

func (s *savedSeries) steps() ([]uint16, error) {
	raw, err := packed.Unpack(s.Steps, binary.MaxVarintLen32*seriesMost)
	if err != nil {
		return nil, err
	}
	differences, err := packed.Varints(raw)
	if err != nil {
		return nil, err
	}
	if len(differences) > seriesMost || s.Grain < 1 || s.Grain > math.MaxUint16 {
		return nil, errors.New("not a week of numbers")
	}
	codes, last := make([]uint16, len(differences)), int64(0)
	for i, d := range differences {
		last += d
		if codes[i] = unknownCode; last == 0 {
			continue
		}
		if last < 0 || last > math.MaxUint16 || (last-1)*int64(s.Grain) >= unknownCode {
			return nil, fmt.Errorf("%d is no number", last)
		}
		codes[i] = uint16((last - 1) * int64(s.Grain))
	}
	return codes, nil
}

func stepOf(t time.Time) int64 { return t.UnixNano() / int64(SeasonStep) }

func stepTime(step int64) time.Time { return time.Unix(0, step*int64(SeasonStep)).UTC() }
