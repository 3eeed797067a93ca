package kafka

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/e2e/servers/kafka/coordlog"
)

// Kafka's own test clients run, tell what they do, and can be ended in both ways.
func TestVerifiableClients(t *testing.T) {
	t.Parallel()
	eachOf(t, Heavy(Logged, V43), func(t *testing.T, c *Cluster) {
		topic, group := c.CreateTopic(t, "verifiable", 2), c.Name("verifiable")
		producer := c.VerifiableProducer(t, VerifiableProducer{Topic: topic, Throughput: -1, Messages: 100, Keys: 7})
		consumer := c.VerifiableConsumer(t, VerifiableConsumer{
			Group: group, Topic: topic, Assignor: CooperativeSticky, SessionTimeout: 3 * time.Second,
			Properties: map[string]string{"client.id": "mine"},
		})
		var sent, consumed int64
		producer.Await("every record sent", func(e Event) bool {
			if e.Kind == Sent {
				sent++
			}
			return sent == 100
		})
		consumer.Await("every record consumed", func(e Event) bool {
			if e.Kind == Consumed {
				consumed += e.Count
			}
			return consumed == 100
		})
		consumer.Await("a commit", func(e Event) bool { return e.Kind == Committed })
		if members := c.GroupMembers(t, group); len(members) != 1 || members[0].ClientID != "mine" {
			t.Errorf("members %+v, want one with the client id of its properties", members)
		}
		consumer.Kill()
		c.AwaitRebalances(t, group, "the killed consumer's session to end", func(rs []coordlog.Rebalance) bool {
			return len(rs) == 2 && rs[1].Cause == coordlog.SessionEnded && rs[1].Outcome == coordlog.Empty
		})
	})
}

func TestShareConsumer(t *testing.T) {
	t.Parallel()
	c := Shared(t, V43)
	topic, group := c.CreateTopic(t, "shared", 2), c.Name("shared")
	c.ConfigureGroup(t, group, map[string]string{"share.auto.offset.reset": "earliest"})
	c.Produce(t, topic, 5)
	consumer := c.ShareConsumer(t, group, topic)
	var consumed int64
	consumer.Await("every record", func(e Event) bool {
		consumed += e.Count
		return consumed == 10
	})
	consumer.Terminate()
	want := []coordlog.Kind{coordlog.Joined, coordlog.Left}
	Eventually(t, "the coordinator's word on the consumer", func() error {
		var got []coordlog.Kind
		for _, r := range c.Records(t) {
			if r.Group == group && slices.Contains(want, r.Kind) {
				got = append(got, r.Kind)
			}
		}
		if !slices.Equal(got, want) {
			return fmt.Errorf("the coordinator logged %v, want %v", got, want)
		}
		return nil
	})
}
