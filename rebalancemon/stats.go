package rebalancemon

import (
	"time"
)

// stats puts a group's Stats together. Its slices are shared and never change.
func (m *Monitor) stats(g *group) Stats {
	t, c := &g.tally, &g.crew
	s := Stats{
		Group: g.name, ByOutcome: t.outcomes, ByCause: t.causes, Unplanned: t.unplanned, Slow: t.slow,
		TimeSpent: t.spent, Joins: c.joins, Leaves: c.leaves, Moves: g.home.moves, Resolution: m.resolution(),
		Average: t.typical.average, P90: t.typical.p90, SuccessRate: t.typical.successRate, RateKnown: t.typical.known,
		Members: c.members, Static: c.static, Idle: c.idle, Churn: c.churn, Stability: c.stability, Skew: c.skew,
		Assignor: g.view.assignor, Protocol: g.view.protocol,
		Events: t.events, Advice: c.advice,
	}
	if s.Protocol == "" {
		s.Protocol = UnknownProtocol
	}
	if ev, ok := t.lastEvent(); ok {
		s.Last, s.LastKnown = ev.Duration(ev.End), true
	}
	if e := g.open; e != nil && (e.paused || e.count > 0) && m.now.Sub(g.seen.At) <= m.limit(g) {
		s.Rebalancing, s.Paused, s.Since = true, e.paused, e.start
	}
	s.PerHour, s.Share = t.lately(m.now, g.first)
	return s
}

// lately is how many rebalances there were in the last hour, and the share of it that they took;
// of a group that is known for less than an hour, the share of that.
func (t *tally) lately(now, first time.Time) (perHour, share float64) {
	count, spent := t.hour.sum(now)
	known := min(time.Hour, now.Sub(first))
	if known > 0 {
		share = min(1, float64(spent)/float64(known))
	}
	return float64(count), share
}
