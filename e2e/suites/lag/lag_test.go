package lag_test

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/e2e/servers/built"
	"github.com/lagscaler/lagscaler/e2e/servers/kafka"
	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/lag/kafkasource"
	"github.com/lagscaler/lagscaler/lag/lagtest"
)

// folder holds what all tests share.
var folder string

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	defer kafka.CloseShared()
	defer built.RemovePrograms()
	var err error
	if folder, err = os.MkdirTemp("", "lagscaler-e2e-"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(folder)
	flag.Parse()
	// Most of these tests wait for others: four at a time take half of the time of two.
	if err := flag.Set("test.parallel", "4"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

func addresses(c *kafka.Cluster) []string { return strings.Split(c.Bootstrap(), ",") }

func source(t *testing.T, cfg kafkasource.Config) *kafkasource.Source {
	t.Helper()
	cfg.Cluster = "e2e"
	s, err := kafkasource.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func TestConform(t *testing.T) {
	kafka.EachVersion(t, func(t *testing.T, c *kafka.Cluster) {
		// Other tests leave groups that disappear; they are believed gone at once.
		s := source(t, kafkasource.Config{Brokers: addresses(c), Limits: kafkasource.Limits{Grace: time.Millisecond}})
		lagtest.Conform(t, func(t *testing.T) lagtest.Subject { return lagtest.Kafka(t, s, addresses(c)) }, c.Name("conform")+"-")
	})
}

// group finds a group, whatever is wrong with it.
func group(o lag.Observation, name string) (lag.GroupRead, error) {
	i := slices.IndexFunc(o.Groups, func(g lag.GroupRead) bool { return g.Group == name })
	if i < 0 {
		return lag.GroupRead{}, fmt.Errorf("group %q is not in the observation; errors %+v", name, o.Errors)
	}
	return o.Groups[i], nil
}

func topic(o lag.Observation, name string) (lag.TopicRead, error) {
	i := slices.IndexFunc(o.Topics, func(r lag.TopicRead) bool { return r.Name == name })
	if i < 0 {
		return lag.TopicRead{}, fmt.Errorf("topic %q is not in the observation; errors %+v", name, o.Errors)
	}
	return o.Topics[i], nil
}

// seen is what a snapshot says of one group.
func seen(s *lag.Snapshot, name string) (*lag.GroupLag, error) {
	g, ok := s.Group(name)
	if !ok {
		return nil, fmt.Errorf("group %q is not in the snapshot; errors %+v", name, s.Errors)
	}
	return g, nil
}
