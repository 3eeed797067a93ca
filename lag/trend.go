package lag

import (
	"math"
	"time"
)

// Direction is where a group's lag is going.
type Direction string

// The directions of lag. Within the deadband it is steady.
const (
	Growing          Direction = "growing"
	Shrinking        Direction = "shrinking"
	Steady           Direction = "steady"
	DirectionUnknown Direction = "unknown"
)

// trendWindow is how long a window the trend is the slope of.
const trendWindow = 2 * time.Minute

// trend is the least-squares slope of the complete totals of the last trendWindow, in records per second.
// It needs three of them.
func (p *groupHistory) trend() Rate {
	var n, sumT, sumL, sumTT, sumTL float64
	if len(p.polls) == 0 {
		return Rate{}
	}
	newest := p.polls[len(p.polls)-1].at
	for _, poll := range p.polls {
		if !poll.complete || newest.Sub(poll.at) > trendWindow {
			continue
		}
		t, l := poll.at.Sub(newest).Seconds(), float64(poll.lag)
		n, sumT, sumL, sumTT, sumTL = n+1, sumT+t, sumL+l, sumTT+t*t, sumTL+t*l
	}
	spread := n*sumTT - sumT*sumT
	if n < 3 || spread <= 0 {
		return Rate{}
	}
	return Rate{PerSecond: (n*sumTL - sumT*sumL) / spread, Known: true}
}

// direction is how the lag changes. It is steady while the change over trendWindow stays within the deadband: a few
// records, 5 % of the lag, or 5 s of arrivals, which is the sawtooth that a client's default commit interval draws.
func direction(r Rates, sum Summary) Direction {
	slope, ok := r.Trend.Value()
	if !ok {
		return DirectionUnknown
	}
	arrivals, _ := r.Produced.Value()
	deadband := max(10, 0.05*float64(sum.Total), 5*arrivals)
	switch change := slope * trendWindow.Seconds(); {
	case math.Abs(change) <= deadband:
		return Steady
	case change > 0:
		return Growing
	default:
		return Shrinking
	}
}
