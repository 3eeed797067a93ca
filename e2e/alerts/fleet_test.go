package alerts

import (
	"context"
	"encoding/binary"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/lagscaler/lagscaler/internal/engine"
	"github.com/lagscaler/lagscaler/rebalancemon"
	"github.com/lagscaler/lagscaler/scaler"
)

const (
	cluster    = "live"
	partitions = 6  // of each group's topic
	rate       = 60 // records/s to each topic
	commits    = 300 * time.Millisecond
	beat       = 100 * time.Millisecond
)

// names are the groups, each with a topic of its name.
var names = []string{"gone", "frozen", "restarted", "scaled", "healthy"}

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
		ticker := time.NewTicker(beat)
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
	t       *testing.T
	brokers []string
	name    string
	frozen  atomic.Bool // they stay members, and do nothing

	mu      sync.Mutex
	members []*consumer
	hints   []rebalancemon.Hint
}

type consumer struct {
	client *kgo.Client
	stop   context.CancelFunc
	done   chan struct{}
}

func newGroup(t *testing.T, brokers []string, name string, members int) *group {
	t.Helper()
	g := &group{t: t, brokers: brokers, name: name}
	t.Cleanup(func() { g.resize(0) })
	g.resize(members)
	return g
}

// resize starts or stops consumers. It tells nobody.
func (g *group) resize(n int) {
	g.t.Helper()
	g.mu.Lock()
	defer g.mu.Unlock()
	for len(g.members) > n {
		last := g.members[len(g.members)-1]
		g.members = g.members[:len(g.members)-1]
		last.stop()
		<-last.done
	}
	for len(g.members) < n {
		g.members = append(g.members, g.start())
	}
}

// replace stops the oldest consumer and starts another, as a crash does, or one step of a rollout.
func (g *group) replace() {
	g.t.Helper()
	g.mu.Lock()
	defer g.mu.Unlock()
	first := g.members[0]
	first.stop()
	<-first.done
	g.members = append(g.members[1:], g.start())
}

// hint is what a watcher of the target would have seen.
func (g *group) hint(h rebalancemon.Hint) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.hints = append(g.hints, h)
}

func (g *group) start() *consumer {
	client, err := kgo.NewClient(
		kgo.SeedBrokers(g.brokers...), kgo.ConsumerGroup(g.name), kgo.ConsumeTopics(g.name), kgo.ClientID(g.name),
		kgo.Balancers(kgo.RangeBalancer()), kgo.AutoCommitInterval(commits), kgo.FetchMaxWait(beat),
		kgo.HeartbeatInterval(beat), kgo.SessionTimeout(6*time.Second), kgo.RebalanceTimeout(2*time.Second),
	)
	if err != nil {
		g.t.Error(err)
		return nil
	}
	ctx, cancel := context.WithCancel(context.Background())
	c := &consumer{client: client, stop: cancel, done: make(chan struct{})}
	go func() {
		defer close(c.done)
		defer client.Close() // leaves the group
		ticker := time.NewTicker(beat)
		defer ticker.Stop()
		for ctx.Err() == nil {
			if !g.frozen.Load() {
				client.PollFetches(ctx)
				continue
			}
			select {
			case <-ctx.Done():
			case <-ticker.C:
			}
		}
	}()
	return c
}

// targets are the scalers of the replicas: one, of the group that is scaled. It advises, the test resizes.
type targets struct{ scaled *group }

// Scalers are the scaler, and its target as it is now.
func (s targets) Scalers(time.Time) []engine.Scaler {
	s.scaled.mu.Lock()
	defer s.scaled.mu.Unlock()
	policy, err := scaler.Spec{Mode: scaler.Advise, MaxReplicas: ptr(int32(20)), Sources: []scaler.SourceSpec{{Cluster: cluster, Group: s.scaled.name}}}.Policy()
	if err != nil {
		s.scaled.t.Error(err)
	}
	n := int32(len(s.scaled.members))
	ref := scaler.Ref{APIVersion: "apps/v1", Kind: "Deployment", Namespace: "shop", Name: "scaled-worker"}
	return []engine.Scaler{{
		Name: "shop/scaled", Mode: scaler.Advise, Policy: policy,
		Sources:  []scaler.SourceSpec{{Cluster: cluster, Group: s.scaled.name, ProcessingTime: 20 * time.Millisecond, CommitInterval: commits}},
		Workload: scaler.Workload{Ref: ref, Found: true, HasScale: true, Spec: n, Status: n, Ready: n},
		Hints:    append([]rebalancemon.Hint{}, s.scaled.hints...),
	}}
}

// Apply is never asked: the scaler only advises.
func (s targets) Apply(_ context.Context, c scaler.Change) error {
	return fmt.Errorf("asked to write %+v", c)
}

func ptr[T any](v T) *T { return &v }
