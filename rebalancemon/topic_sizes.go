package rebalancemon

import (
	"fmt"

	"github.com/lagscaler/lagscaler/lag"
)

// topicSize is how many partitions a topic has.
type topicSize struct {
	topic      string
	partitions int32
}

// topicSizes are those of the topics that a group's members want: from metadata, or from assignments, which may name new
// partitions before metadata is read again.
func topicSizes(l *lag.GroupLag) []topicSize {
	var all []topicSize
	reach := func(topic string, partitions int32) {
		for i := range all {
			if all[i].topic == topic {
				all[i].partitions = max(all[i].partitions, partitions)
				return
			}
		}
		all = append(all, topicSize{topic, partitions})
	}
	for i := range l.Topics {
		if t := &l.Topics[i]; !t.Orphaned && len(t.Partitions) > 0 {
			reach(t.Topic, t.Partitions[len(t.Partitions)-1].Partition+1)
		}
	}
	for i := range l.Members {
		for _, parts := range [][]lag.TopicPartitions{l.Members[i].Assigned, l.Members[i].Target} {
			for _, t := range parts {
				if n := len(t.Partitions); n > 0 {
					reach(t.Topic, t.Partitions[n-1]+1)
				}
			}
		}
	}
	return all
}

// sizeChange says which topic that was wanted then and is wanted now has another number of partitions; empty when none has.
func sizeChange(was, is []topicSize) string {
	for _, before := range was {
		for _, now := range is {
			if before.topic == now.topic && before.partitions != now.partitions {
				return fmt.Sprintf("topic %s has %d partitions instead of %d", now.topic, now.partitions, before.partitions)
			}
		}
	}
	return ""
}
