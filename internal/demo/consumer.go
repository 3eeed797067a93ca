package demo

import (
	"context"
	"errors"
	"time"

	"github.com/segmentio/kafka-go"
)

// consumer is a member of a group, with the settings that are common in production except for shorter times.
type consumer struct {
	addrs              []string
	topic, group, name string
}

// consume reads and processes one record after another, and commits periodically, until ctx ends or work returns false.
func (c consumer) consume(ctx context.Context, work func(context.Context, kafka.Message) bool) {
	r := kafka.NewReader(kafka.ReaderConfig{
		Brokers: c.addrs, GroupID: c.group, Topic: c.topic,
		Dialer:         &kafka.Dialer{ClientID: c.name, Timeout: 5 * time.Second},
		GroupBalancers: []kafka.GroupBalancer{kafka.RangeGroupBalancer{}},
		QueueCapacity:  1, MinBytes: 1, MaxBytes: 1 << 20, MaxWait: 100 * time.Millisecond,
		HeartbeatInterval: 200 * time.Millisecond, SessionTimeout: 6 * time.Second, RebalanceTimeout: 5 * time.Second,
		JoinGroupBackoff: 100 * time.Millisecond, CommitInterval: commitInterval, StartOffset: kafka.FirstOffset,
	})
	defer r.Close()
	for {
		m, err := r.FetchMessage(ctx)
		if err != nil {
			if ctx.Err() != nil || errors.Is(err, context.Canceled) {
				return
			}
			continue // the reader reconnects by itself
		}
		if !work(ctx, m) || r.CommitMessages(ctx, m) != nil {
			return
		}
	}
}

// sleep waits for d; false if ctx ended first.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
