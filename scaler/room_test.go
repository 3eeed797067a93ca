package scaler

import (
	"math"
	"testing"
	"time"
)

// A fleet keeps room for what came within the hour.
//
//	target   horizon   pause   arrivals were        room
//	30 s     53 s      8 s     900/s 40 min ago     (1 - 22/53) of 900/s
//	30 s     53 s      8 s     900/s two hours ago  of the 300/s since
//	30 s     53 s      8 s     900/s just now       of 900/s: these five minutes count too
//	2 min    53 s      8 s     900/s 40 min ago     none: there is time to answer
//	30 s     53 s      8 s     nothing for 10 min   none: the group may go to zero
//	30 s     53 s      8 s     900/s just now       none under economy: cost comes before lateness
func TestRoom(t *testing.T) {
	now := time.Date(2026, 1, 5, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name   string
		target time.Duration
		ago    time.Duration // of 900/s
		idle   time.Duration
		preset Preset
		want   float64
	}{
		{"within the hour", 30 * time.Second, 40 * time.Minute, 0, Balanced, 900 * (1 - 22./53)},
		{"long ago", 30 * time.Second, 2 * time.Hour, 0, Balanced, 300 * (1 - 22./53)},
		{"now", 30 * time.Second, 0, 0, Balanced, 900 * (1 - 22./53)},
		{"time to answer", 2 * time.Minute, 40 * time.Minute, 0, Balanced, 0},
		{"idle", 30 * time.Second, 40 * time.Minute, 10 * time.Minute, Balanced, 0},
		{"economy", 30 * time.Second, 0, 0, Economy, 0},
	} {
		var maxima Series
		for ago := 3 * time.Hour; ago > 0; ago -= SeasonStep {
			rate := 300.0
			if ago == c.ago {
				rate = 900
			}
			maxima = maxima.put(now.Add(-ago), rate)
		}
		preset, _ := presetOf(c.preset)
		g := gauge{
			in: &Input{Now: now, Policy: Policy{TargetLag: c.target, IdleTime: 10 * time.Minute, KeepsRoom: preset.KeepsRoom}}, src: &Source{}, w: &watch{},
			mem: &SourceMemory{Season: Season{Maxima: maxima}}, clk: Clock{}.filled(), need: Need{Horizon: 53},
		}
		if c.ago == 0 {
			g.w.season.max = 900
		}
		if c.idle > 0 {
			g.w.idle = now.Add(-c.idle)
		}
		if peak, share := g.room(); math.Abs(peak*share-c.want) > 1 {
			t.Errorf("%s: %v of %v/s, want %v/s", c.name, share, peak, c.want)
		}
	}
}
