package kafka

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl/scram"
)

// One cluster of each version is broken in every way, and comes back.
func TestBreakingNodes(t *testing.T) {
	t.Parallel()
	for _, v := range Heavy(Versions, V39) {
		t.Run(string(v), func(t *testing.T) {
			t.Parallel()
			c := Start(t, Config{
				Version: v,
				// A killed broker cannot register again before its session has ended: 9 s otherwise.
				Properties: map[string]string{"broker.session.timeout.ms": "3000", "broker.heartbeat.interval.ms": "500"},
				PerNode:    map[int]map[string]string{3: {"num.io.threads": "3"}},
				Users:      []User{{"lagscaler", "secret"}},
			})
			topic := c.CreateTopic(t, "orders", 3)
			c.Produce(t, topic, 10)
			checkACLs(t, c)

			one, two, three := c.Node(t, 1), c.Node(t, 2), c.Node(t, 3)
			three.Kill(t)
			if answers(t, three) {
				t.Error("a killed node answers")
			}
			three.Start(t)
			if !answers(t, three) {
				t.Error("a node that came back does not answer")
			}
			two.Stop(t)
			two.Start(t)
			one.Pause(t)
			if answers(t, one) {
				t.Error("a paused node answers")
			}
			one.Resume(t)
			if !answers(t, one) {
				t.Error("a resumed node does not answer")
			}
			checkData(t, c, topic)
		})
	}
}

// checkACLs: a user may log in, and may do what an ACL allows and nothing else.
func checkACLs(t *testing.T, c *Cluster) {
	t.Helper()
	client, err := kgo.NewClient(
		kgo.SeedBrokers(c.Nodes[0].SASLAddress),
		kgo.SASL(scram.Auth{User: "lagscaler", Pass: "secret"}.AsSha512Mechanism()),
	)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	topics := func() int {
		details, err := kadm.NewClient(client).ListTopics(t.Context())
		if err != nil {
			t.Fatalf("listing topics as a user: %v", err)
		}
		return len(details)
	}
	if n := topics(); n != 0 {
		t.Errorf("a user without rights sees %d topics", n)
	}
	allow := kadm.NewACLs().Allow("User:lagscaler").AllowHosts().Topics("*").Operations(kadm.OpDescribe).
		ResourcePatternType(kadm.ACLPatternLiteral)
	if _, err := c.Admin(t).CreateACLs(t.Context(), allow); err != nil {
		t.Fatalf("creating an ACL: %v", err)
	}
	Eventually(t, "the ACL to let the user see topics", func() error {
		if topics() == 0 {
			return errors.New("he sees none")
		}
		return nil
	})
}

// checkData: what was written before the breakage is there.
func checkData(t *testing.T, c *Cluster, topic string) {
	t.Helper()
	ends, err := c.Admin(t).ListEndOffsets(t.Context(), topic)
	if err != nil {
		t.Fatal(err)
	}
	for p := range int32(3) {
		if o, ok := ends.Lookup(topic, p); !ok || o.Err != nil || o.Offset != 10 {
			t.Errorf("partition %d ends at %d (%v), want 10", p, o.Offset, o.Err)
		}
	}
}

// answers says whether a node answers within a second.
func answers(t *testing.T, n *Node) bool {
	t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(n.Address))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	_, err = metadata(ctx, client)
	return err == nil
}
