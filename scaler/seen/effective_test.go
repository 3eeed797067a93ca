package seen

import (
	"math"
	"testing"
	"time"
)

// What a burst counts for, with 15 s that records may wait.
//
//	arrivals, polls of 10 s                       rate     effective rate
//	1 000/s for long                              1 000    1 000
//	then 3 000/s for 30 s                         3 000    3 000 x 30 / 45
//	then 3 000/s for 5 min                        3 000    all of it: the rest is noise
//	3 000/s for 5 min, then 600/s                 600      600: never more than the rate
//	3 000/s for 30 s, a poll before was partial   3 000    3 000: nothing older is known
//	3 000/s for 30 s, this poll is partial        3 000    3 000: never less on a lower bound
func TestEffectiveRate(t *testing.T) {
	repeat := func(rate float64, polls int) (out []float64) {
		for range polls {
			out = append(out, rate)
		}
		return out
	}
	for _, c := range []struct {
		name    string
		polls   []float64
		partial int // polls ago; -1: none
		want    float64
	}{
		{"steady", repeat(1000, 62), -1, 1000},
		{"a burst", append(repeat(1000, 60), repeat(3000, 3)...), -1, 2000},
		{"a step", append(repeat(1000, 60), repeat(3000, 30)...), -1, 3000},
		{"after it", append(repeat(3000, 30), repeat(600, 3)...), -1, 600},
		{"partial before", append(repeat(1000, 60), repeat(3000, 3)...), 3, 3000},
		{"partial now", append(repeat(1000, 60), repeat(3000, 3)...), 0, 3000},
	} {
		w := Readings{Columns: &Columns{}}
		for i, rate := range c.polls {
			at := int64(i+1) * int64(10*time.Second)
			w = w.with(&Newest{Reading: &Reading{At: at, LastRate: rate, Rate: rate, Complete: len(c.polls)-1-i != c.partial}}, 620*time.Second)
		}
		if got := w.effectiveRate(15 * time.Second); math.Abs(got-c.want) > 1e-6 {
			t.Errorf("%s: %v/s, want %v", c.name, got, c.want)
		}
	}
}
