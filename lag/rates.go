package lag

import "time"

// Rates is what more than one poll tells of a group. It is immutable.
type Rates struct {
	Group string

	// Counters, from forward offset movement alone: they never go backwards, start at 0 when the group
	// is first seen, and a rewind or a recreated topic adds nothing to them. Records, but for Rewinds.
	ConsumedTotal, ProducedTotal, LostTotal uint64
	RewindsTotal                            uint64

	Consumed, Produced Rate // records/s, since the poll before
	Trend              Rate // records/s by which the lag grows; smoothed over about 2 min
	Direction          Direction
	LagTime            LagTime   // the worst partition's
	Drain              Seconds   // until lag is gone at the present rates; unknown unless it shrinks
	LastProgress       time.Time // last time a committed offset moved forward; zero: not seen yet
	Stalled            int       // partitions with lag whose offset stood still for at least StallAfter while a member held them
	Status             Status

	times [][]LagTime // by topic, then partition, parallel to GroupLag.Topics
}

// Rate is a number of records per second that may be unknown: after a restart, a gap, a rebalance or a rewind.
type Rate struct {
	PerSecond float64
	Known     bool
}

// Value is the rate in records per second.
func (r Rate) Value() (perSecond float64, ok bool) { return r.PerSecond, r.Known }

// Seconds is a duration that may be unknown.
type Seconds struct {
	Seconds float64
	Known   bool
}

// Value is the duration in seconds.
func (s Seconds) Value() (seconds float64, ok bool) { return s.Seconds, s.Known }

// rate is a counter's growth per second over the valid intervals of the last rateWindow.
func (p *groupPast) rate(of func(counters) uint64) Rate {
	var records uint64
	var took time.Duration
	for i := len(p.polls) - 1; i > 0 && took < rateWindow; i-- {
		if p.polls[i].valid {
			records += of(p.polls[i].total) - of(p.polls[i-1].total)
			took += p.polls[i].at.Sub(p.polls[i-1].at)
		}
	}
	if took <= 0 {
		return Rate{}
	}
	return Rate{PerSecond: float64(records) / took.Seconds(), Known: true}
}
