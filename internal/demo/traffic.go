package demo

import (
	"context"
	"encoding/binary"
	"fmt"
	"time"

	"github.com/segmentio/kafka-go"
)

// rateFunc returns the arrival rate, in records per second, at a time since the start.
type rateFunc func(since time.Duration) float64

// replay replays a trace faster: every sample lasts for step, and the largest sample becomes peak records/s. At its end the
// trace starts again.
func replay(samples []float64, step time.Duration, peak float64) rateFunc {
	greatest := 0.0
	for _, s := range samples {
		greatest = max(greatest, s)
	}
	return func(since time.Duration) float64 {
		at := int(since/step) % len(samples)
		return samples[at] / greatest * peak
	}
}

func constant(rate float64) rateFunc { return func(time.Duration) float64 { return rate } }

// production says which records are produced to which topic. If hot is set, half of them go to one partition.
type production struct {
	topic      string
	partitions int32
	rate       rateFunc
	hot        bool
}

// produce sends records until ctx ends.
func produce(ctx context.Context, addrs []string, p production) error {
	w := &kafka.Writer{
		Addr: kafka.TCP(addrs...), Topic: p.topic, BatchTimeout: 5 * time.Millisecond, Balancer: balancer(p.partitions, p.hot),
	}
	defer w.Close()
	const tick = 100 * time.Millisecond
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	start, sent, due := time.Now(), 0, 0.0
	for {
		select {
		case <-ctx.Done():
			return nil
		case now := <-ticker.C:
			due += p.rate(now.Sub(start)) * tick.Seconds()
			batch := make([]kafka.Message, 0, int(due)+1)
			for ; due >= 1; due-- {
				batch = append(batch, kafka.Message{Value: binary.BigEndian.AppendUint64(nil, uint64(sent))})
				sent++
			}
			if err := w.WriteMessages(ctx, batch...); err != nil && ctx.Err() == nil {
				return fmt.Errorf("produce to the embedded brokers: %w", err)
			}
		}
	}
}

// balancer distributes records evenly, or sends half of them to partition 0.
func balancer(partitions int32, hot bool) kafka.Balancer {
	n := 0
	return kafka.BalancerFunc(func(_ kafka.Message, _ ...int) int {
		n++
		if hot && n%2 == 0 {
			return 0
		}
		return n % int(partitions)
	})
}
