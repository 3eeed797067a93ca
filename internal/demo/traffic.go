package demo

import (
	"context"
	"encoding/binary"
	"fmt"
	"time"

	"github.com/segmentio/kafka-go"
)

// shape is how much arrives, in records per second, at a time since the start.
type shape func(since time.Duration) float64

// follow speeds up a trace: each of its samples lasts for step, from the first on, and its peak becomes peak records/s.
// It starts again at its end.
func follow(samples []float64, step time.Duration, peak float64) shape {
	greatest := 0.0
	for _, s := range samples {
		greatest = max(greatest, s)
	}
	return func(since time.Duration) float64 {
		at := int(since/step) % len(samples)
		return samples[at] / greatest * peak
	}
}

func constant(rate float64) shape { return func(time.Duration) float64 { return rate } }

// production is what is sent where. When hot is set, half of it goes to one partition.
type production struct {
	topic      string
	partitions int32
	rate       shape
	hot        bool
}

// produce sends records until ctx ends.
func produce(ctx context.Context, addrs []string, p production) error {
	w := &kafka.Writer{
		Addr: kafka.TCP(addrs...), Topic: p.topic, BatchTimeout: 5 * time.Millisecond, Balancer: balancer(p.partitions, p.hot),
	}
	defer w.Close()
	const beat = 100 * time.Millisecond
	ticker := time.NewTicker(beat)
	defer ticker.Stop()
	start, sent, owed := time.Now(), 0, 0.0
	for {
		select {
		case <-ctx.Done():
			return nil
		case now := <-ticker.C:
			owed += p.rate(now.Sub(start)) * beat.Seconds()
			batch := make([]kafka.Message, 0, int(owed)+1)
			for ; owed >= 1; owed-- {
				batch = append(batch, kafka.Message{Value: binary.BigEndian.AppendUint64(nil, uint64(sent))})
				sent++
			}
			if err := w.WriteMessages(ctx, batch...); err != nil && ctx.Err() == nil {
				return fmt.Errorf("produce to the embedded brokers: %w", err)
			}
		}
	}
}

// balancer deals records out evenly, or half of them to partition 0.
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
