package need

import (
	"math"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/rebalancemon"
	"github.com/lagscaler/lagscaler/scaler/learn"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

// A fleet keeps a reserve for what came within the hour, here 900/s.
//
//	target   horizon   rebalance   reserve
//	30 s     53 s      8 s         (1 - 22/45) of 900/s
//	30 s     53 s      8 s         (1 - 26/49) of 900/s in a cooperative group
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
		with   rebalancemon.Protocol
	}{
		{"within the hour", 30 * time.Second, 0, true, 900 * (1 - 22./45), rebalancemon.Eager},
		{"cooperative", 30 * time.Second, 0, true, 900 * (1 - 26./49), rebalancemon.Cooperative},
		{"time to answer", 2 * time.Minute, 0, true, 0, rebalancemon.Eager},
		{"idle", 30 * time.Second, 10 * time.Minute, true, 0, rebalancemon.Eager},
		{"economy", 30 * time.Second, 0, false, 0, rebalancemon.Eager},
	} {
		e := estimator{
			Input: &Input{
				Now: now, Clock: seen.Clock{}.Filled(), Learned: &learn.Source{}, HourPeak: 900,
				Seen:    &seen.History{Source: seen.Source{Rebalance: seen.Rebalance{Protocol: c.with}}},
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
