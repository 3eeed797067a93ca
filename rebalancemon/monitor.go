package rebalancemon

import (
	"slices"
	"strings"
	"time"

	"github.com/lagscaler/lagscaler/lag"
)

const (
	// keepGroup is how long a group that nobody lists any more is remembered. A broker's SIGKILL hides its groups for
	// about 8 s, an operator's restart of it for minutes; after this long the group is taken for deleted.
	keepGroup = time.Hour

	// shortestGap is the least time without sight of a group after which nothing is concluded from what lies between.
	shortestGap = 5 * time.Second
)

// Monitor watches the groups of one cluster. It is not safe for concurrent use: one goroutine owns it.
// The zero value is not ready; see [New].
type Monitor struct {
	cluster string
	slow    func(group string) time.Duration
	groups  []*group // sorted by name
	hints   hints
	samples beat
	polls   beat
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
// the rebalances that are now accounted for: most become so with the next [Monitor.Snapshot], which tells why.
//
// A group that is missing from the sample was not seen, nothing more: a broker that did not answer, a coordinator that
// is loading or an election hides groups that live on.
func (m *Monitor) Sample(s lag.Sample, hs []Hint) []Event {
	m.begin(s.At, hs)
	if len(s.Groups) > 0 { // brokers too old for states answer with errors alone
		m.samples.tick(s.At)
	}
	limit := blind(m.resolution())
	next := 0
	for i := range s.Groups {
		var g *group
		if g, next = m.find(s.Groups[i].Group, next); g == nil {
			g = m.insert(s.Groups[i].Group, next, s.At)
		}
		g.kept, g.sampled = s.At, s.At
		g.observe(s.Groups[i], limit)
		if len(g.done) > 0 {
			m.overdue(g)
		}
	}
	return m.events
}

// Snapshot takes in a poll: generations, epochs, members and how far they have read. It returns the rebalances
// that are now accounted for. A group that the poll could not read, or whose members are carried over from
// an earlier one, tells nothing about rebalances.
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
		g.kept = s.At
		if !told(l) {
			continue
		}
		if epochs(l.Type) || !m.sampled(g) {
			g.observe(stateOf(l), m.limit(g))
		}
		m.poll(g, l)
	}
	m.sweep()
	return m.events
}

// told reports whether the poll says something about the group as it is now. A dead group without a coordinator is one
// that nobody listed, which an election brings about too.
func told(l *lag.GroupLag) bool {
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
	g := &group{name: name, first: at}
	m.groups = slices.Insert(m.groups, i, g)
	return g
}

// sweep forgets what is long gone: groups, rebalances whose end nobody saw, hints.
func (m *Monitor) sweep() {
	m.groups = slices.DeleteFunc(m.groups, func(g *group) bool { return m.now.Sub(g.kept) > keepGroup })
	for _, g := range m.groups {
		if g.open != nil && m.now.Sub(g.seen.At) > stuck {
			g.lose(m.now)
		}
		if len(g.done) > 0 {
			m.overdue(g)
		}
	}
	m.hints.forget(m.now)
}

// blind is how long a group may go unseen before nothing is concluded from what lies between,
// when it is seen every so often.
//
//	sampler each 1 s    5 s
//	sampler each 5 s   15 s
//	no sampler, polls each 10 s   30 s
func blind(every time.Duration) time.Duration { return max(shortestGap, 3*every) }

// sampled reports whether the sampler sees the group, so that polls need not tell its state.
func (m *Monitor) sampled(g *group) bool {
	every, ok := m.samples.every()
	return ok && m.now.Sub(g.sampled) <= blind(every)
}

// limit is [blind] for one group: by the sampler, or by the poll if that alone sees it.
func (m *Monitor) limit(g *group) time.Duration {
	if m.sampled(g) {
		return blind(m.resolution())
	}
	return blind(m.step())
}

// resolution is how often states are seen: by the sampler, or by the poll where brokers are too old for one.
func (m *Monitor) resolution() time.Duration {
	if every, ok := m.samples.every(); ok {
		return every
	}
	return m.step()
}

// step is how often polls come; 0 until the second.
func (m *Monitor) step() time.Duration {
	every, _ := m.polls.every()
	return every
}

// beat measures how often something happens.
type beat struct {
	last time.Time
	gaps [8]time.Duration
	n    int
}

func (b *beat) tick(at time.Time) {
	if gap := at.Sub(b.last); gap > 0 && !b.last.IsZero() {
		b.gaps[b.n%len(b.gaps)] = gap
		b.n++
	}
	if at.After(b.last) {
		b.last = at
	}
}

// every is the median of the last gaps, so that a single pause or hurry says nothing.
func (b *beat) every() (d time.Duration, ok bool) {
	n := min(b.n, len(b.gaps))
	if n == 0 {
		return 0, false
	}
	sorted := b.gaps
	slices.Sort(sorted[:n])
	return sorted[(n-1)/2], true
}
