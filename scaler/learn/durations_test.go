package learn

import (
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// A quantile is the least duration that is at least as great as so many of all.
func TestQuantile(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		seconds := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) float64 { return float64(rapid.IntRange(0, 30).Draw(t, "s")) / 4 }), 1, durationsKept).Draw(t, "seconds")
		share := rapid.SampledFrom([]float64{0.5, 0.9}).Draw(t, "share")
		before, sorted := slices.Clone(seconds), slices.Sorted(slices.Values(seconds))
		want := time.Duration(sorted[int(math.Ceil(share*float64(len(sorted))))-1] * float64(time.Second))
		if got := quantile(seconds, share, time.Minute); got != want || !slices.Equal(seconds, before) {
			t.Fatalf("%v of %v is %v, want %v", share, before, got, want)
		}
	})
	if got := quantile(nil, 0.9, time.Minute); got != time.Minute {
		t.Errorf("of nothing: %v", got)
	}
}
