package main

import (
	"fmt"
	"io"
	"slices"
	"testing"

	"github.com/twmb/franz-go/pkg/kfake"

	"github.com/lagscaler/lagscaler/internal/config"
)

// Whatever the order of the clusters in the configuration, each keeps its brokers and its groups.
func TestClustersOfInit(t *testing.T) {
	brokers := map[string]string{}
	for _, name := range []string{"east", "west"} {
		c, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(3, "orders"))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(c.Close)
		brokers[name] = c.ListenAddrs()[0]
	}
	if err := fill([]string{brokers["west"]}, nil); err != nil { // only west has groups
		t.Fatal(err)
	}
	for _, order := range [][]string{{"east", "west"}, {"west", "east"}} {
		text := "clusters:\n"
		for _, name := range order {
			text += fmt.Sprintf("- {name: %s, brokers: [%s]}\n", name, brokers[name])
		}
		c, err := config.Parse([]byte(text), config.Env{})
		if err != nil {
			t.Fatal(err)
		}
		all, err := readClusters(t.Context(), c, io.Discard)
		if err != nil || len(all) != 2 {
			t.Fatalf("%d clusters, %v", len(all), err)
		}
		for _, got := range all {
			if !slices.Equal(got.Brokers, []string{brokers[got.Name]}) || len(got.Groups) > 0 != (got.Name == "west") {
				t.Errorf("in the order %q, %s has the brokers %q and %d groups", order, got.Name, got.Brokers, len(got.Groups))
			}
		}
	}
}
