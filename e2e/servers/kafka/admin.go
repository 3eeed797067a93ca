package kafka

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// client is the cluster's one Go client, made when first needed.
func (c *Cluster) client() (*kgo.Client, error) {
	c.adminOnce.Do(func() {
		c.admin, c.adminErr = kgo.NewClient(
			kgo.SeedBrokers(strings.Split(c.bootstrap, ",")...),
			kgo.MetadataMinAge(50*time.Millisecond), // 5 s otherwise, which a new topic would wait for
			// Not growing: a new cluster refuses the first producer id until it has fetched a block of them.
			kgo.RetryBackoffFn(func(int) time.Duration { return 50 * time.Millisecond }),
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
	// It may exist already: a request whose answer was late is sent again by the client, and names are not reused.
	if _, err := c.Admin(t).CreateTopic(t.Context(), partitions, -1, configs, topic); err != nil && !errors.Is(err, kerr.TopicAlreadyExists) {
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

// ConfigureGroup sets a group's dynamic configuration, as 4.3 has it for KIP-848
// and share groups: consumer.session.timeout.ms, share.auto.offset.reset, …
func (c *Cluster) ConfigureGroup(t testing.TB, group string, config map[string]string) {
	t.Helper()
	resource := kmsg.NewIncrementalAlterConfigsRequestResource()
	resource.ResourceType = kmsg.ConfigResourceTypeGroupConfig
	resource.ResourceName = group
	for _, key := range slices.Sorted(maps.Keys(config)) {
		set := kmsg.NewIncrementalAlterConfigsRequestResourceConfig()
		set.Name, set.Value, set.Op = key, kmsg.StringPtr(config[key]), kmsg.IncrementalAlterConfigOpSet
		resource.Configs = append(resource.Configs, set)
	}
	request := kmsg.NewPtrIncrementalAlterConfigsRequest()
	request.Resources = append(request.Resources, resource)
	response, err := request.RequestWith(t.Context(), c.Client(t))
	if err == nil && len(response.Resources) > 0 {
		err = kerr.ErrorForCode(response.Resources[0].ErrorCode)
	}
	if err != nil {
		t.Fatalf("configuring group %s: %v", group, err)
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
	var to []Partition
	for _, p := range details[topic].Partitions.Numbers() {
		to = append(to, Partition{topic, p})
	}
	c.ProduceTo(t, perPartition, to...)
}

// ProduceTo writes count records to each of the partitions.
func (c *Cluster) ProduceTo(t testing.TB, count int, to ...Partition) {
	t.Helper()
	records := make([]*kgo.Record, 0, count*len(to))
	for range count {
		for _, p := range to {
			records = append(records, &kgo.Record{Topic: p.Topic, Partition: p.Partition, Value: []byte{0}})
		}
	}
	if err := c.Client(t).ProduceSync(t.Context(), records...).FirstErr(); err != nil {
		t.Fatalf("producing to %v: %v", to, err)
	}
}
