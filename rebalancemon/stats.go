package rebalancemon

import (
	"slices"
	"time"
)

// Stats is what is known of one group's rebalances and members. It is immutable.
type Stats struct {
	Group string

	// Counters since the group was first seen; they never go backwards.
	ByOutcome [4]uint64 // index as in Outcomes
	ByCause   [8]uint64 // index as in Causes
	Unplanned uint64
	Slow      uint64        // longer than the threshold in force
	TimeSpent time.Duration // grows during a rebalance
	Joins     uint64
	Leaves    uint64

	Rebalancing bool
	Paused      bool          // all members are paused now; false while a KIP-848 group reconciles
	Since       time.Time     // start of the one that lasts; zero otherwise
	Last        time.Duration // of the last that ended
	LastKnown   bool
	Resolution  time.Duration // of the sampler, as measured

	PerHour     float64       // rebalances of the last hour, of all causes (lag.SLO limits the unplanned ones); not extrapolated when the group is known for less
	Average     time.Duration // over the events kept
	P90         time.Duration
	SuccessRate float64 // 0 to 1 over the events kept whose outcome is known
	RateKnown   bool    // SuccessRate, Average and P90 rest on at least one event
	Share       float64 // share of time spent rebalancing, 0 to 1, over the last hour, or since first seen

	Members   int
	Static    int     // members with a group.instance.id
	Idle      int     // members without a partition, of a stable group
	Churn     float64 // share of members that joined or left per minute, over 10 min, or since first seen
	Stability float64 // 1 - share of the members of an hour ago (or of the first sight) that are gone
	Skew      float64 // 0: the best possible split; 1: one member has everything
	Assignor  string
	Protocol  Protocol

	Events Events   // at most 100 of the last, fewer in large clusters
	Advice []Advice // sorted by name
}

// Outcome is how many rebalances ended so.
func (s *Stats) Outcome(o Outcome) uint64 { return s.ByOutcome[slices.Index(Outcomes, o)] }

// Cause is how many rebalances had this cause.
func (s *Stats) Cause(c Cause) uint64 { return s.ByCause[slices.Index(Causes, c)] }

// Total is how many rebalances ended.
func (s *Stats) Total() uint64 {
	n := uint64(0)
	for _, c := range s.ByOutcome {
		n += c
	}
	return n
}

// stats puts a group's Stats together. Its slices are shared and never change.
func (m *Monitor) stats(g *group) Stats {
	t, c := &g.stats, &g.memberStats
	s := Stats{
		Group: g.name, ByOutcome: t.outcomes, ByCause: t.causes, Unplanned: t.unplanned, Slow: t.slow,
		TimeSpent: t.spent, Joins: c.joins, Leaves: c.leaves, Resolution: m.resolution(),
		Average: t.typical.average, P90: t.typical.p90, SuccessRate: t.typical.successRate, RateKnown: t.typical.known,
		Members: c.members, Static: c.static, Idle: c.idle, Churn: c.churn, Stability: c.stability, Skew: c.skew,
		Assignor: g.membership.assignor, Protocol: g.membership.protocol,
		Events: t.events, Advice: c.advice,
	}
	if s.Protocol == "" {
		s.Protocol = UnknownProtocol
	}
	if ev := t.events.Last(); ev != nil {
		s.Last, s.LastKnown = ev.Duration(ev.End), true
	}
	if e := g.open; e != nil && (e.paused || e.count > 0) && m.now.Sub(g.state.At) <= m.maxGapOf(g) {
		s.Rebalancing, s.Paused, s.Since = true, e.paused, e.start
	}
	s.PerHour, s.Share = t.lastHourOf(m.now, g.firstSeen)
	return s
}

// lastHourOf is how many rebalances there were in the last hour, and the share of it that they took;
// of a group that is known for less than an hour, the share of that.
func (t *rebalanceStats) lastHourOf(now, first time.Time) (perHour, share float64) {
	count, spent := t.hour.sum(now)
	known := min(time.Hour, now.Sub(first))
	if known > 0 {
		share = min(1, float64(spent)/float64(known))
	}
	return float64(count), share
}
