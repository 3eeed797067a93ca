package lag

import (
	"math"
	"time"
)

// rates derives everything that is published from what is remembered.
func (h *History) rates(p *groupPast, g *GroupLag, sum Summary, now time.Time, slo SLO) Rates {
	r := Rates{
		Group:         g.Group,
		ConsumedTotal: p.total.consumed, ProducedTotal: p.total.produced,
		LostTotal: p.total.lost, RewindsTotal: p.total.rewinds,
		LastProgress: p.moved,
		Consumed:     p.rate(func(c counters) uint64 { return c.consumed }),
		Produced:     p.rate(func(c counters) uint64 { return c.produced }),
		Trend:        p.trend(),
		Stalled:      p.stalled(g),
	}
	r.times, r.LagTime = h.times(g)
	r.Direction = direction(r, sum)
	if r.Direction == Shrinking {
		r.Drain = Seconds{Seconds: float64(sum.Total) / -r.Trend.PerSecond, Known: true}
	}
	r.Status = status(view{group: g, sum: sum, rates: &r, past: p, slo: slo, now: now})
	return r
}

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

// trend is the least-squares slope of the complete totals of the last trendWindow, in records per second.
// It needs three of them.
func (p *groupPast) trend() Rate {
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

// direction tells where lag goes. It is steady while the change over trendWindow stays within the deadband: a few
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

// stalled counts partitions that a member holds whose offset has stood still for StallAfter with records waiting,
// more than transaction markers leave behind.
func (p *groupPast) stalled(g *GroupLag) int {
	n := 0
	limit := g.ReadAt.Add(-StallAfter).UnixMilli()
	for t := range g.Topics {
		past, ok := p.topics[g.Topics[t].Topic]
		if g.Topics[t].Orphaned || !ok {
			continue
		}
		for i := range g.Topics[t].Partitions {
			row := &g.Topics[t].Partitions[i]
			waiting, ok := row.Lag()
			if ok && waiting > residualLag && row.Owner >= 0 && past.marks[row.Partition].calm <= limit {
				n++
			}
		}
	}
	return n
}

// times is the time lag of every partition, and of the worst one. A partition that lags for an unknown time
// may be the worst: then the others tell a lower bound, or nothing when none of them is late.
func (h *History) times(g *GroupLag) (times [][]LagTime, worst LagTime) {
	times = make([][]LagTime, len(g.Topics))
	unknown := false
	for t := range g.Topics {
		row := &g.Topics[t]
		times[t] = make([]LagTime, len(row.Partitions))
		past := h.topics[row.Topic]
		for i := range row.Partitions {
			lt := past.time(&row.Partitions[i])
			times[t][i] = lt
			if row.Orphaned {
				continue
			}
			if lt.known && (!worst.known || lt.seconds > worst.seconds) {
				worst = lt
			}
			if n, ok := row.Partitions[i].Lag(); ok && n > 0 && !lt.known {
				unknown = true
			}
		}
	}
	if unknown && worst.seconds == 0 {
		return times, LagTime{}
	}
	worst.atLeast = worst.atLeast || unknown
	return times, worst
}

func (t *topicPast) time(p *PartitionLag) LagTime {
	lag, ok := p.Lag()
	switch {
	case !ok || p.Err != OK || p.Known.Has(KnownLag):
		return LagTime{}
	case lag == 0:
		return LagTime{known: true}
	case t == nil || int(p.Partition) >= len(t.partitions):
		return LagTime{}
	}
	past := &t.partitions[p.Partition]
	at, atLeast, ok := past.appended(max(p.Committed, p.Start))
	if !ok {
		return LagTime{}
	}
	newest := past.points[len(past.points)-1].at
	return LagTime{seconds: float32(max(0, newest-at)) / 1000, known: true, atLeast: atLeast}
}
