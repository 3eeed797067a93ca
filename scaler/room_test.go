package scaler

import (
	"math"
	"testing"
	"time"
)

// A fleet keeps room for jumps that traffic makes and no season foretells.
//
//	traffic                         jumps     room, of the greatest rate of the window
//	even                            1         none
//	doubles now and then            2         2 x 0.74 x 0.75: the target leaves 14 s of 53
//	doubles each hour               2         the same, until the season of an hour guides: then none
//	two hours known                 unknown   none
func TestRoomForJumps(t *testing.T) {
	series := func(steps int, value func(i int) float64) (s Series) {
		for i := range steps {
			s = s.put(time.Unix(int64(i)*300, 0), value(i))
		}
		return s
	}
	flat := func(int) float64 { return 100 }
	random := func(i int) float64 { return 100 + 100*float64(i*i%17/15) }
	hourly := func(i int) float64 { return 100 + 100*float64(i%12/11) }
	for _, c := range []struct {
		name   string
		season Season
		jumps  float64
	}{
		{"even", Season{Maxima: series(288, flat)}, 1},
		{"now and then", Season{Maxima: series(288, random)}, 2},
		{"each hour", Season{Maxima: series(288, hourly)}, 2},
		{"each hour, and known", Season{Maxima: series(288, hourly), Skill: [3]Skilled{{Avoided: 0.1}}}, 1},
		{"two hours known", Season{Maxima: series(24, random)}, 0},
	} {
		if got := c.season.jumps(); math.Abs(got-c.jumps) > 0.01 {
			t.Errorf("%s: jumps by %v, want %v", c.name, got, c.jumps)
		}
		g := gauge{
			in: &Input{Policy: Policy{TargetLag: 30 * time.Second}}, src: &Source{}, w: &watch{},
			mem: &SourceMemory{Season: c.season}, clk: Clock{}.filled(), need: Need{Horizon: 53, Peak: 100, DownUtilization: 0.75},
		}
		if want := c.jumps * 100 * (1 - 14./53) * 0.75; math.Abs(g.room()-want) > 1 {
			t.Errorf("%s: room %v, want %v", c.name, g.room(), want)
		}
		if g.in.Policy.TargetLag = 2 * time.Minute; g.room() != 0 {
			t.Errorf("%s: room %v with two minutes to answer in", c.name, g.room())
		}
	}
}
