package headers

import (
	"slices"
	"sort"
	"strings"

	"github.com/lagscaler/lagscaler/lag"
)

// reading is what this poll read of groups and topics.
type reading struct {
	groups []lag.GroupRead // sorted
	topics []lag.TopicRead // sorted
}

// commit is the commit of a partition in doubt, to be written to, and whether its group reads only committed records.
func (in reading) commit(d lag.Doubt) (c *lag.PartitionCommit, readCommitted bool) {
	at := sort.Search(len(in.groups), func(i int) bool { return in.groups[i].Group >= d.Group })
	if at == len(in.groups) || in.groups[at].Group != d.Group || in.groups[at].Err != lag.OK {
		return nil, false
	}
	g := &in.groups[at]
	t := slices.IndexFunc(g.Commits, func(c lag.TopicCommits) bool { return c.Topic == d.Topic })
	if t < 0 {
		return nil, false
	}
	list := g.Commits[t].Partitions
	i, ok := slices.BinarySearchFunc(list, d.Partition, func(c lag.PartitionCommit, n int32) int { return int(c.Partition - n) })
	if !ok {
		return nil, false
	}
	return &list[i], g.ReadCommitted
}

// place is where a partition in doubt stands. ok is false if this poll did not read it, or nothing lies behind its commit.
func (in reading) place(d lag.Doubt) (at place, ok bool) {
	c, readCommitted := in.commit(d)
	if c == nil || c.Err != lag.OK || !c.Known.Has(lag.KnownCommitted) || c.Known.Has(lag.KnownLag) {
		return place{}, false
	}
	t, ok := slices.BinarySearchFunc(in.topics, d.Topic, func(t lag.TopicRead, name string) int { return strings.Compare(t.Name, name) })
	if !ok || int(d.Partition) >= len(in.topics[t].Partitions) {
		return place{}, false
	}
	p := &in.topics[t].Partitions[d.Partition]
	at = place{
		topic: in.topics[t].ID, leader: p.Leader, epoch: p.LeaderEpoch,
		committed: c.Offset, start: c.Offset, end: p.End, readCommitted: readCommitted,
	}
	end := lag.KnownEnd
	if readCommitted {
		at.end, end = p.Stable, lag.KnownStable
	}
	if p.Known.Has(lag.KnownStart) {
		at.start = p.Start
	}
	return at, p.Err == lag.OK && p.Leader >= 0 && p.Known.Has(end) && max(at.committed, at.start) < at.end
}

// setNoData notes that no record lies behind the commit of a partition.
func (in reading) setNoData(d lag.Doubt) {
	if c, _ := in.commit(d); c != nil {
		c.Evidence |= lag.NoData
	}
}
