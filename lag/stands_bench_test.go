package lag

import (
	"fmt"
	"testing"
	"time"
)

// A million partitions: those whose commits move cost a comparison each, and nothing is kept of them.
func BenchmarkStands(b *testing.B) {
	const topics, partitions = 1000, 1000
	for _, moves := range []bool{true, false} {
		readings := make([]*GroupLag, 3)
		for k := range readings {
			g := &GroupLag{ReadAt: t0.Add(time.Duration(k) * 10 * time.Second), Members: []Member{{ID: "m"}}}
			for t := range topics {
				topic := TopicLag{Topic: fmt.Sprintf("topic-%04d", t), Partitions: make([]PartitionLag, partitions)}
				for p := range topic.Partitions {
					topic.Partitions[p] = PartitionLag{Partition: int32(p), Committed: 100, End: 105, Known: KnownCommitted | KnownEnd}
					if moves {
						topic.Partitions[p].Committed += int64(10 * k)
						topic.Partitions[p].End += int64(10 * k)
					}
				}
				g.Topics = append(g.Topics, topic)
			}
			readings[k] = g
		}
		b.Run(map[bool]string{true: "moving", false: "standing"}[moves], func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				var s Stands
				for _, g := range readings {
					s = s.Next(g, StandRules{})
				}
			}
			b.ReportMetric(float64(b.Elapsed().Milliseconds())/float64(b.N*len(readings)), "ms/poll")
		})
	}
}
