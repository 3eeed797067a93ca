package demo

import (
	"fmt"
	"strconv"
	"time"

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

// retention is how long the brokers keep a record.
const retention = 10 * time.Minute

func milliseconds(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }

func startBrokers(retention time.Duration) (*brokers, error) {
	c, err := kfake.NewCluster(
		kfake.NumBrokers(3),
		// Rebalances start at once and sessions may be short, because all times of the demo are short.
		kfake.BrokerConfigs(map[string]string{"group.initial.rebalance.delay.ms": "0", "log.cleaner.backoff.ms": milliseconds(retention / 20)}),
		kfake.GroupMinSessionTimeout(0),
	)
	if err != nil {
		return nil, fmt.Errorf("start embedded brokers: %w", err)
	}
	// Records are deleted, so that a demo that is left alone does not need more and more memory. A segment is freed as a whole.
	settings := map[string]string{"retention.ms": milliseconds(retention), "segment.bytes": strconv.Itoa(64 << 10)}
	for name, n := range map[string]int32{topic: partitions, quietTopic: quietPartitions} {
		if err := c.CreateTopic(name, n, settings); err != nil {
			c.Close()
			return nil, fmt.Errorf("create topic %s: %w", name, err)
		}
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
