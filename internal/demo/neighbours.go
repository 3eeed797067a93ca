package demo

import (
	"context"
	"fmt"
	"time"

	"github.com/segmentio/kafka-go"
	"golang.org/x/sync/errgroup"
)

// Groups that nothing scales live beside the fleet, as on any cluster: one that keeps up, one that somebody stopped while
// its topic goes on, and one with a member that never finishes a record.
const (
	quietTopic     = "payments"
	quietGroup     = "payments-audit"
	forgottenGroup = "nightly-report"
	stuckGroup     = "fraud-check"
	quietRate      = 20.0 // records/s
)

// neighbours runs them until ctx ends.
func neighbours(ctx context.Context, addrs []string) error {
	running, ctx := errgroup.WithContext(ctx)
	running.Go(func() error {
		return produce(ctx, addrs, production{topic: quietTopic, partitions: quietPartitions, rate: constant(quietRate)})
	})
	running.Go(func() error { return forget(ctx, addrs) })
	for i := range 2 {
		running.Go(func() error {
			c := consumer{addrs: addrs, topic: quietTopic, group: quietGroup, name: fmt.Sprintf("%s-%d", quietGroup, i+1)}
			c.consume(ctx, quietly)
			return nil
		})
		running.Go(func() error {
			c := consumer{addrs: addrs, topic: quietTopic, group: stuckGroup, name: fmt.Sprintf("%s-%d", stuckGroup, i+1)}
			c.consume(ctx, stuckly)
			return nil
		})
	}
	return running.Wait()
}

func quietly(ctx context.Context, _ kafka.Message) bool { return sleep(ctx, 5*time.Millisecond) }

// stuckly never finishes the first record of partition 0. The member's heartbeats go on, so it keeps its partitions.
func stuckly(ctx context.Context, m kafka.Message) bool {
	if m.Partition == 0 {
		<-ctx.Done()
		return false
	}
	return quietly(ctx, m)
}

// forget reads a little, commits, and leaves for good.
func forget(ctx context.Context, addrs []string) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	left := 100
	c := consumer{addrs: addrs, topic: quietTopic, group: forgottenGroup, name: forgottenGroup}
	c.consume(ctx, func(context.Context, kafka.Message) bool {
		left--
		return left > 0
	})
	return nil
}
