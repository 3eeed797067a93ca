package rebalancemon

import (
	"time"

	"github.com/lagscaler/lagscaler/lag"
)

// causeTimeout is how long a rebalance that is over waits for a poll that shows its cause. After that, or after three poll
// intervals where that is longer, it is counted without a cause.
const causeTimeout = 30 * time.Second

// addPoll takes in the members of a group as a poll describes them, and publishes the rebalances that are over.
func (m *Monitor) addPoll(g *group, l *lag.GroupLag) {
	if l.State == lag.Dead || !l.Described && l.State != lag.Empty {
		return
	}
	if g.membership.at.IsZero() {
		m.firstPoll(g, l)
		return
	}
	if !l.At.After(g.membership.at) {
		return
	}
	next, ch := g.membership.next(l, m.pollInterval())
	if g.unexplained(&next, ch) {
		g.observeState(stateOf(l), m.maxGapOf(g))
	}
	sizes := g.topicSizes
	if ch.rebalanced {
		sizes = topicSizes(l)
		ch.resized = sizeChange(g.topicSizes, sizes)
	}
	m.countRebalances(g, &next, ch)
	g.topicSizes = sizes
	g.memberStats.addChange(ch, next.at)
	g.membership = next
	g.memberStats.update(g, m.now)
}

// unexplained reports whether a poll shows a change that the sampler has not seen the end of, so that the poll's state is
// the newer one. Otherwise it is not: a poll's answer carries the time at which it came,
// and a sample may have been answered in between.
func (g *group) unexplained(next *membership, ch change) bool {
	seen := g.baseline.publishedEarly
	for _, e := range g.ended {
		if !e.start.After(next.until) {
			seen += e.count
		}
	}
	if g.baseline.known && next.generationKnown && int(next.generation-g.baseline.generation) > g.baseline.ahead+seen {
		return true
	}
	return ch.differs && seen == 0
}

// firstPoll takes in the first poll that describes a group's members: there is nothing to compare it with.
func (m *Monitor) firstPoll(g *group, l *lag.GroupLag) {
	next, _ := (&membership{}).next(l, m.pollInterval())
	g.baseline.unseen(&next, 0, false)
	for _, e := range g.takeEnded(next.until) {
		if e.proven {
			e.reason = m.hints.explain(g.name, e, change{})
			m.publish(g, e)
		}
	}
	g.membership, g.topicSizes = next, topicSizes(l)
	g.memberStats.update(g, m.now)
}

// countRebalances finds out how many rebalances there were since the poll before, and why, and publishes those that are over.
// An episode of a classic group is a rebalance, because its states prove it; rebalances that only the generation shows are
// added to one of the episodes. An episode of a group with epochs counts only as far as the epoch rose. When the epoch did
// not rise there was no rebalance: a static member was away, or a move of the coordinator began and ended the episode.
func (m *Monitor) countRebalances(g *group, next *membership, ch change) {
	over := g.takeEnded(next.until)
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
	unseen := g.baseline.unseen(next, seen, ch.differs)
	if unseen > 0 && len(targets) == 0 {
		over = []*episode{g.unseenEpisode(next)}
		targets = over
	}
	confirmed := assignCounts(targets, unseen, episodeForRemainder(targets, next.protocol))
	assignGenerations(confirmed, next)
	m.hints.assignCauses(g, confirmed, ch)
	if g.open != nil && g.open.count > 0 {
		g.addTime(g.open, 0)
	}
	m.publishEnded(g, over, next)
}

// publishEnded publishes the episodes that are over, and drops those that were no rebalance. One that was still going on when
// the poll was answered waits for the next poll.
func (m *Monitor) publishEnded(g *group, over []*episode, v *membership) {
	var wait []*episode
	for _, e := range over {
		switch {
		case !e.proven && e.end.After(v.at):
			wait = append(wait, e)
		case e.count > 0:
			m.publish(g, e)
		}
	}
	g.ended = append(wait, g.ended...)
}

// takeEnded removes the episodes that began by the time, and returns them.
func (g *group) takeEnded(until time.Time) []*episode {
	n := 0
	for n < len(g.ended) && !g.ended[n].start.After(until) {
		n++
	}
	taken := g.ended[:n:n]
	g.ended = g.ended[n:]
	return taken
}

// unseenEpisode is an episode that only the poll shows: it fell between two observations of the group's state.
func (g *group) unseenEpisode(v *membership) *episode {
	e := &episode{
		start: v.at, end: v.at, last: v.at, resolution: v.at.Sub(v.previousAt), stateBefore: lag.Stable,
		paused: !v.epochs, proven: true, outcome: Success, generation: lag.NoGeneration,
	}
	switch {
	case len(v.members) == 0:
		e.outcome = EmptyGroup
	case g.seenAgainAt.After(v.previousAt):
		e.outcome = UnknownOutcome
	}
	return e
}

// publishOverdue publishes rebalances that have waited too long for a poll.
func (m *Monitor) publishOverdue(g *group) {
	limit := max(causeTimeout, 3*m.pollInterval())
	for len(g.ended) > 0 && g.ended[0].proven && m.now.Sub(g.ended[0].endKnown) > limit {
		e := g.ended[0]
		g.ended = g.ended[1:]
		g.baseline.publishedEarly += e.count
		e.reason = m.hints.explain(g.name, e, change{})
		m.publish(g, e)
	}
}

// publish makes an event of an episode; it is final.
func (m *Monitor) publish(g *group, e *episode) {
	g.addTime(e, 0)
	ev := Event{
		Cluster: m.cluster, Group: g.name, Start: e.start, End: e.end,
		Resolution: max(e.resolution, m.resolution()), Paused: e.paused, Outcome: e.outcome,
		Cause: e.reason.cause, Evidence: e.reason.evidence, Generation: e.generation, Count: e.count,
		Joined: e.joined, Left: e.left,
	}
	g.stats.add(ev, m.slow(g.name))
	m.events = append(m.events, ev)
}
