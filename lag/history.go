package lag

import (
	"time"
)

// StallAfter is for how long a committed offset must stand still, with records waiting, to count as stalled.
const StallAfter = 120 * time.Second

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

type topicPast struct {
	id         [16]byte
	partitions []ring
	seen       time.Time
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

type counters struct{ consumed, produced, lost, rewinds uint64 }

type topicMarks struct {
	id    [16]byte
	marks []mark // index is the partition
}

// mark is where a partition was last seen: what one poll could not read is compared with the one before it.
type mark struct {
	start, committed, end int64
	calm                  int64 // Unix ms: last time committed moved, or nothing was waiting
	known                 Known
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

func (h *History) addEnds(s *Snapshot) {
	for i := range s.Topics {
		t := &s.Topics[i]
		past, ok := h.topics[t.Name]
		if !ok || past.id != t.ID {
			past = &topicPast{id: t.ID}
			h.topics[t.Name] = past
		}
		past.seen = s.At
		if n := len(t.Partitions); n > len(past.partitions) {
			past.partitions = append(past.partitions, make([]ring, n-len(past.partitions))...)
		}
		for p := range t.Partitions {
			if read := &t.Partitions[p]; read.Known.Has(KnownEnd) {
				past.partitions[p].add(read.At, read.End)
			}
		}
	}
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

// compare walks the group's rows beside what was last known of each partition, and sums up what moved.
func (p *groupPast) compare(g *GroupLag) counters {
	var d counters
	if p.topics == nil || len(p.topics) > len(g.Topics) {
		p.keepTopics(g)
	}
	for t := range g.Topics {
		row := &g.Topics[t]
		past, ok := p.topics[row.Topic]
		switch {
		case !ok:
			past = &topicMarks{id: row.ID}
			p.topics[row.Topic] = past
		case past.id != row.ID: // recreated: nothing before it counts
			d.rewinds++
			past.id, past.marks = row.ID, nil
		}
		if n := len(row.Partitions); n > 0 {
			past.grow(int(row.Partitions[n-1].Partition) + 1)
		}
		for i := range row.Partitions {
			part := &row.Partitions[i]
			d.partition(part, &past.marks[part.Partition], row.Orphaned, g.ReadAt.UnixMilli())
		}
	}
	return d
}

func (p *groupPast) keepTopics(g *GroupLag) {
	kept := make(map[string]*topicMarks, len(g.Topics))
	for i := range g.Topics {
		if past, ok := p.topics[g.Topics[i].Topic]; ok {
			kept[g.Topics[i].Topic] = past
		}
	}
	p.topics = kept
}

func (t *topicMarks) grow(n int) {
	if n > len(t.marks) {
		t.marks = append(t.marks, make([]mark, n-len(t.marks))...)
	}
}

// partition adds one partition's movement since its mark, and moves the mark.
func (d *counters) partition(p *PartitionLag, m *mark, orphaned bool, now int64) {
	both := p.Known & m.known
	if both.Has(KnownEnd) && !orphaned {
		d.produced += uint64(max(0, p.End-m.end))
	}
	if both.Has(KnownStart) && p.Lost() > 0 {
		d.lost += uint64(max(0, p.Start-max(p.Committed, m.start)))
	}
	if both.Has(KnownCommitted) {
		d.consumed += uint64(max(0, p.Committed-m.committed))
		if p.Committed < m.committed {
			d.rewinds++
		}
	}
	waiting, ok := p.Lag()
	if m.calm == 0 || !both.Has(KnownCommitted) || p.Committed != m.committed || ok && waiting <= residualLag {
		m.calm = now
	}
	if p.Known.Has(KnownStart) {
		m.start = p.Start
	}
	if p.Known.Has(KnownCommitted) {
		m.committed = p.Committed
	}
	if p.Known.Has(KnownEnd) {
		m.end = p.End
	}
	m.known |= p.Known
}
