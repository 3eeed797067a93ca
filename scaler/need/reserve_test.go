package need

import (
	"math"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/scaler/learn"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

// A fleet keeps a reserve for what came within the hour, here 900/s.
//
//	target   horizon   rebalance   reserve
//	30 s     53 s      8 s         (1 - 22/53) of 900/s
//	2 min    53 s      8 s         none: there is time to answer
//	30 s     53 s      8 s         none after 10 min without arrivals: the group may go to zero
//	30 s     53 s      8 s         none under economy: cost comes before lateness
func TestReserve(t *testing.T) {
	now := time.Date(2026, 1, 5, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name   string
		target time.Duration
		idle   time.Duration
		keeps  bool
		want   float64
	}{
		{"within the hour", 30 * time.Second, 0, true, 900 * (1 - 22./53)},
		{"time to answer", 2 * time.Minute, 0, true, 0},
		{"idle", 30 * time.Second, 10 * time.Minute, true, 0},
		{"economy", 30 * time.Second, 0, false, 0},
	} {
		e := estimator{
			Input: &Input{
				Now: now, Clock: seen.Clock{}.Filled(), Learned: &learn.Source{}, HourPeak: 900,
				Targets: Targets{TargetLag: c.target, IdleTime: 10 * time.Minute, KeepsReserve: c.keeps},
			},
			need: Need{Horizon: 53},
		}
		if c.idle > 0 {
			e.IdleSince = now.Add(-c.idle)
		}
		if peak, share := e.reserve(); math.Abs(peak*share-c.want) > 1 {
			t.Errorf("%s: %v of %v/s, want %v/s", c.name, share, peak, c.want)
		}
	}
}
