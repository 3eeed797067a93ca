package wire

import (
	"cmp"
	"slices"
	"strings"

	"github.com/lagscaler/lagscaler/lag"
)

// CommitSorter sorts commits: Java brokers answer in the order of a hash table. It keeps its memory from one group to
// the next.
type CommitSorter struct{ byPartition []lag.PartitionCommit }

// Sort sorts by topic and partition, in place, and returns what was sorted.
func (s *CommitSorter) Sort(topics []lag.TopicCommits) []lag.TopicCommits {
	byTopic := func(a, b lag.TopicCommits) int { return strings.Compare(a.Topic, b.Topic) }
	if !slices.IsSortedFunc(topics, byTopic) {
		slices.SortFunc(topics, byTopic)
	}
	for i := range topics {
		topics[i].Partitions = s.partitions(topics[i].Partitions)
	}
	return topics
}

// partitions sorts by number. Numbers are dense as a rule, so each commit is put at the index of its partition:
// comparing them took half of a poll's CPU time.
func (s *CommitSorter) partitions(commits []lag.PartitionCommit) []lag.PartitionCommit {
	low, high, sorted := int32(0), int32(-1), true
	for _, c := range commits {
		low, sorted = min(low, c.Partition), sorted && c.Partition > high
		high = max(high, c.Partition)
	}
	switch {
	case sorted:
		return commits
	case low < 0 || int(high) > 4*len(commits)+64: // sparse
		slices.SortFunc(commits, func(a, b lag.PartitionCommit) int { return cmp.Compare(a.Partition, b.Partition) })
		return commits
	}
	s.byPartition = slices.Grow(s.byPartition[:0], int(high)+1)[:high+1]
	clear(s.byPartition)
	for _, c := range commits {
		s.byPartition[c.Partition] = c
	}
	commits = commits[:0]
	for _, c := range s.byPartition {
		if c.Known != 0 || c.Err != lag.OK {
			commits = append(commits, c)
		}
	}
	return commits
}
