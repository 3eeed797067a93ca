package lagtest_test

import (
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/lag/lagtest"
)

func TestWallSet(t *testing.T) {
	now := time.Now()
	for _, d := range []time.Duration{time.Hour, -time.Hour, 0} {
		later := lagtest.WallSet(now.Add(time.Minute), d)
		if got := later.Sub(now); got != time.Minute {
			t.Errorf("set by %v: %v passed", d, got)
		}
		if got := later.Round(0).Sub(now.Round(0)); got != time.Minute+d {
			t.Errorf("set by %v: the clock shows %v later", d, got)
		}
	}
}
