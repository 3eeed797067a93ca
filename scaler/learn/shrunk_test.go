package learn

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// A series that is shrunk after every step has the same steps as one that is not, and the same last day. Both are saved alike, but for the
// oldest hour: it was merged before the week cut it off.
func TestShrunk(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		merge := rapid.SampledFrom([]func([]float64) []float64{mean, peaksAndRest}).Draw(t, "merge")
		value := rapid.OneOf(rapid.Just(7.), rapid.Float64Range(0, 5000))
		var whole, small Series
		at := time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC)
		for range rapid.IntRange(1, 30).Draw(t, "times") {
			for range rapid.IntRange(1, 200).Draw(t, "steps") {
				at = at.Add(SeasonStep)
				v := value.Draw(t, "value")
				whole, small = whole.put(at, v), small.put(at, v).shrunk(merge)
			}
			at = at.Add(time.Duration(rapid.SampledFrom([]int{0, 0, 1, 13, 400, 1900, 2015, 2016}).Draw(t, "gap")) * SeasonStep)
			a, b := whole.plain(), small.plain()
			if a.end != b.end || len(a.codes) != len(b.codes) || len(b.codes) > seriesMost {
				t.Fatalf("%d steps until %d, then %d until %d", len(a.codes), a.end, len(b.codes), b.end)
			}
			if len(small.codes) >= thinnedBefore {
				t.Fatalf("%d of %d steps are not shrunk", len(small.codes), len(a.codes))
			}
			if last := min(len(a.codes), int(a.end-a.lately())); !slices.Equal(a.codes[len(a.codes)-last:], b.codes[len(b.codes)-last:]) {
				t.Fatal("the last day is another one")
			}
			first := int(thinnedBefore - (a.end-int64(len(a.codes)))%thinnedBefore)
			if first = min(first, len(a.codes)); !slices.Equal(whole.thinned(merge).codes[first:], small.thinned(merge).codes[first:]) {
				t.Fatal("what is saved differs")
			}
		}
	})
}

// Codes come out of runs as they were put in.
func TestRuns(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var want []uint16
		for range rapid.IntRange(0, 50).Draw(t, "runs") {
			code := rapid.OneOf(rapid.Uint16(), rapid.Uint16Range(0, 3), rapid.Just[uint16](unknownCode)).Draw(t, "code")
			steps := rapid.OneOf(rapid.IntRange(1, 300), rapid.IntRange(5, 13)).Draw(t, "steps")
			want = append(want, slices.Repeat([]uint16{code}, steps)...)
		}
		var got []uint16
		for code, steps := range runsOf(want).each() {
			got = append(got, slices.Repeat([]uint16{code}, steps)...)
		}
		if !slices.Equal(got, want) {
			t.Fatalf("%v became %v", want, got)
		}
	})
}
