package chart

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/lagscaler/lagscaler/e2e/servers/kube"
)

const (
	topic      = "orders"
	group      = "orders"
	partitions = 12
	processing = 20 * time.Millisecond // 50 records/s a consumer
)

// traffic is an embedded Kafka, a producer, and consumers that live and die with pods.
type traffic struct {
	t       *testing.T
	brokers string
	login   []kgo.Opt
	rate    atomic.Int64 // records/s

	mu      sync.Mutex
	running map[string]context.CancelFunc
	all     sync.WaitGroup
}

// openKafka starts a cluster that ends with the test.
func openKafka(t *testing.T, login []kgo.Opt, options ...kfake.Opt) *traffic {
	t.Helper()
	options = append(options, kfake.NumBrokers(3), kfake.SeedTopics(partitions, topic),
		kfake.BrokerConfigs(map[string]string{"group.initial.rebalance.delay.ms": "0"}))
	cluster, err := kfake.NewCluster(options...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cluster.Close)
	return startTraffic(t, strings.Join(cluster.ListenAddrs(), ","), login)
}

// startTraffic starts a producer that ends with the test, on a cluster that has the topic.
func startTraffic(t *testing.T, brokers string, login []kgo.Opt) *traffic {
	t.Helper()
	k := &traffic{t: t, brokers: brokers, login: login, running: map[string]context.CancelFunc{}}
	ctx, cancel := context.WithCancel(context.Background())
	k.all.Go(func() { k.produce(ctx) })
	t.Cleanup(func() { cancel(); k.stopAll(); k.all.Wait() })
	return k
}

func (k *traffic) client(options ...kgo.Opt) *kgo.Client {
	options = append(options, kgo.SeedBrokers(strings.Split(k.brokers, ",")...))
	client, err := kgo.NewClient(append(options, k.login...)...)
	if err != nil {
		k.t.Error(err)
		return nil
	}
	return client
}

// produce writes at the rate, evenly over the partitions.
func (k *traffic) produce(ctx context.Context) {
	client := k.client(kgo.RecordPartitioner(kgo.ManualPartitioner()))
	if client == nil {
		return
	}
	defer client.Close()
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	due, next, last := 0.0, int32(0), time.Now()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-ticker.C:
			due += now.Sub(last).Seconds() * float64(k.rate.Load())
			last = now
		}
		for ; due >= 1; due-- {
			next = (next + 1) % partitions
			client.Produce(ctx, &kgo.Record{Topic: topic, Partition: next, Value: []byte("x")}, nil)
		}
	}
}

// follow lets each Ready pod of the Deployment be a consumer.
func (k *traffic) follow(c *kube.ControlPlane, ns, app string) {
	c.Follow(k.t, kube.PodHooks{
		Namespace: ns, Selector: "app=" + app,
		Start: func(p kube.Pod) { k.startConsumer(p.Name) },
		Stop:  func(p kube.Pod) { k.stopConsumer(p.Name) },
	})
}

func (k *traffic) startConsumer(name string) {
	ctx, cancel := context.WithCancel(context.Background())
	k.mu.Lock()
	defer k.mu.Unlock()
	k.running[name] = cancel
	k.all.Go(func() { k.consume(ctx, name) })
}

func (k *traffic) stopConsumer(name string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if cancel, ok := k.running[name]; ok {
		cancel()
		delete(k.running, name)
	}
}

// stopAll stops the consumers that no pod has stopped.
func (k *traffic) stopAll() {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, stop := range k.running {
		stop()
	}
}

func (k *traffic) consume(ctx context.Context, name string) {
	client := k.client(kgo.ClientID(name), kgo.ConsumerGroup(group), kgo.ConsumeTopics(topic), kgo.AutoCommitMarks(),
		kgo.AutoCommitInterval(500*time.Millisecond), kgo.HeartbeatInterval(300*time.Millisecond),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.FetchMaxWait(100*time.Millisecond))
	if client == nil {
		return
	}
	defer client.Close() // commits what is marked, and leaves
	for ctx.Err() == nil {
		fetched := client.PollRecords(ctx, 10)
		for _, failed := range fetched.Errors() {
			if !errors.Is(failed.Err, context.Canceled) {
				k.t.Log(failed.Err)
			}
		}
		fetched.EachRecord(func(r *kgo.Record) {
			if ctx.Err() == nil {
				time.Sleep(processing) // the work itself
				client.MarkCommitRecords(r)
			}
		})
	}
}
