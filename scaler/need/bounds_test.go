package need

import (
	"testing"

	"github.com/lagscaler/lagscaler/scaler/seen"
)

// What was known of the time lag before the first reading replaces an estimate that contradicts it, and no measurement.
func TestBoundsOfTheTimeLag(t *testing.T) {
	for name, c := range map[string]struct {
		from            TimeLagFrom
		seconds, moving float64
		least, most     float64
		stalled         bool
		want            string
		wantMoving      float64
	}{
		"measured":                            {from: LateMeasured, seconds: 12, moving: 12, least: 60, want: "12 s", wantMoving: 12},
		"unknown, at least":                   {least: 60, want: ">= 60 s", wantMoving: 60},
		"unknown, at most":                    {most: 61, want: "<= 61 s"},
		"unknown":                             {want: "unknown"},
		"an estimate of a burst that is over": {from: LateEstimated, seconds: 500, moving: 500, most: 61, want: "<= 61 s", wantMoving: 61},
		"an estimate below the upper bound":   {from: LateEstimated, seconds: 20, moving: 20, most: 61, want: "about 20 s", wantMoving: 20},
		"an estimate, records older than it":  {from: LateEstimated, seconds: 2, moving: 2, least: 60, want: ">= 60 s", wantMoving: 60},
		"an estimate above the lower bound":   {from: LateEstimated, seconds: 90, moving: 90, least: 60, want: "about 90 s", wantMoving: 90},
		"a lower bound, and a greater one":    {from: LateAtLeast, seconds: 10, moving: 10, least: 60, want: ">= 60 s", wantMoving: 60},
		"a lower bound, and an upper one":     {from: LateAtLeast, seconds: 10, moving: 10, most: 61, want: ">= 10 s", wantMoving: 10},
		"a stalled partition may be the one":  {from: LateAtLeast, seconds: 10, moving: 3, least: 60, stalled: true, want: ">= 60 s", wantMoving: 3},
	} {
		e := &estimator{Input: &Input{Seen: &seen.History{Source: seen.Source{TimeLagAtLeast: c.least, TimeLagAtMost: c.most}}}}
		e.need.LagSeconds, e.need.MovingSeconds, e.need.LagSecondsFrom = c.seconds, c.moving, c.from
		if c.stalled {
			e.stalled = []int{0}
		}
		e.bounds()
		if got := e.need.Late(e.need.LagSeconds); got != c.want || e.need.MovingSeconds != c.wantMoving {
			t.Errorf("%s: %s, moving %v; want %s, %v", name, got, e.need.MovingSeconds, c.want, c.wantMoving)
		}
	}
}
