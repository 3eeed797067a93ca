package sim

import (
	"fmt"
	"slices"
)

// RateFollower follows the arrival rate and forecasts nothing: at once up to the capacity for Headroom times the present rate, and
// down only to Headroom times the greatest rate of the last Hold seconds. Tried with many pairs of numbers, it shows how far
// a policy gets by keeping more replicas for longer.
type RateFollower struct {
	Headroom float64
	Hold     int32 // seconds

	rates []float64 // records/s between polls, the newest last
	end   int64
	at    int32 // the second of the last poll
	polls int
	wrote int32
}

// Name says the two numbers.
func (b *RateFollower) Name() string { return fmt.Sprintf("%.1f x the last %d s", b.Headroom, b.Hold) }

// Every is the seconds between two decisions.
func (*RateFollower) Every() int32 { return pollSeconds }

// followerWait is the least time between two changes, in seconds.
const followerWait = 20

// Decide is the rule. A backlog is drained in a minute.
func (b *RateFollower) Decide(v *View) (int32, string) {
	last, now := b.end, v.Workload.Spec
	b.end = 0
	for _, p := range v.Lag.Partitions {
		b.end += p.End
	}
	since := float64(v.Second - b.at)
	b.at = v.Second
	if b.polls++; b.polls == 1 {
		return now, ""
	}
	b.rates = append(b.rates, float64(b.end-last)/since)
	b.rates = b.rates[max(0, len(b.rates)-int(b.Hold/pollSeconds)):]
	if v.Second-b.wrote < followerWait {
		return now, ""
	}
	total, _ := v.Lag.Total()
	rate := b.present()
	backlog := max(0, float64(total)-(0.5*v.World.Target.Seconds()+v.World.Commit.Seconds())*rate) / drainWithin
	up, down := v.fit(b.Headroom*rate+backlog), v.fit(b.Headroom*slices.Max(b.rates)+backlog)
	settled := v.Workload.Ready == now && !v.Rebalance.Active
	switch {
	case up > now:
	case down < now && settled:
		up = down
	default:
		return now, ""
	}
	b.wrote = v.Second
	return up, ""
}

// present is the rate over half a minute, or since the last poll when that is more.
func (b *RateFollower) present() float64 {
	recent := b.rates[max(0, len(b.rates)-rateSeconds/pollSeconds):]
	sum := 0.0
	for _, r := range recent {
		sum += r
	}
	return max(sum/float64(len(recent)), recent[len(recent)-1])
}
