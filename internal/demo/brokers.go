package demo

import (
	"fmt"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
)

const (
	clusterName = "demo"
	topic       = "orders"
	group       = "orders-worker"
)

// brokers is the embedded cluster.
type brokers struct {
	*kfake.Cluster
	outage *kfake.FaultHandle
}

func startBrokers() (*brokers, error) {
	c, err := kfake.NewCluster(
		kfake.NumBrokers(3),
		kfake.SeedTopics(partitions, topic),
		kfake.SeedTopics(quietPartitions, quietTopic),
		// Rebalances start at once and sessions may be short, because all times of the demo are short.
		kfake.BrokerConfigs(map[string]string{"group.initial.rebalance.delay.ms": "0"}),
		kfake.GroupMinSessionTimeout(0),
	)
	if err != nil {
		return nil, fmt.Errorf("start embedded brokers: %w", err)
	}
	return &brokers{Cluster: c}, nil
}

// breakOffsets makes one broker refuse ListOffsets requests: its partitions are still consumed, but their end offsets are
// unknown to a poll.
func (b *brokers) breakOffsets() {
	b.outage = b.Fault(kfake.Fault{
		Keys: []kmsg.Key{kmsg.ListOffsets}, Nodes: []int32{2}, Err: kerr.UnknownServerError, Count: -1,
	})
}

// restoreOffsets ends what breakOffsets began.
func (b *brokers) restoreOffsets() {
	if b.outage != nil {
		b.outage.Remove()
		b.outage = nil
	}
}
