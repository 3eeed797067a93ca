package lag

import "time"

const (
	rewoundFor  = 5 * time.Minute  // how long the status says that a group was rewound
	pollsKept   = 16               // polls remembered per group: 2.5 min at 10 s
	forgetAfter = 10 * time.Minute // counters of a group that vanished are kept this long, in case it returns
)

// Rates are the numbers about a group that need more than one poll. It is immutable.
type Rates struct {
	Group string

	// Counters, from forward offset movement alone: they never go backwards, start at 0 when the group
	// is first seen, and a rewind or a recreated topic adds nothing to them. Records, but for Rewinds.
	ConsumedTotal, ProducedTotal, LostTotal uint64
	RewindsTotal                            uint64
	JudgedTotal, LateTotal                  uint64 // of groups with an SLO for time lag: processed, and processed later than it allows

	Consumed, Produced Rate // records/s, over the newest 30 s of valid intervals, see [RateWindow]
	Trend              Rate // records/s by which the lag grows; smoothed over about 2 min
	Direction          Direction
	TimeLag            TimeLag   // the worst partition's
	Drain              Seconds   // until lag is gone at the present rates; unknown unless it shrinks
	LastProgress       time.Time // last time a committed offset moved forward; zero: not seen yet
	Expiry             Expiry    // when the brokers delete the commits; zero: they do not, or nobody knows
	Stalled            int       // partitions that are stalled, see [Stand]
	Rest               Rest      // the offsets after commits that stand, see [Stand]
	Missed             int       // topics whose consumers may be down, see [Left.Missed]
	Status             Status

	stands   Stands
	broker   string      // HOST:PORT of a broker of the cluster; empty: none is known
	timeLags [][]TimeLag // by topic, then partition, parallel to GroupLag.Topics
}

// PartitionTimeLag is the time lag of partition index p of topic index t of the group the Rates were made for.
func (r *Rates) PartitionTimeLag(t, p int) TimeLag {
	if t >= len(r.timeLags) || p >= len(r.timeLags[t]) {
		return TimeLag{}
	}
	return r.timeLags[t][p]
}

// PartitionStand is the stand of partition index p of topic index t of the group the Rates were made for.
func (r *Rates) PartitionStand(t, p int) Stand { return r.stands.At(t, p) }

// Habits are what was learned about the group's commits.
func (r *Rates) Habits() Habits { return r.stands.habits }

// Seconds is a duration that may be unknown.
type Seconds struct {
	Seconds float64
	Known   bool
}

// Value is the duration in seconds.
func (s Seconds) Value() (seconds float64, ok bool) { return s.Seconds, s.Known }

// History turns successive snapshots of one cluster into Rates. The zero value is ready to use.
// It is not safe for concurrent use; its results are immutable.
type History struct {
	topics map[string]*topicEnds
	groups map[string]*groupHistory
	times  map[string]RecordTimes // by topic
	lates  []TimeLag              // of the topic that timeLags looks at
}

// groupHistory is what is remembered of a group: the last offsets of each partition, counters, and the last polls.
type groupHistory struct {
	topics       map[string]*topicState
	stands       Stands
	timeLags     [][]TimeLag // of the last poll, see Rates
	total        counters
	lateness     lateness
	polls        []pollTotals
	lastRewind   time.Time
	lastProgress time.Time // last time a committed offset moved forward
	stillSince   time.Time // last time one moved forward, or nothing was waiting
	readAt       time.Time
	empty        emptiness
	usable       bool // the last poll read the group completely, outside a rebalance
	seen         time.Time
}

// pollTotals is one poll of a group, added up.
type pollTotals struct {
	at                 time.Time
	consumed, produced uint64 // since the group was first seen
	lag                int64
	complete           bool
	valid              bool // the interval that ends here may be used for rates
}

// Add takes the next snapshot and returns a Rates for each of its groups, in their order.
// slo gives the thresholds in force for a group.
func (h *History) Add(s *Snapshot, slo func(group string) SLO) []Rates {
	h.addEnds(s)
	h.compareTimes(s)
	broker := ""
	if len(s.Brokers) > 0 {
		broker = s.Brokers[0].address()
	}
	rates := make([]Rates, len(s.Groups))
	for i := range s.Groups {
		g := &s.Groups[i]
		past := h.group(g.Group)
		past.seen = s.At
		past.empty = past.empty.next(g)
		sum, limits := g.Summary(), slo(g.Group)
		h.judge(past, g, limits.JudgedWithin(), limits.CommitInterval)
		past.stands = past.stands.Next(g, limits.Commits())
		past.add(g, sum, s.At)
		rates[i] = h.rates(past, g, sum, s.At, limits)
		rates[i].broker = broker
		rates[i].Expiry = past.empty.expiry(g, s.OffsetsRetention)
	}
	h.forget(s.At)
	return rates
}

// group is what is remembered of a group; nothing yet of a new one.
func (h *History) group(name string) *groupHistory {
	if h.topics == nil {
		h.topics, h.groups = map[string]*topicEnds{}, map[string]*groupHistory{}
	}
	past, ok := h.groups[name]
	if !ok {
		past = &groupHistory{}
		h.groups[name] = past
	}
	return past
}

// Teach adds what is known of the commits of a group from elsewhere: what a scaler learned and saved.
func (h *History) Teach(group string, habits Habits) {
	if len(habits) == 0 {
		return
	}
	past := h.group(group)
	past.stands = past.stands.Teach(habits)
}

// Restart forgets all readings. What was learned of commits, and of the times in records, stays.
func (h *History) Restart() {
	next := History{times: h.times}
	for name, g := range h.groups {
		next.Teach(name, g.stands.Habits())
	}
	*h = next
}

func (h *History) forget(now time.Time) {
	for name, t := range h.topics {
		if now.Sub(t.seen) > forgetAfter {
			delete(h.topics, name)
			delete(h.times, name)
		}
	}
	for name, g := range h.groups {
		if now.Sub(g.seen) > forgetAfter {
			delete(h.groups, name)
		}
	}
}

// add compares the group with its last poll: counters grow by what moved forward, and by nothing else.
func (p *groupHistory) add(g *GroupLag, sum Summary, now time.Time) {
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
		p.lastRewind = now
	}
	if d.consumed > 0 {
		p.lastProgress = g.ReadAt
	}
	if rest := p.stands.Rest(nil); d.consumed > 0 || first || sum.Total <= rest.Read+rest.Unknown {
		p.stillSince = g.ReadAt
	}
	usable := sum.Complete && !g.State.Paused()
	if len(p.polls) == pollsKept {
		p.polls = append(p.polls[:0], p.polls[1:]...)
	}
	p.polls = append(p.polls, pollTotals{
		at: g.ReadAt, consumed: p.total.consumed, produced: p.total.produced, lag: sum.Total, complete: sum.Complete,
		valid: usable && p.usable && d.rewinds == 0,
	})
	p.readAt, p.usable = g.ReadAt, usable
}

// rates derives everything that is published from what is remembered.
func (h *History) rates(p *groupHistory, g *GroupLag, sum Summary, now time.Time, slo SLO) Rates {
	r := Rates{
		Group:         g.Group,
		ConsumedTotal: p.total.consumed, ProducedTotal: p.total.produced,
		LostTotal: p.total.lost, RewindsTotal: p.total.rewinds,
		JudgedTotal: p.lateness.judged, LateTotal: p.lateness.late,
		LastProgress: p.lastProgress,
		Consumed:     p.rate(slo, func(t *pollTotals) uint64 { return t.consumed }),
		Produced:     p.rate(slo, func(t *pollTotals) uint64 { return t.produced }),
		Trend:        p.trend(),
		Rest:         p.stands.Rest(nil),
		stands:       p.stands,
		Missed:       missed(g, now),
	}
	r.Stalled = r.Rest.Stalled
	r.timeLags = h.timeLags(p, g)
	r.TimeLag = r.worst(g, nil)
	r.Direction = direction(r, sum)
	if r.Direction == Shrinking {
		r.Drain = Seconds{Seconds: float64(sum.Total) / -r.Trend.PerSecond, Known: true}
	}
	r.Status = status(condition{group: g, sum: sum, rates: &r, past: p, slo: slo, now: now})
	return r
}
