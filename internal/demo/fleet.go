package demo

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/segmentio/kafka-go"

	"github.com/lagscaler/lagscaler/rebalancemon"
	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

// fleet replaces a Deployment: every replica is one real consumer. It implements [engine.Targets].
type fleet struct {
	addrs      []string
	processing time.Duration
	startup    time.Duration
	policy     scaler.Policy

	mu     sync.Mutex
	spec   int32
	pods   []*pod
	nextID int
	write  seen.Write
	hints  []rebalancemon.Hint
	poison *poison
	ctx    context.Context
	wg     sync.WaitGroup
}

// pod is one replica: it consumes from the end of its start-up time until it is stopped.
type pod struct {
	name  string
	ready bool
	stop  context.CancelFunc
}

// poison is a poison pill: a record that its consumer never finishes.
type poison struct {
	partition int
}

var target = seen.Ref{APIVersion: "apps/v1", Kind: "Deployment", Namespace: "demo", Name: "orders-worker"}

func newFleet(ctx context.Context, addrs []string, s Scenario, policy scaler.Policy) *fleet {
	return &fleet{ctx: ctx, addrs: addrs, processing: s.processing, startup: startup, policy: policy}
}

// Scalers returns the only scaler of the demo, with the present state of the fleet.
func (f *fleet) Scalers(time.Time) []scaler.Scaler {
	f.mu.Lock()
	defer f.mu.Unlock()
	ready := int32(0)
	for _, p := range f.pods {
		if p.ready {
			ready++
		}
	}
	return []scaler.Scaler{{
		Name: "demo/orders", Mode: scaler.Act, Policy: f.policy,
		Sources: []seen.SourceSpec{{Cluster: clusterName, Group: group, ProcessingTime: f.processing, CommitInterval: commitInterval}},
		Workload: seen.Workload{
			Ref: target, Found: true, HasScale: true,
			Spec: f.spec, Status: int32(len(f.pods)), Ready: ready, LastWrite: f.write,
		},
		Hints: slices.Clone(f.hints),
	}}
}

// Apply resizes the fleet. It fails if the size is not the one that the change expects.
func (f *fleet) Apply(_ context.Context, c scaler.Change) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.spec != c.From {
		return fmt.Errorf("%s has %d replicas, not %d: %w", c.Target, f.spec, c.From, scaler.ErrConflict)
	}
	now := time.Now()
	f.write = seen.Write{At: now, From: c.From, To: c.To}
	f.hints = append(f.hints, rebalancemon.Hint{
		At: now, Until: now.Add(2 * startup), Kind: rebalancemon.Resized, From: c.From, To: c.To,
	})
	if len(f.hints) > 20 {
		f.hints = f.hints[1:]
	}
	f.resize(c.To)
	return nil
}

// resize starts pods, or stops the newest ones. The caller holds mu.
func (f *fleet) resize(n int32) {
	f.spec = n
	for int32(len(f.pods)) > n {
		last := f.pods[len(f.pods)-1]
		f.pods = f.pods[:len(f.pods)-1]
		last.stop()
	}
	for int32(len(f.pods)) < n {
		f.pods = append(f.pods, f.start())
	}
}

func (f *fleet) start() *pod {
	f.nextID++
	ctx, cancel := context.WithCancel(f.ctx)
	p := &pod{name: fmt.Sprintf("orders-worker-%d", f.nextID), stop: cancel}
	f.wg.Go(func() {
		if !sleep(ctx, f.startup) {
			return
		}
		f.mu.Lock()
		p.ready = true
		f.mu.Unlock()
		consumer{addrs: f.addrs, topic: topic, group: group, name: p.name}.consume(ctx, f.work)
	})
	return p
}

// crash replaces a pod by a new one, as a kubelet does. The number of replicas stays the same.
func (f *fleet) crash() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.pods) == 0 {
		return
	}
	f.pods[0].stop()
	f.pods = append(f.pods[1:], f.start())
}

func (f *fleet) setPoison(p *poison) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.poison = p
}

// isPoison reports whether a record is the one that is never finished.
func (f *fleet) isPoison(m kafka.Message) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.poison != nil && m.Partition == f.poison.partition
}

// work processes a record in the processing time of the scenario. It never finishes the poison pill.
func (f *fleet) work(ctx context.Context, m kafka.Message) bool {
	for f.isPoison(m) {
		if !sleep(ctx, 100*time.Millisecond) {
			return false
		}
	}
	return sleep(ctx, f.processing)
}

// wait returns when every consumer has left its group.
func (f *fleet) wait() { f.wg.Wait() }
