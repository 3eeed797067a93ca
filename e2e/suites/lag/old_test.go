package lag_test

import (
	"fmt"
	"testing"

	"github.com/lagscaler/lagscaler/e2e/servers/kafka"
	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/lag/kafkasource"
)

// TestOldClients reads a group whose member is a Java client of the version of the brokers. Those before 3.4 do not send their generation:
// it is unknown, and everything else is known.
func TestOldClients(t *testing.T) {
	kafka.EachVersion(t, func(t *testing.T, c *kafka.Cluster) {
		s := source(t, kafkasource.Config{Brokers: addresses(c)})
		orders, name := c.CreateTopic(t, "orders", 3), c.Name("old")
		c.Produce(t, orders, 5)
		c.VerifiableConsumer(t, kafka.VerifiableConsumer{Group: name, Topic: orders, Own: true})
		kafka.Eventually(t, "a member that has read everything", func() error {
			o := s.Observe(t.Context())
			g, err := group(o, name)
			if err != nil {
				return err
			}
			read, err := seen(lag.Compute(o, nil, nil), name)
			if err != nil {
				return err
			}
			total, complete := read.Total()
			if g.State != lag.Stable || len(g.Members) != 1 || len(g.Members[0].Assigned) != 1 || len(g.Members[0].Assigned[0].Partitions) != 3 || total != 0 || !complete {
				return fmt.Errorf("lag %d, complete %v, group %+v", total, complete, g)
			}
			if known := g.Generation != lag.NoGeneration; known && !c.Version.Since(kafka.V39) { // newer ones send it from their second join on
				return fmt.Errorf("generation %d of a member of Kafka %s", g.Generation, c.Version)
			}
			return nil
		})
	})
}
