package lag_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/lagscaler/lagscaler/e2e/servers/kafka"
	"github.com/lagscaler/lagscaler/internal/api"
	"github.com/lagscaler/lagscaler/internal/engine"
	"github.com/lagscaler/lagscaler/lag/kafkasource"
	"github.com/lagscaler/lagscaler/lag/shard"
)

// reading is one process that reads the groups of a test, or its shard of them.
func reading(t *testing.T, c *kafka.Cluster, prefix string, s shard.Shard) *engine.Engine {
	read := source(t, kafkasource.Config{Brokers: addresses(c), Group: func(group string) bool { return strings.HasPrefix(group, prefix) }})
	var o engine.Options
	if !s.Alone() {
		o.Shards = engine.FixedShard(s, false)
	}
	return engine.New(engine.Settings{Clusters: []engine.Cluster{{Name: "e2e", Source: read}}}, o)
}

// shownBy is the JSON of each group that a process shows after a poll.
func shownBy(t *testing.T, e *engine.Engine) (map[string]string, error) {
	t.Helper()
	e.Tick(t.Context(), time.Now())
	clusters := api.LagOf(e.Latest()).Clusters
	if len(clusters[0].Errors) > 0 {
		return nil, fmt.Errorf("errors: %+v", clusters[0].Errors)
	}
	shown := map[string]string{}
	for _, g := range clusters[0].Groups {
		text, err := json.Marshal(g)
		if err != nil {
			t.Fatal(err)
		}
		shown[g.Group] = string(text)
	}
	return shown, nil
}

// ownedBy is the name of the i-th group, such that it is of a shard: prefixes are random.
func ownedBy(prefix string, i int, s shard.Shard) string {
	for try := 0; ; try++ {
		if name := fmt.Sprintf("%s%d-%d", prefix, i, try); s.Owns("e2e", name) {
			return name
		}
	}
}

// TestShardsTogetherAreOneProcess: the groups of three shards, each read by a process of its own, are those that one process reads, in every
// field of the JSON; each group is in one of them. Offsets do not move meanwhile.
func TestShardsTogetherAreOneProcess(t *testing.T) {
	kafka.EachVersion(t, func(t *testing.T, c *kafka.Cluster) {
		const of, groups, partitions = 3, 12, 4
		topics := []string{c.CreateTopic(t, "shards", partitions), c.CreateTopic(t, "shards", partitions)}
		for i, topic := range topics {
			c.Produce(t, topic, 5*(i+1))
		}
		prefix := c.Name("shards") + "-"
		admin, names := c.Admin(t), make([]string, groups)
		for i := range names {
			names[i] = ownedBy(prefix, i, shard.Shard{Index: i % of, Of: of})
			offsets := kadm.Offsets{}
			for p := range int32(partitions) {
				if i%4 != 3 || p%2 == 0 { // some never committed to each partition
					offsets.Add(kadm.Offset{Topic: topics[i%2], Partition: p, At: int64(i) % 6, LeaderEpoch: -1})
				}
			}
			if err := admin.CommitAllOffsets(t.Context(), names[i], offsets); err != nil {
				t.Fatal(err)
			}
		}
		members := names[:2] // with a member, that commits nothing
		for i, name := range members {
			client, err := kgo.NewClient(kgo.SeedBrokers(addresses(c)...), kgo.ConsumerGroup(name), kgo.ConsumeTopics(topics[i]), kgo.DisableAutoCommit())
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(client.Close)
			if fetched := client.PollRecords(t.Context(), 1); fetched.Err() != nil || fetched.NumRecords() != 1 {
				t.Fatalf("%s reads %d records: %v", name, fetched.NumRecords(), fetched.Err())
			}
		}
		kafka.Eventually(t, "the shards to show what one process shows", func() error {
			want, err := shownBy(t, reading(t, c, prefix, shard.Shard{}))
			if err != nil {
				return err
			}
			if len(want) != groups || !strings.Contains(want[members[0]], `"state":"Stable"`) {
				return fmt.Errorf("one process shows %d groups: %s", len(want), want[members[0]])
			}
			together := 0
			for i := range of {
				got, err := shownBy(t, reading(t, c, prefix, shard.Shard{Index: i, Of: of}))
				if err != nil {
					return err
				}
				together += len(got)
				for name, text := range got {
					if shard.Owner("e2e", name, of) != i {
						t.Errorf("shard %d shows %s", i, name)
					}
					if text != want[name] {
						return fmt.Errorf("shard %d:     %s\none process: %s", i, text, want[name])
					}
				}
			}
			if together != groups {
				return fmt.Errorf("the shards show %d groups, one process shows %d", together, groups)
			}
			return nil
		})
	})
}
