package lag

import (
	"testing"
	"time"
)

// A rate is that of the newest 30 s, not of the last poll. Polls that come a little early do not make the window longer.
func TestRateOfPollsThatComeEarly(t *testing.T) {
	for _, c := range []struct {
		every time.Duration
		want  float64
	}{
		{10 * time.Second, 300}, {9990 * time.Millisecond, 300}, {10010 * time.Millisecond, 300}, // three intervals
		{20 * time.Second, 300}, {time.Minute, 300}, // one interval
		{5 * time.Second, 200}, // six, of which three are from before
	} {
		p, at := groupHistory{}, time.Unix(0, 0)
		var records float64
		for i := range 10 {
			p.polls = append(p.polls, pollTotals{at: at, produced: uint64(records), valid: true})
			at = at.Add(c.every)
			rate := 100.0
			if i >= 6 {
				rate = 300 // in the last three intervals
			}
			records += rate * c.every.Seconds()
		}
		got, ok := p.rate(SLO{}, func(t *pollTotals) uint64 { return t.produced }).Value()
		if !ok || got < c.want-1 || got > c.want+1 {
			t.Errorf("polls every %v: %.1f/s, want %.0f/s", c.every, got, c.want)
		}
	}
}
