package seen

import (
	"math"
	"slices"
	"time"

	"github.com/lagscaler/lagscaler/lag"
)

// ShareWindow is the window over which it is counted how arrivals spread over partitions. For arrivals and commits it is
// [lag.RateWindow].
const ShareWindow = 600 * time.Second

// rate adds up arrivals and commits over the rate window, and since the poll before.
//
// It is not the rate of metrics and pages (lag.Rates), which is unknown when no interval of the window is valid. A decision is
// made also then, so this one takes the whole window: with the pause of a rebalance in it, and of the partitions that answer.
func (r *Readings) rate(last *Reading, clk Clock) {
	base, before := r.Before(clk.Scale(lag.RateWindow), clk.Slack()), max(0, r.Len()-2)
	for c := range r.Columns.Count {
		if arriving, committing, ok := r.Rates(base, c); ok {
			last.Rate, last.Consumed, last.Rated = last.Rate+arriving, last.Consumed+committing, true
		}
		if arriving, _, ok := r.Rates(before, c); ok {
			last.LastRate += arriving
		}
	}
	if r.jumps(clk) {
		last.Jump = last.LastRate
	}
}

const (
	jumpNoise   = 4  // standard deviations that a jump must exceed
	jumpUsual   = 3  // times the median change from poll to poll that it must exceed
	jumpHistory = 12 // polls
)

// jumps reports whether far more arrived since the last poll than the rate window makes expect: beyond the noise of
// counting, and beyond the usual change of the traffic from poll to poll.
func (r *Readings) jumps(clk Clock) bool {
	n := r.Len()
	if n < jumpHistory/2 {
		return false
	}
	last := r.Last()
	more := last.LastRate - last.Rate
	if more < jumpNoise*math.Sqrt(last.Rate/clk.Poll.Seconds()) {
		return false
	}
	var usual []float64
	for i := max(1, n-jumpHistory); i < n-3; i++ {
		usual = append(usual, math.Abs(r.At(i).LastRate-r.At(i-1).LastRate))
	}
	slices.Sort(usual)
	return more >= jumpUsual*usual[len(usual)/2]
}

// peaks are the greatest rate over a window that moves: the maximum of every part of it.
type peaks struct {
	step int64 // the newest part
	max  [peakParts]float64
}

// peakParts is how many parts a window has: 240 s in parts of 8 s, and one more so that it is never shorter.
const peakParts = 31

func (p *peaks) add(now time.Time, window time.Duration, rate float64) {
	step := now.UnixNano() / max(1, int64(window)/(peakParts-1))
	for p.step < step-peakParts {
		*p = peaks{step: step}
	}
	for p.step < step {
		p.step++
		p.max[p.step%peakParts] = 0
	}
	p.max[step%peakParts] = max(p.max[step%peakParts], rate)
}

func (p *peaks) greatest() float64 { return max(0, slices.Max(p.max[:])) }
