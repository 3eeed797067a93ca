package rebalancemon

import (
	"time"

	"github.com/lagscaler/lagscaler/lag"
)

// view is a group's membership as a poll that described it found it.
type view struct {
	at, until time.Time // when the state was told, and by when the rest was; members were read between the two
	seen      time.Time // the view before
	born      time.Time // the first of them
	epochs    bool
	counted   bool  // a generation or epoch was told
	count     int32 // which
	seats     []seat
	topics    []lag.TopicLag
	stamp     stamp         // of members and their assignments
	held      int           // partitions that members hold
	pace      time.Duration // how long a live member goes without moving, at most
	step      time.Duration // between polls
	protocol  Protocol
	assignor  string
}

// seat is a place in the group. A static member keeps its seat over a restart, though it gets another member id.
type seat struct {
	id     string // member id, or instance id
	static bool
	client string // client id and host: the same process, most often, when it is back under another member id
	host   string
	since  time.Time // when it was first seen
	moved  time.Time // when one of its partitions was last seen to have moved
	due    time.Time // since when records have waited without any of them moving
	waits  bool      // they did at this poll
	steady bool      // and at every poll since it moved, with no rebalance in between
	wants  stamp     // of what it subscribes to; 0 when not told
	held   int       // partitions
}

func (s *seat) is(o *seat) bool { return s.id == o.id && s.static == o.static }
func (s *seat) isBackAs(o *seat) bool {
	return s.client != "" && s.client == o.client && s.host == o.host
}

// next is the view of the next poll, and what changed. Polls come every step.
func (v *view) next(l *lag.GroupLag, step time.Duration) (view, change) {
	n := view{
		at: l.At, until: l.At, seen: v.at, born: v.born, epochs: epochs(l.Type), topics: l.Topics, pace: v.pace, step: step,
		protocol: protocolOf(l), assignor: l.Assignor,
	}
	if n.born.IsZero() {
		n.born = n.at
	}
	if l.ReadAt.After(n.until) {
		n.until = l.ReadAt
	}
	if l.State != lag.Empty {
		n.seats = make([]seat, 0, len(l.Members))
		for i := range l.Members {
			n.sit(&l.Members[i])
		}
	}
	n.count = l.Generation
	if n.epochs {
		n.count = l.Epoch
	}
	n.counted = n.count > 0 && (n.epochs || len(n.seats) > 0)
	ch := v.compare(&n)
	ch.rebalanced = ch.differs || n.count != v.count
	n.move(v, ch.rebalanced)
	return n, ch
}

func (v *view) sit(m *lag.Member) {
	s := seat{id: m.ID, client: m.ClientID, host: m.Host, since: v.at, due: v.until}
	if m.InstanceID != "" {
		s.id, s.static = m.InstanceID, true
	}
	if m.Topics != nil || m.Pattern != "" {
		s.wants = blank
		for _, t := range m.Topics {
			s.wants = s.wants.text(t)
		}
		s.wants = s.wants.text(m.Pattern)
	}
	p := blank.text(s.id)
	for _, t := range m.Assigned {
		p = p.text(t.Topic)
		for _, n := range t.Partitions {
			p = p.number(n)
		}
		s.held += len(t.Partitions)
	}
	v.stamp += p // a sum: the order of members means nothing
	v.held += s.held
	v.seats = append(v.seats, s)
}

// change is what differs between two polls.
type change struct {
	before       int // members
	joined, left []seat
	stayed       int
	differs      bool   // members or assignments
	subscribed   bool   // a member that stayed subscribes to something else
	rebalanced   bool   // or the generation or epoch does
	grown        string // a topic that has more partitions, or fewer
}

// compare finds out what changed, and hands what is remembered of each member on to its seat in the next view.
func (v *view) compare(n *view) change {
	ch := change{before: len(v.seats), differs: v.stamp != n.stamp || len(v.seats) != len(n.seats)}
	find := v.finder()
	kept := make([]bool, len(v.seats))
	for i := range n.seats {
		s := &n.seats[i]
		j, ok := find(i, s)
		if !ok {
			ch.joined = append(ch.joined, *s)
			continue
		}
		old := &v.seats[j]
		kept[j] = true
		s.since, s.moved, s.due, s.steady = old.since, old.moved, old.due, old.steady
		ch.subscribed = ch.subscribed || s.wants != 0 && old.wants != 0 && s.wants != old.wants
	}
	for j := range v.seats {
		if !kept[j] {
			ch.left = append(ch.left, v.seats[j])
		}
	}
	ch.stayed = len(v.seats) - len(ch.left)
	return ch
}

// finder looks seats up by where they were most often: at the same place. The index is made when that fails.
func (v *view) finder() func(hint int, s *seat) (int, bool) {
	type key struct {
		id     string
		static bool
	}
	var index map[key]int
	return func(hint int, s *seat) (int, bool) {
		if hint < len(v.seats) && v.seats[hint].is(s) {
			return hint, true
		}
		if index == nil {
			index = make(map[key]int, len(v.seats))
			for j := range v.seats {
				index[key{v.seats[j].id, v.seats[j].static}] = j
			}
		}
		j, ok := index[key{s.id, s.static}]
		return j, ok
	}
}

// stamp is an FNV-1a hash: what differs in it differs; it is never kept beyond the process.
type stamp uint64

const blank stamp = 14695981039346656037

func (p stamp) text(s string) stamp {
	for i := range len(s) {
		p = (p ^ stamp(s[i])) * 1099511628211
	}
	return (p ^ 0xff) * 1099511628211 // no byte of UTF-8: "ab","c" is not "a","bc"
}

func (p stamp) number(n int32) stamp {
	for range 4 {
		p = (p ^ stamp(n&0xff)) * 1099511628211
		n >>= 8
	}
	return p
}
