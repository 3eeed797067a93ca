package lag

import (
	"slices"
	"sort"
	"strings"
)

// topics is the group's lag by topic. A topic that its members subscribe to or own shows all its partitions;
// one that is only committed to shows the committed ones. The group may have left it, see [Left].
func topics(v *leaver, commits []TopicCommits, s *Snapshot, lists *scratch) []TopicLag {
	g, sub := v.group, v.sub
	names := make([]string, 0, len(commits)+len(sub.topics))
	for _, c := range commits {
		names = append(names, c.Topic)
	}
	names = append(names, sub.topics...)
	slices.Sort(names)
	names = slices.Compact(names)

	lags := make([]TopicLag, 0, len(names))
	for _, name := range names {
		topic, ok := s.Topic(name)
		if !ok {
			continue // deleted: fresh metadata does not know it
		}
		var committed []PartitionCommit
		if i := slices.IndexFunc(commits, func(c TopicCommits) bool { return c.Topic == name }); i >= 0 {
			committed = commits[i].Partitions
		}
		one := TopicLag{Topic: name, ID: topic.ID}
		if sub.includes(name) {
			one.Partitions = everyPartition(topic, committed, g.ReadCommitted, lists)
		} else {
			one.Partitions = committedPartitions(topic, committed, g.ReadCommitted, lists)
		}
		if len(one.Partitions) == 0 {
			continue
		}
		if l, left := v.leave(name); left {
			g.Left = append(g.Left, l)
		}
		v.note(&one)
		lags = append(lags, one)
	}
	return lags
}

// everyPartition has an entry for each partition of the topic. When the topic itself could not be read,
// the committed partitions are all that is known of it.
func everyPartition(topic *TopicRead, committed []PartitionCommit, readCommitted bool, lists *scratch) []PartitionLag {
	if len(topic.Partitions) == 0 {
		return committedPartitions(topic, committed, readCommitted, lists)
	}
	lags := lists.take(len(topic.Partitions))[:len(topic.Partitions)]
	next := 0
	for p := range lags {
		for next < len(committed) && committed[next].Partition < int32(p) {
			next++
		}
		var c PartitionCommit
		if next < len(committed) && committed[next].Partition == int32(p) {
			c = committed[next]
		}
		c.Partition = int32(p)
		lags[p] = partitionLag(topic, c, readCommitted)
	}
	if topic.More != OK {
		for ; next < len(committed); next++ {
			if int(committed[next].Partition) >= len(topic.Partitions) {
				lags = append(lags, partitionLag(topic, committed[next], readCommitted))
			}
		}
	}
	return lags
}

func committedPartitions(topic *TopicRead, committed []PartitionCommit, readCommitted bool, lists *scratch) []PartitionLag {
	lags := lists.take(len(committed))
	for _, c := range committed {
		if len(topic.Partitions) > 0 && int(c.Partition) >= len(topic.Partitions) && topic.More == OK {
			continue // recreated with fewer partitions
		}
		lags = append(lags, partitionLag(topic, c, readCommitted))
	}
	return lags
}

// scratch is where the partitions of one group are put together, before it is known whether they are as at the poll before. The next
// group overwrites it.
type scratch []PartitionLag

// take is an empty list with a capacity of n partitions.
func (s *scratch) take(n int) []PartitionLag {
	used := len(*s)
	*s = slices.Grow(*s, n)[:used+n]
	return (*s)[used:used:len(*s)]
}

// keep gives the group lists of its own. Those of a topic that are as they were share the memory of the snapshot before: most groups of a
// large cluster are idle, and two snapshots of a million partitions are 100 MB.
func (s *scratch) keep(g, before *GroupLag) {
	for i := range g.Topics {
		t := &g.Topics[i]
		if was := before.topic(t.Topic); was != nil && slices.Equal(was.Partitions, t.Partitions) {
			t.Partitions = was.Partitions
		} else {
			t.Partitions = slices.Clone(t.Partitions)
		}
	}
	*s = (*s)[:0]
}

// partitionLag joins a commit (Known is 0 when there is none) with the partition's offsets.
func partitionLag(topic *TopicRead, c PartitionCommit, readCommitted bool) PartitionLag {
	p := PartitionLag{
		Partition: c.Partition, Owner: -1, Err: c.Err,
		Committed: c.Offset, BrokerLag: c.Lag, Known: c.Known & (KnownCommitted | KnownLag), Evidence: c.Evidence & NoData,
	}
	if p.Err == OK {
		p.Err = topic.Err
	}
	if int(c.Partition) >= len(topic.Partitions) {
		if p.Err == OK {
			p.Err = topic.More
		}
		return p
	}
	read := &topic.Partitions[c.Partition]
	if p.Err == OK {
		p.Err = read.Err
	}
	if read.Known.Has(KnownStart) {
		p.Start, p.Known = read.Start, p.Known|KnownStart
	}
	if read.Known.Has(KnownEnd|KnownStable) && read.Stable < read.End {
		p.Evidence |= OpenTransaction
	}
	switch {
	case readCommitted && read.Known.Has(KnownStable):
		p.End, p.Known = read.Stable, p.Known|KnownEnd
	case !readCommitted && read.Known.Has(KnownEnd):
		p.End, p.Known = read.End, p.Known|KnownEnd
	}
	return p
}

// withoutOwners are topics of an earlier poll, whose members are not those of this one.
func withoutOwners(topics []TopicLag) []TopicLag {
	topics = slices.Clone(topics)
	for i := range topics {
		topics[i].Partitions = slices.Clone(topics[i].Partitions)
		for p := range topics[i].Partitions {
			topics[i].Partitions[p].Owner = -1
		}
	}
	return topics
}

// setOwners writes into each partition which member owns it.
func setOwners(g *GroupLag) {
	for i := range g.Members {
		for _, a := range g.Members[i].Assigned {
			t, ok := slices.BinarySearchFunc(g.Topics, a.Topic, func(t TopicLag, n string) int { return strings.Compare(t.Topic, n) })
			if !ok {
				continue
			}
			lags := g.Topics[t].Partitions
			for _, p := range a.Partitions {
				at := sort.Search(len(lags), func(r int) bool { return lags[r].Partition >= p })
				if at < len(lags) && lags[at].Partition == p {
					lags[at].Owner = int32(i)
				}
			}
		}
	}
}
