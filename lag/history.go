package lag

import "time"

const (
	rateWindow   = 30 * time.Second // rates are over the valid intervals of this long
	trendWindow  = 2 * time.Minute  // the trend is a slope over this long
	residualLag  = 2                // records that transaction markers leave behind for ever
	rewoundFor   = 5 * time.Minute  // a rewind colours the status for this long
	samplesKept  = 16               // polls remembered per group: 2.5 min at 10 s
	forgetGroups = 10 * time.Minute // counters of a group that vanished are kept this long, in case it returns
)

// History turns successive snapshots of one cluster into Rates. The zero value is ready to use.
// It is not safe for concurrent use; its results are immutable.
type History struct {
	topics map[string]*topicPast
	groups map[string]*groupPast
}

// groupPast is what is remembered of a group: where each partition stood, counters, and a few polls.
type groupPast struct {
	topics  map[string]*topicMarks
	total   counters
	polls   []pollSum
	rewound time.Time // last rewind
	moved   time.Time // last time an offset moved forward
	calm    time.Time // last time one moved, or nothing was waiting
	readAt  time.Time
	quiet   bool // the last poll read the group whole, and it was not rebalancing
	seen    time.Time
}

// pollSum is one poll of a group, added up. valid: the interval before it may be used for rates.
type pollSum struct {
	at       time.Time
	total    counters
	lag      int64
	complete bool
	valid    bool
}

// Add takes the next snapshot and returns a Rates for each of its groups, in their order.
// slo gives the thresholds in force for a group.
func (h *History) Add(s *Snapshot, slo func(group string) SLO) []Rates {
	if h.topics == nil {
		h.topics, h.groups = map[string]*topicPast{}, map[string]*groupPast{}
	}
	h.addEnds(s)
	rates := make([]Rates, len(s.Groups))
	for i := range s.Groups {
		g := &s.Groups[i]
		past, ok := h.groups[g.Group]
		if !ok {
			past = &groupPast{}
			h.groups[g.Group] = past
		}
		past.seen = s.At
		sum := g.Summary()
		past.add(g, sum, s.At)
		rates[i] = h.rates(past, g, sum, s.At, slo(g.Group))
	}
	h.forget(s.At)
	return rates
}

func (h *History) forget(now time.Time) {
	for name, t := range h.topics {
		if now.Sub(t.seen) > forgetGroups {
			delete(h.topics, name)
		}
	}
	for name, g := range h.groups {
		if now.Sub(g.seen) > forgetGroups {
			delete(h.groups, name)
		}
	}
}

// add compares the group with its last poll: counters grow by what moved forward, and by nothing else.
func (p *groupPast) add(g *GroupLag, sum Summary, now time.Time) {
	if !g.ReadAt.After(p.readAt) {
		return // nothing new was read of it
	}
	first := p.readAt.IsZero()
	d := p.compare(g)
	p.total.consumed += d.consumed
	p.total.produced += d.produced
	p.total.lost += d.lost
	p.total.rewinds += d.rewinds
	if d.rewinds > 0 {
		p.rewound = now
	}
	if d.consumed > 0 {
		p.moved = g.ReadAt
	}
	if d.consumed > 0 || first || sum.Total <= int64(residualLag*sum.Known) {
		p.calm = g.ReadAt
	}
	quiet := sum.Complete && !g.State.Paused()
	p.polls = append(p.polls, pollSum{
		at: g.ReadAt, total: p.total, lag: sum.Total, complete: sum.Complete,
		valid: quiet && p.quiet && d.rewinds == 0,
	})
	if len(p.polls) > samplesKept {
		p.polls = append(p.polls[:0], p.polls[1:]...)
	}
	p.readAt, p.quiet = g.ReadAt, quiet
}

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
