package rebalancemon

import (
	"time"

	"github.com/lagscaler/lagscaler/lag"
)

// patience is how long a rebalance that is over waits for a poll to tell its cause. After that, or three polls where
// polls are further apart, it is counted without.
const patience = 30 * time.Second

// poll takes in what a poll tells of a group's members, and publishes the rebalances that are over.
func (m *Monitor) poll(g *group, l *lag.GroupLag) {
	if l.State == lag.Dead || !l.Described && l.State != lag.Empty {
		return
	}
	if g.view.at.IsZero() {
		m.firstPoll(g, l)
		return
	}
	if !l.At.After(g.view.at) {
		return
	}
	next, ch := g.view.next(l, m.step())
	if g.unexplained(&next, ch) {
		g.observe(stateOf(l), m.limit(g))
	}
	covered := g.covered
	if ch.rebalanced {
		covered = extents(l)
		ch.grown = grown(g.covered, covered)
	}
	m.settle(g, &next, ch)
	g.covered = covered
	g.crew.turn(ch, next.at)
	g.view = next
	g.crew.assess(g, m.now)
}

// unexplained reports whether a poll shows a change that the sampler has not seen the end of, so that the poll's state is
// the newer one. Otherwise it is not: a poll's answer carries the time at which it came,
// and a sample may have been answered in between.
func (g *group) unexplained(next *view, ch change) bool {
	seen := g.base.early
	for _, e := range g.done {
		if !e.start.After(next.until) {
			seen += e.count
		}
	}
	if g.base.known && next.counted && int(next.count-g.base.count) > g.base.ahead+seen {
		return true
	}
	return ch.differs && seen == 0
}

// firstPoll takes in the first that is told of a group's members: what lies before cannot be compared.
func (m *Monitor) firstPoll(g *group, l *lag.GroupLag) {
	next, _ := (&view{}).next(l, m.step())
	g.base.owed(&next, 0, false)
	for _, e := range g.take(next.until) {
		if e.sure {
			e.reason = m.hints.explain(g.name, e, change{})
			m.publish(g, e)
		}
	}
	g.view, g.covered = next, extents(l)
	g.crew.assess(g, m.now)
}

// settle finds out how many rebalances there were since the poll before, and why, and publishes those that are over.
// A classic group's episodes are rebalances as the states prove; what the generation says beyond that is laid
// to one of them. Those of a group with epochs count as far as the epoch says, and if it says
// nothing there was none: a static member was away, or a coordinator's move began and ended them.
func (m *Monitor) settle(g *group, next *view, ch change) {
	over := g.take(next.until)
	seen := 0
	if !next.epochs {
		for _, e := range over {
			seen += e.count
		}
	}
	targets := over
	if g.open != nil && next.epochs && !g.open.start.After(next.until) {
		targets = append(targets[:len(targets):len(targets)], g.open)
	}
	owed := g.base.owed(next, seen, ch.differs)
	if owed > 0 && len(targets) == 0 {
		over = []*episode{g.unseen(next)}
		targets = over
	}
	told := credit(targets, owed, heir(targets, next.protocol))
	number(told, next)
	m.hints.attribute(g, told, ch)
	if g.open != nil && g.open.count > 0 {
		g.spend(g.open, 0)
	}
	m.close(g, over, next)
}

// credit lays owed rebalances to episodes: one to each that has none yet, the rest to the heir.
// It returns the episodes that this poll tells of.
func credit(targets []*episode, owed int, heir *episode) []*episode {
	counts := make([]int, len(targets))
	for i, e := range targets {
		if e.count == 0 && owed > 0 {
			counts[i] = 1
			owed--
		}
	}
	var told []*episode
	for i, e := range targets {
		if e == heir {
			counts[i] += owed
		}
		e.count += counts[i]
		if e.sure || counts[i] > 0 || e.count > 0 && e.reason.cause == "" {
			told = append(told, e)
		}
	}
	return told
}

// heir is the episode that had the rebalances which no sample saw apart: the longest, and among those that took about as
// long the last; under a cooperative assignor the first, since a join takes two rebalances there and a leave one.
func heir(targets []*episode, p Protocol) *episode {
	const alike = 500 * time.Millisecond
	var best *episode
	for _, e := range targets {
		if best == nil {
			best = e
			continue
		}
		longer := e.last.Sub(e.start) - best.last.Sub(best.start)
		if longer > alike || longer >= -alike && p != Cooperative {
			best = e
		}
	}
	return best
}

// number gives episodes the generation after them, counted back from the one that the poll told.
func number(told []*episode, v *view) {
	if !v.counted {
		return
	}
	n := v.count
	for i := len(told) - 1; i >= 0; i-- {
		told[i].generation = n
		n -= int32(told[i].count)
	}
}

// close publishes the episodes that are over and drops those that prove to be none. One that was still going on when
// the poll was answered waits for the next.
func (m *Monitor) close(g *group, over []*episode, v *view) {
	var wait []*episode
	for _, e := range over {
		switch {
		case !e.sure && e.end.After(v.at):
			wait = append(wait, e)
		case e.count > 0:
			m.publish(g, e)
		}
	}
	g.done = append(wait, g.done...)
}

// take removes the episodes that began by the time, and returns them.
func (g *group) take(until time.Time) []*episode {
	n := 0
	for n < len(g.done) && !g.done[n].start.After(until) {
		n++
	}
	taken := g.done[:n:n]
	g.done = g.done[n:]
	return taken
}

// unseen is an episode that only the poll tells of: it fell between two observations of the group's state.
func (g *group) unseen(v *view) *episode {
	e := &episode{
		start: v.at, end: v.at, last: v.at, resolution: v.at.Sub(v.seen), from: lag.Stable,
		paused: !v.epochs, sure: true, outcome: Success, generation: lag.NoGeneration,
	}
	switch {
	case len(v.seats) == 0:
		e.outcome = EmptyGroup
	case g.blind.After(v.seen):
		e.outcome = UnknownOutcome
	}
	return e
}

// overdue publishes rebalances that have waited too long for a poll.
func (m *Monitor) overdue(g *group) {
	limit := max(patience, 3*m.step())
	for len(g.done) > 0 && g.done[0].sure && m.now.Sub(g.done[0].told) > limit {
		e := g.done[0]
		g.done = g.done[1:]
		g.base.early += e.count
		e.reason = m.hints.explain(g.name, e, change{})
		m.publish(g, e)
	}
}

// publish makes an event of an episode, for good.
func (m *Monitor) publish(g *group, e *episode) {
	g.spend(e, 0)
	ev := Event{
		Cluster: m.cluster, Group: g.name, Start: e.start, End: e.end,
		Resolution: max(e.resolution, m.resolution()), Paused: e.paused, Outcome: e.outcome,
		Cause: e.reason.cause, Evidence: e.reason.evidence, Generation: e.generation, Count: e.count,
		Joined: e.joined, Left: e.left,
	}
	g.tally.add(ev, m.slow(g.name))
	m.events = append(m.events, ev)
}
