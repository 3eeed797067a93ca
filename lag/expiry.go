package lag

import "time"

// DefaultOffsetsRetention is offsets.retention.minutes of brokers on which nobody has changed it: 10,080 minutes.
const DefaultOffsetsRetention = 7 * 24 * time.Hour

// ExpiryBound says how well it is known when commits expire.
type ExpiryBound string

// The bounds.
const (
	ExpiryExact  ExpiryBound = "exact"  // the group was seen to become empty
	ExpiryEarly  ExpiryBound = "early"  // not before: it was asleep since then, as was saved, and nobody watched it in between; or it is standalone
	ExpiryLatest ExpiryBound = "latest" // not later, but perhaps earlier
)

// Expiry is when the brokers delete the commits of a group without members; the zero value: never, or not known.
//
// The rule of the brokers (KIP-211; group coordinator of 4.1, offsetExpirationCondition), after offsets.retention.minutes:
//
//	group                      counted from                        what is known here
//	with members               -                                   nothing expires of a topic that they subscribe to
//	classic, empty             when it became empty                exact if that was seen, else the latest
//	KIP-848, streams, empty    the commit of each partition        the latest: partitions without traffic may have older commits
//	standalone (classic, no    the commit of each partition        early, of a partition whose commit was seen to move, and in
//	  protocol: assign())                                          which records wait; else nothing, see standing
//	share                      -                                   it has no such commits
type Expiry struct {
	At    time.Time
	Bound ExpiryBound
}

// emptiness is since when a group has had no members.
type emptiness struct {
	since time.Time // zero: it has members, or nobody knows
	bound ExpiryBound
	slept time.Time // a saved time since when its consumers have been asleep; zero: none
	known bool      // the state was read before

	standing standing // of a standalone group
}

// next takes in a reading of the state.
func (e emptiness) next(g *GroupLag) emptiness {
	if g.Err != OK || g.State == "" {
		return e
	}
	switch {
	case g.State != Empty:
		e.since, e.slept = time.Time{}, time.Time{}
	case e.since.IsZero() && e.known:
		e.since, e.bound = g.At, ExpiryExact
	case e.since.IsZero():
		e.since, e.bound = g.At, ExpiryLatest
	}
	if e.bound == ExpiryLatest && !e.slept.IsZero() && e.slept.Before(e.since) {
		e.since, e.bound = e.slept, ExpiryEarly
	}
	e.known = true
	if g.standalone() {
		e.standing = e.standing.next(g)
	} else {
		e.standing = standing{}
	}
	return e
}

// standalone reports whether the group's consumers commit without being members: they use assign(), not subscribe().
func (g *GroupLag) standalone() bool {
	return g.Type == Classic && g.Protocol == "" && len(g.Members) == 0
}

// standing is since when the commits of a standalone group have stood, as polls saw it.
//
//	what is seen                                        the commit expires
//	it moved, and records wait since                    not before: nobody reads on, or a consumer is stuck and commits again
//	it moved, and nothing waits                         nobody knows: a consumer that waits commits the same offset again
//	it did not move since the first poll                nobody knows: it may be old
type standing struct {
	readAt time.Time
	topics map[string]map[int32]stood
}

type stood struct {
	offset int64
	since  time.Time // not later than the commit; zero: it was not seen to move
}

// next takes in a reading of a standalone group.
func (s standing) next(g *GroupLag) standing {
	if !g.ReadAt.After(s.readAt) {
		return s
	}
	now := standing{readAt: g.ReadAt, topics: make(map[string]map[int32]stood, len(g.Topics))}
	for t := range g.Topics {
		topic := &g.Topics[t]
		before, commits := s.topics[topic.Topic], make(map[int32]stood, len(topic.Partitions))
		for i := range topic.Partitions {
			p := &topic.Partitions[i]
			last, seen := before[p.Partition]
			switch {
			case !p.Known.Has(KnownCommitted) && seen:
				commits[p.Partition] = last
			case p.Known.Has(KnownCommitted) && seen && last.offset != p.Committed:
				commits[p.Partition] = stood{p.Committed, s.readAt}
			case p.Known.Has(KnownCommitted):
				commits[p.Partition] = stood{p.Committed, last.since}
			}
		}
		now.topics[topic.Topic] = commits
	}
	return now
}

// expiry is when the first commit expires of those of which that is known.
func (s standing) expiry(g *GroupLag, retention time.Duration) Expiry {
	var first time.Time
	for topic, p := range g.Partitions {
		n, ok := p.Lag()
		since := s.topics[topic][p.Partition].since
		if ok && n > 0 && !since.IsZero() && (first.IsZero() || since.Before(first)) {
			first = since
		}
	}
	if first.IsZero() {
		return Expiry{}
	}
	return Expiry{At: first.Add(retention), Bound: ExpiryEarly}
}

// expiry is when the commits of the group expire.
func (e emptiness) expiry(g *GroupLag, retention time.Duration) Expiry {
	if retention <= 0 {
		retention = DefaultOffsetsRetention
	}
	if g.standalone() {
		return e.standing.expiry(g, retention)
	}
	if e.since.IsZero() || g.Type == Share || !hasCommits(g) {
		return Expiry{}
	}
	bound := e.bound
	if g.Type != Classic && bound == ExpiryExact {
		bound = ExpiryLatest
	}
	return Expiry{At: e.since.Add(retention), Bound: bound}
}

func hasCommits(g *GroupLag) bool {
	for _, t := range g.Topics {
		for i := range t.Partitions {
			if t.Partitions[i].Known.Has(KnownCommitted) {
				return true
			}
		}
	}
	return false
}

// Slept tells the history that the consumers of a group have been asleep since a time, as was saved before this process began.
func (h *History) Slept(group string, since time.Time) {
	if since.IsZero() {
		return
	}
	h.group(group).empty.slept = since
}
