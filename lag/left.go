package lag

import (
	"slices"
	"strings"
	"time"
)

const (
	// OrphanAfter is the time for which a group must be stable without a topic until the topic is orphaned. It is longer than a
	// rolling update of one of two deployments that share the group, and longer than the start of a slow consumer.
	OrphanAfter = 10 * time.Minute

	// MissedFor is the time after which it is assumed that the group left a topic on purpose. Before that, if records still
	// arrive, the consumers of the topic may be down.
	MissedFor = 24 * time.Hour
)

// Left is a topic that a group committed to, and that no member subscribes to any more.
//
//	the group                                                    the topic
//	stable without it for less than [OrphanAfter]                counts: its consumers may be about to return
//	stable without it for longer                                 is orphaned: it counts in no sum
//	has no member, and the topic was orphaned before             stays orphaned
//	has no member, and the topic was not orphaned before         counts: the consumers of a topic may leave before others
//	a member subscribes to it, or a scaler names it              counts, and is not in this list
//	has a target with zero replicas now                          is not orphaned meanwhile: its consumers may read it
//
// Here, a group is stable if its state is Stable and the subscriptions of all its members are known.
type Left struct {
	Topic    string
	Since    time.Time     // the first poll that found the group stable without it
	Rested   time.Duration // the time for which it was stable since then, as far as polls show
	Orphaned bool
	ReadAt   time.Time // the last time that a committed offset of it moved forward; zero: not seen
	GrewAt   time.Time // the last time that a record arrived since the group left it; zero: none did

	restedAt time.Time // the last poll that found the group stable; zero: the last one did not
}

// Missed reports whether the topic's consumers may be down: the group read it within the last day, and records still arrive.
// known is false if it is not known whether the group read it, because lagscaler has watched for less than a day.
func (l *Left) Missed(now time.Time) (missed, known bool) {
	switch {
	case !l.Orphaned || l.GrewAt.IsZero():
		return false, true
	case l.ReadAt.IsZero():
		return false, now.Sub(l.Since) >= MissedFor
	}
	return now.Sub(l.ReadAt) < MissedFor, true
}

// findLeft finds a topic in a list that is sorted by topic.
func findLeft(list []Left, topic string) (int, bool) {
	return slices.BinarySearchFunc(list, topic, func(l Left, name string) int { return strings.Compare(l.Topic, name) })
}

// leaver says which topics a group has left, as of one poll.
type leaver struct {
	group  *GroupLag
	before *GroupLag // nil: not known
	past   []Left    // as of the poll before
	sub    subscription
	names  func(topic string) bool // a scaler names the topic for this group
	rests  bool
	at     time.Time
}

func newLeaver(g, before *GroupLag, past []Left, d *Declared, at time.Time) leaver {
	sub := subscriptionOf(g)
	return leaver{
		group: g, before: before, past: past, sub: sub, at: at,
		names: func(topic string) bool { return d.Names != nil && d.Names(g.Group, topic) },
		rests: g.State == Stable && g.Described && g.Err == OK && sub.known && !(d.Sleeps != nil && d.Sleeps(g.Group)),
	}
}

// leave describes a topic that the group committed to; ok is false if the group has not left it.
func (v *leaver) leave(topic string) (l Left, ok bool) {
	i, known := findLeft(v.past, topic)
	if known {
		l = v.past[i]
	}
	switch {
	case v.sub.includes(topic) || v.names(topic):
		return Left{}, false
	case len(v.group.Members) == 0:
		l.restedAt = time.Time{}
		return l, l.Orphaned
	case !v.sub.known || !known && !v.rests:
		return Left{}, false
	case !known:
		l = Left{Topic: topic, Since: v.at}
	}
	if v.rests && !l.restedAt.IsZero() {
		l.Rested += v.at.Sub(l.restedAt)
	}
	if l.restedAt = v.at; !v.rests {
		l.restedAt = time.Time{}
	}
	l.Orphaned = l.Orphaned || l.Rested >= OrphanAfter
	return l, true
}

// note updates when the topic was read and when it grew. A topic that is read although no member subscribes to it is not left:
// consumers that do not join a group commit offsets for this one.
func (v *leaver) note(t *TopicLag) {
	read, grew := false, false
	if before := v.before.topic(t.Topic); before != nil {
		read, grew = movedSince(before, t)
		t.ReadAt = before.ReadAt
	}
	if read {
		t.ReadAt = v.at
	}
	i, left := findLeft(v.group.Left, t.Topic)
	if !left {
		return
	}
	l := &v.group.Left[i]
	switch {
	case read && len(v.group.Members) > 0:
		*l = Left{Topic: l.Topic, Since: v.at}
	case grew:
		l.GrewAt = v.at
	}
	l.ReadAt = Later(l.ReadAt, t.ReadAt)
	t.Orphaned = l.Orphaned
}

// movedSince reports whether a committed offset, and whether an end, is higher than it was.
func movedSince(before, now *TopicLag) (read, grew bool) {
	if before.ID != now.ID {
		return false, false
	}
	i := 0
	for k := range now.Partitions {
		p := &now.Partitions[k]
		for i < len(before.Partitions) && before.Partitions[i].Partition < p.Partition {
			i++
		}
		if i == len(before.Partitions) || read && grew {
			break
		}
		was := &before.Partitions[i]
		if was.Partition != p.Partition {
			continue
		}
		both := was.Known & p.Known
		read = read || both.Has(KnownCommitted) && p.Committed > was.Committed
		grew = grew || both.Has(KnownEnd) && p.End > was.End
	}
	return read, grew
}

// topic is the topic with a name; nil: the group has none of that name.
func (g *GroupLag) topic(name string) *TopicLag {
	if g == nil {
		return nil
	}
	if i, ok := g.topicIndex(name); ok {
		return &g.Topics[i]
	}
	return nil
}

// remember returns the topics that the group had left at the previous poll, and those that were saved before a restart. An
// orphaned topic stays orphaned unless this poll finds that the group has not left it.
func (d *Declared) remember(name string, before *GroupLag) []Left {
	var list []Left
	if before != nil {
		list = slices.Clone(before.Left)
		for i := range list {
			if before.Missed > 0 { // what was not read is no rest
				list[i].restedAt = time.Time{}
			}
		}
	}
	for _, saved := range d.Left[name] {
		i, ok := findLeft(list, saved.Topic)
		if !ok {
			list = slices.Insert(list, i, saved)
			continue
		}
		l := &list[i]
		l.Orphaned, l.Rested = l.Orphaned || saved.Orphaned, max(l.Rested, saved.Rested)
		l.ReadAt, l.GrewAt = Later(l.ReadAt, saved.ReadAt), Later(l.GrewAt, saved.GrewAt)
		if saved.Since.Before(l.Since) {
			l.Since = saved.Since
		}
	}
	return list
}

// Later is the later of two times.
func Later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}

// missed counts the topics whose consumers may be down.
func missed(g *GroupLag, now time.Time) (n int) {
	for i := range g.Left {
		if gone, _ := g.Left[i].Missed(now); gone {
			n++
		}
	}
	return n
}
