package learn

import (
	"math"
	"testing"

	"github.com/lagscaler/lagscaler/scaler/seen"
)

// What became of forecasts is smoothed in, a horizon later.
//
//	foretold            came         broken
//	300 -> 700          700, 900     0
//	300 -> 700          420          0.3 * 0.7
//	300 -> 700          300, 100     0.3
//	300 -> 700, twice   300          0.3 + 0.7 * 0.3
//	nothing             whatever     0
func TestBrokenShare(t *testing.T) {
	for _, c := range []struct {
		to, now float64
		times   int
		want    float64
	}{
		{700, 700, 1, 0},
		{700, 900, 1, 0},
		{700, 420, 1, 0.21},
		{700, 300, 1, 0.3},
		{700, 100, 1, 0.3},
		{700, 300, 2, 0.51},
		{0, 900, 1, 0},
		{300, 100, 1, 0},
	} {
		broken := 0.0
		for range c.times {
			updateBroken(&broken, 300, c.to, c.now)
		}
		if math.Abs(broken-c.want) > 1e-9 {
			t.Errorf("300 to %v, and %v came, %d times: broken %v, want %v", c.to, c.now, c.times, broken, c.want)
		}
	}
}

func TestTrustedJump(t *testing.T) {
	for _, c := range []struct{ jump, broken, want float64 }{
		{700, 0, 700}, {700, 0.5, 500}, {700, 1, 300}, {0, 0, 0}, {0, 1, 0},
	} {
		known, r := &Source{BrokenJumps: c.broken}, &seen.Newest{Reading: &seen.Reading{Rate: 400, EffectiveRate: 300, Jump: c.jump}, JumpTo: 2 * c.jump}
		if got := known.TrustedJump(r); got != c.want {
			t.Errorf("a jump from 300 to %v, %v of the last were broken: %v, want %v", c.jump, c.broken, got, c.want)
		}
		if got, want := known.ExpectedJump(r), 2*c.jump-c.broken*max(0, 2*c.jump-300); got != want {
			t.Errorf("a jump from 300 that is expected to come to %v: %v, want %v", 2*c.jump, got, want)
		}
	}
}
