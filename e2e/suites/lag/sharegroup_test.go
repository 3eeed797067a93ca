package lag_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/lagscaler/lagscaler/e2e/servers/kafka"
	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/lag/kafkasource"
	"github.com/lagscaler/lagscaler/scaler"
	readings "github.com/lagscaler/lagscaler/scaler/seen"
)

// shareWork is the time that a member spends on a record: 50 records/s, so that 150/s need four members.
const shareWork = 20 * time.Millisecond

// TestShareGroupScales plays the platform for a scaler: what it decides is the number of members of a share group of one
// partition. They grow beyond the partition, drain what waits, and become fewer.
func TestShareGroupScales(t *testing.T) {
	t.Parallel() // most of it is waiting
	c := kafka.Shared(t, kafka.V44)
	topic, name := c.CreateTopic(t, "one-partition", 1), c.Name("share-fleet")
	c.ConfigureGroup(t, name, map[string]string{"share.auto.offset.reset": "earliest"})
	p := &sharePlatform{t: t, source: source(t, kafkasource.Config{Brokers: addresses(c)}), brokers: addresses(c), topic: topic, group: name}
	policy, err := scaler.Spec{
		Mode: scaler.Act, TargetLag: 10 * time.Second,
		Sources: []readings.SourceSpec{{Cluster: "e2e", Group: name, ProcessingTime: shareWork, CommitInterval: time.Second}},
	}.Policy()
	if err != nil {
		t.Fatal(err)
	}
	p.policy = policy
	p.resize(1)
	t.Cleanup(func() { p.resize(0) })
	rate := p.produce()

	rate.Store(150)
	p.until("members beyond the partition, and nothing late", func(d scaler.Decision) bool {
		n, _ := d.Need()
		return d.Current >= 4 && n.Members >= 4 && n.Rate > 120 && n.LagKnown && n.LagSeconds < 10
	})
	rate.Store(20)
	p.until("fewer members", func(d scaler.Decision) bool { return d.Current <= 2 })
	for _, reason := range p.changes {
		if reason != scaler.ScaleUp && reason != scaler.ScaleDown {
			t.Errorf("%s changed the size of a share group", reason)
		}
	}
}

// sharePlatform runs as many members as it is told to.
type sharePlatform struct {
	t            *testing.T
	source       *kafkasource.Source
	brokers      []string
	topic, group string

	policy   scaler.Policy
	memory   scaler.Memory
	snapshot *lag.Snapshot
	members  []context.CancelFunc
	running  sync.WaitGroup
	written  readings.Write
	changes  []scaler.Reason
}

// until polls and decides, ten times as fast as documented, until a decision is good.
func (p *sharePlatform) until(what string, good func(scaler.Decision) bool) {
	p.t.Helper()
	var last scaler.Decision
	for deadline := time.Now().Add(4 * time.Minute); time.Now().Before(deadline); {
		select {
		case <-time.After(time.Second): // a poll each second
		case <-p.t.Context().Done():
			return
		}
		if last = p.poll(); good(last) {
			p.t.Logf("%s: %s", what, last.Verdict)
			return
		}
	}
	p.t.Fatalf("waiting for %s: %d members, %s, %+v", what, last.Current, last.Verdict, last.Needs)
}

func (p *sharePlatform) poll() scaler.Decision {
	p.snapshot = lag.Compute(p.source.Observe(p.t.Context()), p.snapshot, nil)
	g, ok := p.snapshot.Group(p.group)
	if ok && g.Err == lag.OK && g.MaxMembers != 200 {
		p.t.Errorf("the coordinator admits %d members, want 200: its default", g.MaxMembers)
	}
	n := int32(len(p.members))
	r := scaler.Evaluate(scaler.Input{
		Now: time.Now(), Clock: readings.Clock{Poll: time.Second, Pace: 10}, Policy: p.policy, Memory: p.memory,
		Sources: []readings.Source{{
			SourceSpec: readings.SourceSpec{Cluster: "e2e", Group: p.group, ProcessingTime: shareWork, CommitInterval: time.Second}, Lag: g,
		}},
		Workload: readings.Workload{
			Ref:   readings.Ref{APIVersion: "apps/v1", Kind: "Deployment", Namespace: "e2e", Name: "workers"},
			Found: true, HasScale: true, Spec: n, Status: n, Ready: n, LastWrite: p.written,
		},
	})
	p.memory = r.Memory
	if change, ok := r.Change(); ok {
		p.t.Logf("%d -> %d %s", change.From, change.To, change.Reason)
		p.written = readings.Write{At: time.Now(), From: change.From, To: change.To}
		p.changes = append(p.changes, change.Reason)
		p.resize(change.To)
	}
	return r.Decision
}

func (p *sharePlatform) resize(to int32) {
	for int32(len(p.members)) < to {
		ctx, stop := context.WithCancel(context.Background())
		p.members = append(p.members, stop)
		p.running.Go(func() { p.member(ctx) })
	}
	for _, stop := range p.members[to:] {
		stop()
	}
	if p.members = p.members[:to]; to == 0 {
		p.running.Wait()
	}
}

// member works on one record after the other, and takes ten at once, so that the others get some.
func (p *sharePlatform) member(ctx context.Context) {
	client, err := kgo.NewClient(kgo.SeedBrokers(p.brokers...), kgo.ShareGroup(p.group), kgo.ConsumeTopics(p.topic),
		kgo.ShareMaxRecords(10), kgo.ShareMaxRecordsStrict(), kgo.FetchMaxWait(100*time.Millisecond))
	if err != nil {
		p.t.Error(err)
		return
	}
	defer client.Close()
	for ctx.Err() == nil {
		fetched := client.PollRecords(ctx, 10)
		for _, failed := range fetched.Errors() {
			if !errors.Is(failed.Err, context.Canceled) {
				p.t.Log(failed.Err)
			}
		}
		fetched.EachRecord(func(r *kgo.Record) {
			time.Sleep(shareWork) // the work itself
			r.Ack(kgo.AckAccept)
		})
	}
}

// produce writes records until the test ends, so many a second.
func (p *sharePlatform) produce() *atomic.Int64 {
	p.t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(p.brokers...), kgo.DefaultProduceTopic(p.topic))
	if err != nil {
		p.t.Fatal(err)
	}
	rate, ended := new(atomic.Int64), make(chan struct{})
	ctx, stop := context.WithCancel(context.Background())
	go func() {
		defer close(ended)
		began, due := time.Now(), 0.0
		for ctx.Err() == nil {
			time.Sleep(20 * time.Millisecond)
			now := time.Now()
			due, began = due+float64(rate.Load())*now.Sub(began).Seconds(), now
			for ; due >= 1; due-- {
				client.Produce(ctx, kgo.StringRecord(fmt.Sprint(due)), nil)
			}
		}
	}()
	p.t.Cleanup(func() {
		stop()
		<-ended
		client.Close()
	})
	return rate
}
