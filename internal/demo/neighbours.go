package demo

import (
	"context"
	"fmt"
	"time"

	"github.com/segmentio/kafka-go"
	"golang.org/x/sync/errgroup"
)

// Groups that nothing scales live beside the fleet, as on any cluster: one that keeps up, and one that
// somebody stopped while its topic goes on.
const (
	quietTopic     = "payments"
	quietGroup     = "payments-audit"
	forgottenGroup = "nightly-report"
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
			c.consume(ctx, func(ctx context.Context, _ kafka.Message) bool { return sleep(ctx, 5*time.Millisecond) })
			return nil
		})
	}
	return running.Wait()
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
