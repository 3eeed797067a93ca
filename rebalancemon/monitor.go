package rebalancemon

import (
	"slices"
	"strings"
	"time"

	"github.com/lagscaler/lagscaler/lag"
)

const (
	// keepGroup is how long a group that no broker lists any more is remembered. A broker's SIGKILL hides its groups for
	// about 8 s, an operator's restart of it for minutes; after this long the group is taken for deleted.
	keepGroup = time.Hour

	// minGap is the shortest gap between two observations of a group after which nothing is concluded about the time between them.
	minGap = 5 * time.Second
)

// Monitor watches the groups of one cluster. It is not safe for concurrent use: one goroutine owns it.
// The zero value is not ready; see [New].
type Monitor struct {
	cluster string
	slow    func(group string) time.Duration
	groups  []*group // sorted by name
	hints   hints
	samples intervalEstimator
	polls   intervalEstimator
	now     time.Time // the latest time of any observation
	events  []Event   // published by the call under way
}

// New is a Monitor that has seen nothing yet.
func New(o Options) *Monitor {
	slow := o.Slow
	if slow == nil {
		slow = func(string) time.Duration { return lag.DefaultSLO.RebalanceTime }
	}
	return &Monitor{cluster: o.Cluster, slow: slow, hints: hints{}}
}

// Sample takes in the states of one pass of the sampler, with what is known of resizes and rollouts, and returns
// the rebalances that are now counted: most are counted at the next [Monitor.Snapshot], which shows why they happened.
//
// A group that is missing from the sample was not seen, nothing more: a broker that did not answer, a coordinator that
// is loading or an election hides groups that live on.
func (m *Monitor) Sample(s lag.Sample, hs []Hint) []Event {
	m.begin(s.At, hs)
	if len(s.Groups) > 0 { // brokers too old for states answer with errors alone
		m.samples.tick(s.At)
	}
	limit := maxGap(m.resolution())
	next := 0
	for i := range s.Groups {
		var g *group
		if g, next = m.find(s.Groups[i].Group, next); g == nil {
			g = m.insert(s.Groups[i].Group, next, s.At)
		}
		g.lastListed, g.lastSampled = s.At, s.At
		g.observeState(s.Groups[i], limit)
		if len(g.ended) > 0 {
			m.publishOverdue(g)
		}
	}
	return m.events
}

// Snapshot takes in a poll: generations, epochs, members and how far they have read. It returns the rebalances
// that are now counted. A group that the poll could not read, or whose members are carried over from
// an earlier one, says nothing about rebalances.
func (m *Monitor) Snapshot(s *lag.Snapshot, hs []Hint) []Event {
	m.begin(s.At, hs)
	m.polls.tick(s.At)
	next := 0
	for i := range s.Groups {
		l := &s.Groups[i]
		var g *group
		if g, next = m.find(l.Group, next); g == nil {
			g = m.insert(l.Group, next, s.At)
		}
		g.lastListed = s.At
		if !isCurrent(l) {
			continue
		}
		if epochs(l.Type) || !m.sampled(g) || l.At.Sub(g.lastSampled) >= betweenSamples {
			g.observeState(stateOf(l), m.maxGapOf(g))
		}
		m.addPoll(g, l)
	}
	m.forget()
	return m.events
}

// betweenSamples is how much newer than the last sample the state at a poll is if it is needed: with a sampler every second it is not. One
// of several shards samples less often, and leaves samples to its polls.
const betweenSamples = 1500 * time.Millisecond

// isCurrent reports whether the poll says something about the group as it is now. A dead group without a coordinator is one
// that no broker listed, which happens during an election, too.
func isCurrent(l *lag.GroupLag) bool {
	return l.Err == lag.OK && l.Missed == 0 && (l.State != lag.Dead || l.Coordinator >= 0)
}

// Stats is what is known of a group as of the latest observation; ok is false for one that was never seen or long ago.
func (m *Monitor) Stats(name string) (s Stats, ok bool) {
	g, _ := m.find(name, -1)
	if g == nil {
		return Stats{}, false
	}
	return m.stats(g), true
}

// All is what is known of every group, sorted by name.
func (m *Monitor) All() []Stats {
	all := make([]Stats, len(m.groups))
	for i, g := range m.groups {
		all[i] = m.stats(g)
	}
	return all
}

func (m *Monitor) begin(at time.Time, hs []Hint) {
	if at.After(m.now) {
		m.now = at
	}
	m.hints.add(hs)
	m.events = nil
}

// find looks a group up. Callers that walk a sorted list pass where they are, or -1: most often the next group is the
// one, which makes a pass over thousands of idle groups one comparison each. When there is none,
// at is where it belongs.
func (m *Monitor) find(name string, from int) (g *group, at int) {
	if from >= 0 && from < len(m.groups) && m.groups[from].name == name {
		return m.groups[from], from + 1
	}
	i, ok := slices.BinarySearchFunc(m.groups, name, func(g *group, n string) int { return strings.Compare(g.name, n) })
	if !ok {
		return nil, i
	}
	return m.groups[i], i + 1
}

// insert adds a group at the place that find named; first sight of a group counts nothing.
func (m *Monitor) insert(name string, i int, at time.Time) *group {
	g := &group{name: name, firstSeen: at}
	m.groups = slices.Insert(m.groups, i, g)
	return g
}

// forget drops old groups and hints, and ends rebalances whose end was not seen.
func (m *Monitor) forget() {
	m.groups = slices.DeleteFunc(m.groups, func(g *group) bool { return m.now.Sub(g.lastListed) > keepGroup })
	for _, g := range m.groups {
		if g.open != nil && m.now.Sub(g.state.At) > stuck {
			g.endUnseen(m.now)
		}
		if len(g.ended) > 0 {
			m.publishOverdue(g)
		}
	}
	m.hints.forget(m.now)
	m.forgetEvents(keepAll)
}

// forgetEvents forgets the oldest events of the groups with the most, if all groups together have more than most.
func (m *Monitor) forgetEvents(most int) {
	all := 0
	for _, g := range m.groups {
		all += g.stats.events.Len()
	}
	if all <= most {
		return
	}
	share := max(leastEvents, most/len(m.groups))
	for _, g := range m.groups {
		g.stats.keep(share)
	}
}

// maxGap is the longest gap between two observations of a group over which something is concluded about the time between
// them. It follows from the interval at which the group is seen.
//
//	sampler every 1 s             5 s
//	sampler every 5 s             15 s
//	no sampler, polls every 10 s  30 s
func maxGap(every time.Duration) time.Duration { return max(minGap, 3*every) }

// sampled reports whether the sampler sees the group, so that the state at a poll is needed only between samples.
func (m *Monitor) sampled(g *group) bool {
	every, ok := m.samples.every()
	return ok && m.now.Sub(g.lastSampled) <= maxGap(every)
}

// maxGapOf is [maxGap] for one group: by the sampler, or by the poll if that alone sees it.
func (m *Monitor) maxGapOf(g *group) time.Duration {
	if m.sampled(g) {
		return maxGap(m.resolution())
	}
	return maxGap(m.pollInterval())
}

// resolution is how often states are seen: by the sampler, or by the poll where brokers are too old for one.
func (m *Monitor) resolution() time.Duration {
	if every, ok := m.samples.every(); ok {
		return every
	}
	return m.pollInterval()
}

// pollInterval is how often polls come; 0 until the second.
func (m *Monitor) pollInterval() time.Duration {
	every, _ := m.polls.every()
	return every
}

// Options set a Monitor up.
type Options struct {
	Cluster string
	Slow    func(group string) time.Duration // threshold of a slow rebalance; nil: lag.DefaultSLO.RebalanceTime for all
}
