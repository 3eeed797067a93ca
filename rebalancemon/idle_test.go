package rebalancemon_test

import (
	"fmt"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/pkg/kversion"

	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/lag/kafkasource"
	"github.com/lagscaler/lagscaler/rebalancemon"
)

// fleet is three embedded brokers with 2,000 idle groups, and a count of the requests they get.
func fleet(t testing.TB) (*kafkasource.Source, *atomic.Int64) {
	t.Helper()
	c, err := kfake.NewCluster(kfake.NumBrokers(3), kfake.SeedTopics(1, "orders"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	client, err := kgo.NewClient(kgo.SeedBrokers(c.ListenAddrs()...), kgo.MaxVersions(kversion.V3_0_0())) // topics by name
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	for i := range idleGroups {
		commit := kmsg.NewPtrOffsetCommitRequest()
		commit.Group = fmt.Sprintf("group-%05d", i)
		topic := kmsg.NewOffsetCommitRequestTopic()
		topic.Topic = "orders"
		topic.Partitions = append(topic.Partitions, kmsg.NewOffsetCommitRequestTopicPartition())
		commit.Topics = append(commit.Topics, topic)
		if _, err := commit.RequestWith(t.Context(), client); err != nil {
			t.Fatal(err)
		}
	}
	var requests atomic.Int64
	c.Control(func(req kmsg.Request) (kmsg.Response, error, bool) {
		c.KeepControl()
		if req.Key() != int16(kmsg.Metadata) { // kafka-go refreshes its list of brokers by a clock of its own
			requests.Add(1)
		}
		return nil, nil, false
	})
	s, err := kafkasource.New(kafkasource.Config{Cluster: "main", Brokers: c.ListenAddrs()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s, &requests
}

// A sample of 2,000 groups on three brokers is three requests, and finds every group.
func TestSampleIsOneRequestABroker(t *testing.T) {
	s, requests := fleet(t)
	m := rebalancemon.New(rebalancemon.Options{})
	take := func() lag.Sample {
		sample := s.Sample(t.Context())
		if len(sample.Groups) != idleGroups || len(sample.Errors) > 0 {
			t.Fatalf("%d groups, errors %v", len(sample.Groups), sample.Errors)
		}
		m.Sample(sample, nil)
		return sample
	}
	take() // connects, and learns what the brokers speak
	requests.Store(0)
	const samples = 5
	for range samples {
		take()
	}
	if got := requests.Load(); got != 3*samples {
		t.Errorf("%d requests for %d samples, want %d", got, samples, 3*samples)
	}
	if got := len(m.All()); got != idleGroups {
		t.Errorf("%d groups are watched, want %d", got, idleGroups)
	}
}

// What sampling 2,000 idle groups each second costs, as a share of one core. The embedded brokers run in the same process
// and are part of it, so the truth is lower.
func BenchmarkIdleGroups(b *testing.B) {
	s, _ := fleet(b)
	m := rebalancemon.New(rebalancemon.Options{})
	m.Sample(s.Sample(b.Context()), nil)
	before := cpu(b)
	for b.Loop() {
		m.Sample(s.Sample(b.Context()), nil)
	}
	each := (cpu(b) - before) / time.Duration(b.N)
	b.ReportMetric(100*each.Seconds(), "%core/sample/s")
}

func cpu(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
