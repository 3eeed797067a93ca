package kafka

import "testing"

func TestMain(m *testing.M) {
	defer CloseShared()
	m.Run()
}

func TestClusterStarts(t *testing.T) {
	eachOf(t, Heavy(Logged, V43), func(t *testing.T, c *Cluster) {
		brokers, err := c.Admin(t).ListBrokers(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if len(brokers) != len(c.Nodes) {
			t.Errorf("%d brokers, want %d", len(brokers), len(c.Nodes))
		}
	})
}
