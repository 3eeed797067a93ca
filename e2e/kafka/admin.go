package kafka

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// client is the cluster's one Go client, made when first needed.
func (c *Cluster) client() (*kgo.Client, error) {
	c.adminOnce.Do(func() {
		c.admin, c.adminErr = kgo.NewClient(
			kgo.SeedBrokers(strings.Split(c.bootstrap, ",")...),
			kgo.MetadataMinAge(50*time.Millisecond), // 5 s otherwise, which a new topic would wait for
			kgo.RecordPartitioner(kgo.ManualPartitioner()),
		)
	})
	return c.admin, c.adminErr
}

// Client is a Go client whose records go to the partition they name.
func (c *Cluster) Client(t testing.TB) *kgo.Client {
	t.Helper()
	client, err := c.client()
	if err != nil {
		t.Fatalf("making a client: %v", err)
	}
	return client
}

// Admin is a Go client for setting things up: partitions, deletions, elections,
// commits, ACLs.
func (c *Cluster) Admin(t testing.TB) *kadm.Client {
	t.Helper()
	return kadm.NewClient(c.Client(t))
}

// Name makes a name for a topic or a group that nobody else has on a shared
// cluster.
func (c *Cluster) Name(prefix string) string {
	return prefix + "-" + strings.ToLower(strings.NewReplacer("-", "", "_", "").Replace(randomID())[:8])
}

// CreateTopic makes a topic with a name of its own, replicated to every broker
// up to three, and returns the name once every broker knows its leaders.
func (c *Cluster) CreateTopic(t testing.TB, prefix string, partitions int32) string {
	t.Helper()
	topic := c.Name(prefix)
	c.CreateTopicNamed(t, topic, partitions, nil)
	return topic
}

// CreateTopicNamed makes a topic with exactly this name and these settings.
func (c *Cluster) CreateTopicNamed(t testing.TB, topic string, partitions int32, config map[string]string) {
	t.Helper()
	configs := make(map[string]*string, len(config))
	for k, v := range config {
		configs[k] = &v
	}
	// -1: the brokers' default, one replica per broker up to three.
	if _, err := c.Admin(t).CreateTopic(t.Context(), partitions, -1, configs, topic); err != nil {
		t.Fatalf("creating topic %s: %v", topic, err)
	}
	c.awaitTopic(t, topic, int(partitions))
}

// AddPartitions makes a topic that many partitions larger.
func (c *Cluster) AddPartitions(t testing.TB, topic string, add int) {
	t.Helper()
	responses, err := c.Admin(t).CreatePartitions(t.Context(), add, topic)
	if err == nil {
		err = responses.Error()
	}
	if err != nil {
		t.Fatalf("adding partitions to %s: %v", topic, err)
	}
}

// awaitTopic waits until every running broker knows a leader of each partition.
func (c *Cluster) awaitTopic(t testing.TB, topic string, partitions int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for _, n := range c.Nodes {
		if !n.running() || n.paused {
			continue
		}
		if err := n.awaitTopic(ctx, topic, partitions); err != nil {
			t.Fatalf("waiting for topic %s: %v", topic, err)
		}
	}
}

// Produce writes perPartition records to each partition of a topic and returns
// when all in-sync replicas have them.
func (c *Cluster) Produce(t testing.TB, topic string, perPartition int) {
	t.Helper()
	details, err := c.Admin(t).ListTopics(t.Context(), topic)
	if err != nil {
		t.Fatalf("listing the partitions of %s: %v", topic, err)
	}
	for _, p := range details[topic].Partitions.Numbers() {
		c.ProduceTo(t, Partition{topic, p}, perPartition)
	}
}

// ProduceTo writes count records to one partition.
func (c *Cluster) ProduceTo(t testing.TB, p Partition, count int) {
	t.Helper()
	records := make([]*kgo.Record, count)
	for i := range records {
		records[i] = &kgo.Record{Topic: p.Topic, Partition: p.Partition, Value: []byte{0}}
	}
	if err := c.Client(t).ProduceSync(t.Context(), records...).FirstErr(); err != nil {
		t.Fatalf("producing to %s/%d: %v", p.Topic, p.Partition, err)
	}
}
