package rebalancemon

import (
	"time"

	"github.com/lagscaler/lagscaler/lag"
)

// membership is the members of a group, as a poll that described them found them.
type membership struct {
	at, until       time.Time // when the state was answered, and by when everything else was; members were read between the two
	previousAt      time.Time // of the membership before
	firstAt         time.Time // the first of them
	epochs          bool
	generationKnown bool  // a generation or epoch is known
	generation      int32 // or epoch
	members         []memberState
	topics          []lag.TopicLag
	hash            hash          // of members and their assignments
	assigned        int           // partitions that members own
	commitGap       time.Duration // the longest time that a live member goes without a commit that moves
	pollInterval    time.Duration
	protocol        Protocol
	assignor        string
}

// memberState is what is remembered of one member. A static member keeps it over a restart, though it gets another member id.
type memberState struct {
	id           string // member id, or instance id
	static       bool
	client       string // client id and host: the same process, most often, when it is back under another member id
	host         string
	since        time.Time // when it was first seen
	moved        time.Time // when one of its partitions was last seen to have moved
	stillSince   time.Time // since when records have waited without any of them moving
	waiting      bool      // they did at this poll
	steady       bool      // and at every poll since it moved, with no rebalance in between
	subscription hash      // of what it subscribes to; 0 when unknown
	assigned     int       // partitions
}

func (s *memberState) same(o *memberState) bool { return s.id == o.id && s.static == o.static }

func (s *memberState) sameProcess(o *memberState) bool {
	return s.client != "" && s.client == o.client && s.host == o.host
}

// next is the membership at the next poll, and what changed.
func (v *membership) next(l *lag.GroupLag, pollInterval time.Duration) (membership, change) {
	n := membership{
		at: l.At, until: l.At, previousAt: v.at, firstAt: v.firstAt, epochs: epochs(l.Type), topics: l.Topics, commitGap: v.commitGap, pollInterval: pollInterval,
		protocol: protocolOf(l), assignor: l.Assignor,
	}
	if n.firstAt.IsZero() {
		n.firstAt = n.at
	}
	if l.ReadAt.After(n.until) {
		n.until = l.ReadAt
	}
	if l.State != lag.Empty {
		n.members = make([]memberState, 0, len(l.Members))
		for i := range l.Members {
			n.addMember(&l.Members[i])
		}
	}
	n.generation = l.Generation
	if n.epochs {
		n.generation = l.Epoch
	}
	n.generationKnown = n.generation > 0 && (n.epochs || len(n.members) > 0)
	ch := v.compare(&n)
	ch.rebalanced = ch.differs || n.generation != v.generation
	n.noteProgress(v, ch.rebalanced)
	return n, ch
}

func (v *membership) addMember(m *lag.Member) {
	s := memberState{id: m.ID, client: m.ClientID, host: m.Host, since: v.at, stillSince: v.until}
	if m.InstanceID != "" {
		s.id, s.static = m.InstanceID, true
	}
	if m.Topics != nil || m.Pattern != "" {
		s.subscription = hashStart
		for _, t := range m.Topics {
			s.subscription = s.subscription.text(t)
		}
		s.subscription = s.subscription.text(m.Pattern)
	}
	p := hashStart.text(s.id)
	for _, t := range m.Assigned {
		p = p.text(t.Topic)
		for _, n := range t.Partitions {
			p = p.number(n)
		}
		s.assigned += len(t.Partitions)
	}
	v.hash += p // a sum: the order of members means nothing
	v.assigned += s.assigned
	v.members = append(v.members, s)
}

// change is what differs between two polls.
type change struct {
	before       int // members
	joined, left []memberState
	stayed       int
	differs      bool   // members or assignments
	subscribed   bool   // a member that stayed subscribes to something else
	rebalanced   bool   // or the generation or epoch does
	resized      string // a topic that has more partitions, or fewer
}

// compare finds out what changed, and hands what is remembered of each member on to the next membership.
func (v *membership) compare(n *membership) change {
	ch := change{before: len(v.members), differs: v.hash != n.hash || len(v.members) != len(n.members)}
	find := v.finder()
	kept := make([]bool, len(v.members))
	for i := range n.members {
		s := &n.members[i]
		j, ok := find(i, s)
		if !ok {
			ch.joined = append(ch.joined, *s)
			continue
		}
		old := &v.members[j]
		kept[j] = true
		s.since, s.moved, s.stillSince, s.steady = old.since, old.moved, old.stillSince, old.steady
		ch.subscribed = ch.subscribed || s.subscription != 0 && old.subscription != 0 && s.subscription != old.subscription
	}
	for j := range v.members {
		if !kept[j] {
			ch.left = append(ch.left, v.members[j])
		}
	}
	ch.stayed = len(v.members) - len(ch.left)
	return ch
}

// finder looks members up. Most often one is at the same place as before; an index is made when it is not.
func (v *membership) finder() func(hint int, s *memberState) (int, bool) {
	type key struct {
		id     string
		static bool
	}
	var index map[key]int
	return func(hint int, s *memberState) (int, bool) {
		if hint < len(v.members) && v.members[hint].same(s) {
			return hint, true
		}
		if index == nil {
			index = make(map[key]int, len(v.members))
			for j := range v.members {
				index[key{v.members[j].id, v.members[j].static}] = j
			}
		}
		j, ok := index[key{s.id, s.static}]
		return j, ok
	}
}
