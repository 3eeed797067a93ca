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
		// Heartbeats and rebalances run on the demo's clock too.
		kfake.BrokerConfigs(map[string]string{"group.initial.rebalance.delay.ms": "0"}),
		kfake.GroupMinSessionTimeout(0),
	)
	if err != nil {
		return nil, fmt.Errorf("start embedded brokers: %w", err)
	}
	return &brokers{Cluster: c}, nil
}

// breakOffsets makes one broker refuse to tell end offsets: consumers go on, but a poll cannot see its partitions.
func (b *brokers) breakOffsets() {
	b.outage = b.Fault(kfake.Fault{
		Keys: []kmsg.Key{kmsg.ListOffsets}, Nodes: []int32{2}, Err: kerr.UnknownServerError, Count: -1,
	})
}

func (b *brokers) mend() {
	if b.outage != nil {
		b.outage.Remove()
		b.outage = nil
	}
}
