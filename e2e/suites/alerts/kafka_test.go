package alerts

import (
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/lagscaler/lagscaler/e2e/servers/child"
)

const (
	cluster    = "live"
	partitions = 6 // of each group's topic; 5 records/s to each
	commits    = 300 * time.Millisecond
	tick       = 200 * time.Millisecond
)

// names are the groups, each with a topic of its name.
var names = []string{"gone", "frozen", "poisoned", "restarted", "scaled", "healthy"}

// startBrokers starts an embedded cluster that ends with the test.
func startBrokers(t *testing.T) []string {
	t.Helper()
	c, err := kfake.NewCluster(
		kfake.NumBrokers(3), kfake.SeedTopics(partitions, names...), kfake.GroupMinSessionTimeout(0),
		kfake.BrokerConfigs(map[string]string{"group.initial.rebalance.delay.ms": "0"}),
	)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c.ListenAddrs()
}

// secondCluster is a second cluster, which can be cut off and come back under the same address.
type secondCluster struct {
	t      *testing.T
	port   int
	broker *kfake.Cluster // nil: cut off
}

func newSecondCluster(t *testing.T) *secondCluster {
	t.Helper()
	port, err := child.Port()
	if err != nil {
		t.Fatal(err)
	}
	i := &secondCluster{t: t, port: port}
	i.join()
	t.Cleanup(i.cut)
	return i
}

func (i *secondCluster) address() string { return fmt.Sprintf("127.0.0.1:%d", i.port) }

func (i *secondCluster) join() {
	i.t.Helper()
	var err error
	if i.broker, err = kfake.NewCluster(kfake.NumBrokers(1), kfake.Ports(i.port)); err != nil {
		i.t.Fatal(err)
	}
}

func (i *secondCluster) cut() {
	if i.broker != nil {
		i.broker.Close()
		i.broker = nil
	}
}

// produce sends records to every topic, the same to each partition, until the test ends.
func produce(t *testing.T, brokers []string) {
	t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(brokers...), kgo.RecordPartitioner(kgo.ManualPartitioner()))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() {
		ticker := time.NewTicker(tick)
		defer ticker.Stop()
		for n := uint64(0); ; n++ {
			for _, topic := range names {
				for p := range int32(partitions) {
					client.Produce(ctx, &kgo.Record{Topic: topic, Partition: p, Value: binary.BigEndian.AppendUint64(nil, n)}, nil)
				}
			}
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
			}
		}
	})
	t.Cleanup(func() { cancel(); wg.Wait(); client.Close() })
}

// group is the consumers of one group.
type group struct {
	t        *testing.T
	brokers  []string
	name     string
	frozen   atomic.Bool // they stay members, and do nothing
	poisoned atomic.Bool // they never finish the first record of partition 0 that is not among the good ones

	mu      sync.Mutex
	members []*consumer
	started int // so far
}

// goodRecords are the records at the beginning of a poisoned partition that can be done: they are committed.
const goodRecords = 10

type consumer struct {
	name   string
	client *kgo.Client
	stop   context.CancelFunc
	done   chan struct{}
}

func newGroup(t *testing.T, brokers []string, name string) *group {
	t.Helper()
	g := &group{t: t, brokers: brokers, name: name}
	t.Cleanup(func() { g.resize(0) })
	return g
}

// resize starts or stops consumers.
func (g *group) resize(n int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for len(g.members) > n {
		g.drop(len(g.members) - 1)
	}
	for len(g.members) < n {
		g.add("")
	}
}

// replace stops the oldest consumer and starts another, as a crash does.
func (g *group) replace() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.drop(0)
	g.add("")
}

// startConsumer starts the consumer that a pod stands for.
func (g *group) startConsumer(pod string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.add(pod)
}

// stopConsumer ends it.
func (g *group) stopConsumer(pod string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if i := slices.IndexFunc(g.members, func(c *consumer) bool { return c.name == pod }); i >= 0 {
		g.drop(i)
	}
}

func (g *group) size() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.members)
}

func (g *group) drop(i int) {
	c := g.members[i]
	g.members = slices.Delete(g.members, i, i+1)
	c.stop()
	<-c.done
}

func (g *group) add(name string) {
	g.started++
	if name == "" {
		name = fmt.Sprintf("%s-%d", g.name, g.started)
	}
	client, err := kgo.NewClient(
		kgo.SeedBrokers(g.brokers...), kgo.ConsumerGroup(g.name), kgo.ConsumeTopics(g.name), kgo.ClientID(name),
		kgo.Balancers(kgo.RangeBalancer()), kgo.AutoCommitMarks(), kgo.AutoCommitInterval(commits), kgo.FetchMaxWait(tick),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.HeartbeatInterval(tick), kgo.SessionTimeout(6*time.Second), kgo.RebalanceTimeout(2*time.Second),
	)
	if err != nil {
		g.t.Error(err)
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	c := &consumer{name: name, client: client, stop: cancel, done: make(chan struct{})}
	g.members = append(g.members, c)
	go func() {
		defer close(c.done)
		defer client.Close() // commits what is marked, and leaves the group
		g.consume(ctx, client)
	}()
}

func (g *group) consume(ctx context.Context, client *kgo.Client) {
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	for ctx.Err() == nil {
		if !g.frozen.Load() {
			client.PollFetches(ctx).EachRecord(func(r *kgo.Record) {
				if stuck := r.Partition == 0 && r.Offset >= goodRecords && g.poisoned.Load(); !stuck {
					client.MarkCommitRecords(r)
				}
			})
			continue
		}
		select {
		case <-ctx.Done():
		case <-ticker.C:
		}
	}
}
