package kafka

import (
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// client is the cluster's one Go client, made when first needed.
func (c *Cluster) client() (*kgo.Client, error) {
	c.adminOnce.Do(func() {
		c.admin, c.adminErr = kgo.NewClient(
			kgo.SeedBrokers(strings.Split(c.bootstrap, ",")...),
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
