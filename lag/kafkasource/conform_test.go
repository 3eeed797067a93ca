package kafkasource_test

import (
	"testing"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kversion"

	"github.com/lagscaler/lagscaler/lag/kafkasource"
	"github.com/lagscaler/lagscaler/lag/lagtest"
)

func embedded(t *testing.T, options ...kfake.Opt) *kfake.Cluster {
	t.Helper()
	c, err := kfake.NewCluster(append([]kfake.Opt{kfake.NumBrokers(3)}, options...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func source(t *testing.T, cfg kafkasource.Config) *kafkasource.Source {
	t.Helper()
	s, err := kafkasource.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func TestConform(t *testing.T) {
	versions := map[string]*kversion.Versions{
		"2.8": kversion.V2_8_0(), "3.0": kversion.V3_0_0(), "3.7": kversion.V3_7_0(), "3.9": kversion.V3_9_0(), "4.0": kversion.V4_0_0(), "newest": kversion.Stable(),
	}
	for name, v := range versions {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := embedded(t, kfake.MaxVersions(v))
			s := source(t, kafkasource.Config{Cluster: name, Brokers: c.ListenAddrs()})
			lagtest.Conform(t, func(t *testing.T) lagtest.Subject { return lagtest.Kafka(t, s, c.ListenAddrs()) }, "")
		})
	}
}
