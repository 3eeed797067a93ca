package lag

import (
	"fmt"
	"runtime"
	"testing"
	"time"
)

// manyReads is what a poll reads of groups that each read a topic of 100 partitions: their commits follow the ends, and on each tenth
// partition some records wait.
func manyReads(groups, poll int) Observation {
	const topics, perTopic = 50, 100
	at := time.Date(2026, 1, 5, 12, 0, 0, 0, time.UTC).Add(time.Duration(poll) * 10 * time.Second)
	o := Observation{Cluster: "main", Began: at, At: at}
	end := func(p int) int64 { return int64(1000*poll + p) }
	for t := range topics {
		read := TopicRead{Name: fmt.Sprintf("topic-%02d", t), Partitions: make([]PartitionRead, perTopic)}
		for p := range read.Partitions {
			read.Partitions[p] = PartitionRead{End: end(p), At: at.UnixMilli(), Known: KnownStart | KnownEnd}
		}
		o.Topics = append(o.Topics, read)
	}
	for g := range groups {
		topic := o.Topics[g%topics].Name
		numbers, commits := make([]int32, perTopic), make([]PartitionCommit, perTopic)
		for p := range commits {
			numbers[p] = int32(p)
			commits[p] = PartitionCommit{Partition: int32(p), Offset: end(p), Known: KnownCommitted}
			if p%10 == 0 {
				commits[p].Offset -= min(50, commits[p].Offset)
			}
		}
		o.Groups = append(o.Groups, GroupRead{
			GroupState: GroupState{At: at, Group: fmt.Sprintf("group-%05d", g), Type: Classic, State: Stable}, Protocol: "consumer", Assignor: "range",
			Generation: 3, Epoch: NoGeneration, AssignmentEpoch: NoGeneration, Described: true,
			Members: []Member{{
				ID: fmt.Sprintf("member-%05d", g), ClientID: "worker", Host: "10.0.0.7", Generation: 2, Epoch: NoGeneration,
				Topics: []string{topic}, Assigned: []TopicPartitions{{Topic: topic, Partitions: numbers}},
			}},
			Commits: []TopicCommits{{Topic: topic, Partitions: commits}}, CommitsAt: at,
		})
	}
	return o
}

// live are the bytes of what is reachable.
func live() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// There may be a million group-partitions, so each byte that is kept of one is a megabyte. The limit is what is kept now, and a few bytes
// more: 48 are the PartitionLag, 8 the time lag, and the others a hundredth of what a group and its member take.
func TestBytesOfAGroupPartition(t *testing.T) {
	const groups, partitions, limit = 300, 30_000, 90
	var h History
	var s *Snapshot
	var rates []Rates
	began := live()
	for poll := range 6 {
		s = Compute(manyReads(groups, poll), s, nil)
		rates = h.Add(s, func(string) SLO { return DefaultSLO })
	}
	all := live() - began
	h = History{}
	withoutHistory := live() - began
	clear(rates)
	snapshot := live() - began
	t.Logf("bytes of a group-partition: %d in all: %d history, %d rates, %d snapshot",
		all/partitions, (all-withoutHistory)/partitions, (withoutHistory-snapshot)/partitions, snapshot/partitions)
	if all > limit*partitions {
		t.Errorf("%d bytes of a group-partition, the limit is %d", all/partitions, limit)
	}
	runtime.KeepAlive(s)
	runtime.KeepAlive(&h)
}
