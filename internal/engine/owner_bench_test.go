package engine

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/lag"
)

// BenchmarkOwner is what the goroutine that has all state does with one poll, and with one sample, of a cluster of 2,000 groups with 20
// partitions and a member each, beside 49 others. Fifty polls and 500 samples come in ten seconds: they may take half a second.
func BenchmarkOwner(b *testing.B) {
	const groups, partitions = 2000, 20
	var s Settings
	for i := range 50 {
		s.Clusters = append(s.Clusters, Cluster{Name: fmt.Sprintf("c%02d", i), Source: &fleet{name: fmt.Sprint("c", i)}})
	}
	e := New(s, Options{})
	next := int64(0)
	poll := func() *lag.Observation {
		next++
		at := start.Add(time.Duration(next) * 10 * time.Second)
		o := &lag.Observation{Cluster: "c00", Began: at, At: at, Brokers: []lag.Broker{{ID: 1}}}
		for t := range 10 {
			topic := lag.TopicRead{Name: fmt.Sprintf("topic-%02d", t)}
			for range partitions {
				topic.Partitions = append(topic.Partitions, lag.PartitionRead{End: 200 * next, At: at.UnixMilli(), Known: lag.KnownStart | lag.KnownEnd})
			}
			o.Topics = append(o.Topics, topic)
		}
		for i := range groups {
			name := fmt.Sprintf("topic-%02d", i%10)
			g := lag.GroupRead{
				GroupState: lag.GroupState{At: at, Group: nameOf(i), Type: lag.Classic, State: lag.Stable, Coordinator: 1},
				Protocol:   "consumer", Assignor: "range", Described: true, CommitsAt: at,
				Generation: 1, Epoch: lag.NoGeneration, AssignmentEpoch: lag.NoGeneration,
				Commits: []lag.TopicCommits{{Topic: name}},
				Members: []lag.Member{{ID: "m", ClientID: "m", Topics: []string{name}, Epoch: lag.NoGeneration, Assigned: []lag.TopicPartitions{{Topic: name}}}},
			}
			for p := range int32(partitions) {
				g.Commits[0].Partitions = append(g.Commits[0].Partitions, lag.PartitionCommit{Partition: p, Offset: 190 * next, Known: lag.KnownCommitted})
				g.Members[0].Assigned[0].Partitions = append(g.Members[0].Assigned[0].Partitions, p)
			}
			o.Groups = append(o.Groups, g)
		}
		return o
	}
	source := s.Clusters[0].Source
	b.Run("poll", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			b.StopTimer()
			o := poll()
			b.StartTimer()
			e.handle(context.Background(), reading{source: source, cluster: "c00", obs: o}, o.At)
		}
	})
	b.Run("sample", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			b.StopTimer()
			next++
			sample := &lag.Sample{Cluster: "c00", At: start.Add(time.Duration(next) * 10 * time.Second)}
			for i := range groups {
				sample.Groups = append(sample.Groups, lag.GroupState{At: sample.At, Group: nameOf(i), Type: lag.Classic, State: lag.Stable, Coordinator: 1})
			}
			b.StartTimer()
			e.handle(context.Background(), reading{source: source, cluster: "c00", sample: sample}, sample.At)
		}
	})
}
