package closedloop

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// Load produces records at a rate that the test sets.
type Load struct {
	client  *kgo.Client
	topic   string
	weights []int // of the partitions, by number
	rate    atomic.Int64
	Sent    atomic.Int64 // records that are in the log
	Failed  atomic.Int64
}

// Produce starts a load that ends with the test.
func Produce(t *testing.T, brokers []string, topic string, weights []int) *Load {
	t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(brokers...), kgo.RecordPartitioner(kgo.ManualPartitioner()),
		kgo.ProducerLinger(5*time.Millisecond))
	if err != nil {
		t.Fatal(err)
	}
	l := &Load{client: client, topic: topic, weights: weights}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { l.run(ctx) })
	t.Cleanup(func() { cancel(); running.Wait(); client.Close() })
	return l
}

// Rate is the present rate: records per second.
func (l *Load) Rate() int { return int(l.rate.Load()) }

// Set changes the rate: records per second.
func (l *Load) Set(perSecond int) { l.rate.Store(int64(perSecond)) }

// sendEvery is the time from one batch to the next. A batch costs a request to each broker, whose followers then fetch it, and each
// consumer, too: with a batch every 10 ms, the threads that answer requests take two thirds of the CPU of three brokers.
const sendEvery = 50 * time.Millisecond

// run sends what is due, to each partition by turns as often as its weight says.
func (l *Load) run(ctx context.Context) {
	var turns []int32
	for p, weight := range l.weights {
		for range weight {
			turns = append(turns, int32(p))
		}
	}
	ticker := time.NewTicker(sendEvery)
	defer ticker.Stop()
	due, next := 0.0, 0
	for last := time.Now(); ; {
		select {
		case <-ctx.Done():
			return
		case now := <-ticker.C:
			due += now.Sub(last).Seconds() * float64(l.rate.Load())
			last = now
		}
		for ; due >= 1; due-- {
			r := &kgo.Record{Topic: l.topic, Partition: turns[next%len(turns)], Value: []byte("x"), Timestamp: time.Now()}
			next += 7 // a stride that visits every turn, and mixes partitions of unlike weight
			l.client.Produce(ctx, r, func(_ *kgo.Record, err error) {
				if err != nil {
					l.Failed.Add(1)
					return
				}
				l.Sent.Add(1)
			})
		}
	}
}

// Even are the weights of partitions that are alike.
func Even(partitions int) []int {
	w := make([]int, partitions)
	for i := range w {
		w[i] = 1
	}
	return w
}
