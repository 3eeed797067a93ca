package demo

import (
	"context"
	"fmt"
	"time"

	"github.com/segmentio/kafka-go"
	"golang.org/x/sync/errgroup"
)

// The cluster has three groups that no scaler scales: one keeps up, one was stopped while records still arrive, and one has a
// member that never finishes a record.
const (
	quietTopic     = "payments"
	quietGroup     = "payments-audit"
	forgottenGroup = "nightly-report"
	stuckGroup     = "fraud-check"
	quietRate      = 20.0 // records/s
)

// neighbours runs these groups and their producer until ctx ends.
func neighbours(ctx context.Context, addrs []string) error {
	running, ctx := errgroup.WithContext(ctx)
	running.Go(func() error {
		return produce(ctx, addrs, production{topic: quietTopic, partitions: quietPartitions, rate: constant(quietRate)})
	})
	running.Go(func() error { return readAndLeave(ctx, addrs) })
	for i := range 2 {
		running.Go(func() error {
			c := consumer{addrs: addrs, topic: quietTopic, group: quietGroup, name: fmt.Sprintf("%s-%d", quietGroup, i+1)}
			c.consume(ctx, workFast)
			return nil
		})
		running.Go(func() error {
			c := consumer{addrs: addrs, topic: quietTopic, group: stuckGroup, name: fmt.Sprintf("%s-%d", stuckGroup, i+1)}
			c.consume(ctx, workUnlessStuck)
			return nil
		})
	}
	return running.Wait()
}

func workFast(ctx context.Context, _ kafka.Message) bool { return sleep(ctx, 5*time.Millisecond) }

// workUnlessStuck never finishes the first record of partition 0. The member still sends heartbeats, so it keeps its partitions.
func workUnlessStuck(ctx context.Context, m kafka.Message) bool {
	if m.Partition == 0 {
		<-ctx.Done()
		return false
	}
	return workFast(ctx, m)
}

// readAndLeave reads 100 records, commits, and leaves the group.
func readAndLeave(ctx context.Context, addrs []string) error {
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
