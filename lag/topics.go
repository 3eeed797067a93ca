package lag

import (
	"slices"
	"sort"
	"strings"
)

// topics builds the group's rows. A topic that its members subscribe to or hold shows all its partitions;
// one that is only committed to shows the committed ones, and is orphaned if there are members who do not want it.
func topics(g *GroupLag, commits []TopicCommits, s *Snapshot) []TopicLag {
	want := wanted(g)
	names := make([]string, 0, len(commits)+len(want.topics))
	for _, c := range commits {
		names = append(names, c.Topic)
	}
	names = append(names, want.topics...)
	slices.Sort(names)
	names = slices.Compact(names)

	rows := make([]TopicLag, 0, len(names))
	for _, name := range names {
		topic, ok := s.Topic(name)
		if !ok {
			continue // deleted: fresh metadata does not know it
		}
		var committed []PartitionCommit
		if i := slices.IndexFunc(commits, func(c TopicCommits) bool { return c.Topic == name }); i >= 0 {
			committed = commits[i].Partitions
		}
		row := TopicLag{Topic: name, ID: topic.ID, Orphaned: want.orphaned(name)}
		if want.has(name) {
			row.Partitions = everyPartition(topic, committed, g.ReadCommitted)
		} else {
			row.Partitions = committedPartitions(topic, committed, g.ReadCommitted)
		}
		if len(row.Partitions) > 0 {
			rows = append(rows, row)
		}
	}
	return rows
}

// everyPartition has a row for each partition of the topic. When the topic itself could not be read,
// the committed partitions are all that is known of it.
func everyPartition(topic *TopicRead, committed []PartitionCommit, readCommitted bool) []PartitionLag {
	if len(topic.Partitions) == 0 {
		return committedPartitions(topic, committed, readCommitted)
	}
	rows := make([]PartitionLag, len(topic.Partitions))
	next := 0
	for p := range rows {
		for next < len(committed) && committed[next].Partition < int32(p) {
			next++
		}
		var c PartitionCommit
		if next < len(committed) && committed[next].Partition == int32(p) {
			c = committed[next]
		}
		c.Partition = int32(p)
		rows[p] = row(topic, c, readCommitted)
	}
	return rows
}

func committedPartitions(topic *TopicRead, committed []PartitionCommit, readCommitted bool) []PartitionLag {
	rows := make([]PartitionLag, 0, len(committed))
	for _, c := range committed {
		if len(topic.Partitions) > 0 && int(c.Partition) >= len(topic.Partitions) {
			continue // recreated with fewer partitions
		}
		rows = append(rows, row(topic, c, readCommitted))
	}
	return rows
}

// row joins a commit (Known is 0 when there is none) with the partition's offsets.
func row(topic *TopicRead, c PartitionCommit, readCommitted bool) PartitionLag {
	p := PartitionLag{
		Partition: c.Partition, Owner: -1, Err: c.Err,
		Committed: c.Offset, BrokerLag: c.Lag, Known: c.Known & (KnownCommitted | KnownLag),
	}
	if p.Err == OK {
		p.Err = topic.Err
	}
	if int(c.Partition) >= len(topic.Partitions) {
		return p
	}
	read := &topic.Partitions[c.Partition]
	if p.Err == OK {
		p.Err = read.Err
	}
	if read.Known.Has(KnownStart) {
		p.Start, p.Known = read.Start, p.Known|KnownStart
	}
	switch {
	case readCommitted && read.Known.Has(KnownStable):
		p.End, p.Known = read.Stable, p.Known|KnownEnd
	case !readCommitted && read.Known.Has(KnownEnd):
		p.End, p.Known = read.End, p.Known|KnownEnd
	}
	return p
}

// own writes into each row which member holds it.
func own(g *GroupLag) {
	for i := range g.Members {
		for _, a := range g.Members[i].Assigned {
			t, ok := slices.BinarySearchFunc(g.Topics, a.Topic, func(t TopicLag, n string) int { return strings.Compare(t.Topic, n) })
			if !ok {
				continue
			}
			rows := g.Topics[t].Partitions
			for _, p := range a.Partitions {
				at := sort.Search(len(rows), func(r int) bool { return rows[r].Partition >= p })
				if at < len(rows) && rows[at].Partition == p {
					rows[at].Owner = int32(i)
				}
			}
		}
	}
}
