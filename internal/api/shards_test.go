package api_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/lagscaler/lagscaler/internal/api"
	"github.com/lagscaler/lagscaler/internal/engine"
	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/lag/lagtest"
	"github.com/lagscaler/lagscaler/lag/shard"
	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

// declaredScalers are targets that nobody writes.
type declaredScalers struct {
	engine.Targets
	all []scaler.Scaler
}

func (d declaredScalers) Scalers(time.Time) []scaler.Scaler { return d.all }

// process is one engine with a cluster in memory of its own, to which the same happens as to those of the others.
type process struct {
	*engine.Engine
	kafka *lagtest.Cluster
}

func newProcess(t testing.TB, now *time.Time, s shard.Shard, scalers []scaler.Scaler) process {
	p := process{kafka: lagtest.New(t, "main", 3)}
	p.kafka.Clock(func() time.Time { return *now })
	for topic := range 3 {
		p.kafka.Create(topicName(topic), 2)
		for reader := range 12 { // some of them in each shard: the history of a topic begins with the first group that commits to it
			for partition := range int32(2) {
				p.kafka.Commit(fmt.Sprint("reader-", reader), topicName(topic), partition, 0)
			}
		}
	}
	o := engine.Options{Targets: declaredScalers{all: scalers}}
	if !s.Alone() {
		o.Shards = engine.FixedShard(s, false)
	}
	p.Engine = engine.New(engine.Settings{Clusters: []engine.Cluster{{Name: "main", Source: p.kafka}}, Mode: scaler.Advise}, o)
	return p
}

func topicName(i int) string { return fmt.Sprint("topic-", i) }
func groupName(i int) string { return fmt.Sprint("group-", i) }

// happens is one thing that may happen to a cluster.
func happens(t *rapid.T) func(c *lagtest.Cluster) {
	topic, group, partition := topicName(rapid.IntRange(0, 2).Draw(t, "topic")), groupName(rapid.IntRange(0, 7).Draw(t, "group")), rapid.Int32Range(0, 1).Draw(t, "partition")
	broker, n := rapid.Int32Range(0, 2).Draw(t, "broker"), rapid.Int64Range(0, 50).Draw(t, "n")
	return []func(c *lagtest.Cluster){
		func(c *lagtest.Cluster) { c.Append(topic, partition, n) },
		func(c *lagtest.Cluster) { c.Commit(group, topic, partition, n) },
		func(c *lagtest.Cluster) { c.Join(group, fmt.Sprint("m", n%3), topic) },
		func(c *lagtest.Cluster) { c.Leave(group, fmt.Sprint("m", n%3)) },
		func(c *lagtest.Cluster) { c.Fail(broker, lag.Unreachable) },
		func(c *lagtest.Cluster) { c.Fail(broker, lag.OK) },
		func(c *lagtest.Cluster) { c.Coordinate(group, broker) },
		func(c *lagtest.Cluster) { c.Lead(topic, partition, broker-1) },
		func(c *lagtest.Cluster) { c.List(group, lagtest.Hidden) },
		func(c *lagtest.Cluster) { c.List(group, lagtest.Listed) },
		func(c *lagtest.Cluster) { c.Remove(group) },
	}[rapid.IntRange(0, 10).Draw(t, "what")]
}

// twoSources are scalers, one of which has its groups in two shards.
func twoSources(t *testing.T) []scaler.Scaler {
	var all []scaler.Scaler
	for i, sources := range [][]seen.SourceSpec{
		{{Cluster: "main", Group: groupName(0)}, {Cluster: "main", Group: groupName(3)}, {Cluster: "main", Group: groupName(9)}},
		{{Cluster: "main", Group: groupName(1), CommitsWithin: time.Minute}},
	} {
		spec := scaler.Spec{Sources: sources}
		spec.SLO.LagTime = time.Duration(i+1) * time.Minute
		policy, err := spec.Policy()
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, scaler.Scaler{
			Name: fmt.Sprint("shop/", i), Mode: scaler.Advise, Policy: policy, Sources: sources,
			Workload: seen.Workload{Ref: seen.Ref{Kind: "Deployment", Namespace: "shop", Name: fmt.Sprint("w", i)}, Found: true, HasScale: true, Spec: 2, Status: 2, Ready: 2},
		})
	}
	return all
}

// rowsOf are the groups of a process as JSON, by name; a group that is there twice fails the test.
func rowsOf(t *rapid.T, into map[string]string, p process) {
	for _, g := range api.LagOf(p.Latest()).Clusters[0].Groups {
		text, err := json.Marshal(g)
		if err != nil {
			t.Fatal(err)
		}
		if _, twice := into[g.Group]; twice {
			t.Fatalf("%s is shown by two shards", g.Group)
		}
		into[g.Group] = string(text)
	}
}

// The groups of all shards together are those of one process, in every field; and so are the decisions of all scalers.
func TestShardsShowWhatOneProcessShows(t *testing.T) {
	scalers := twoSources(t)
	rapid.Check(t, func(rt *rapid.T) {
		now := time.Date(2026, 1, 5, 12, 0, 0, 0, time.UTC)
		of := rapid.IntRange(2, 4).Draw(rt, "shards")
		one, shards := newProcess(t, &now, shard.Shard{}, scalers), []process{}
		for i := range of {
			shards = append(shards, newProcess(t, &now, shard.Shard{Index: i, Of: of}, scalers))
		}
		for range rapid.IntRange(1, 12).Draw(rt, "polls") {
			for range rapid.IntRange(0, 6).Draw(rt, "changes") {
				happened := happens(rt)
				for _, p := range append(slices.Clone(shards), one) {
					happened(p.kafka)
				}
			}
			want, got := map[string]string{}, map[string]string{}
			one.Tick(rt.Context(), now)
			rowsOf(rt, want, one)
			decided := []string{}
			for i, p := range shards {
				p.Tick(rt.Context(), now)
				rowsOf(rt, got, p)
				for _, s := range p.Latest().Scalers {
					if src := s.Sources[0]; shard.Owner(src.Cluster, src.Group, of) != i {
						rt.Fatalf("shard %d decides for %s", i, s.Name)
					}
					decided = append(decided, s.Name+": "+s.Line)
				}
			}
			for group, text := range want {
				if got[group] != text {
					rt.Fatalf("%s\nof one process: %s\nof its shard:   %s", group, text, got[group])
				}
			}
			if len(got) != len(want) {
				rt.Fatalf("one process shows %d groups, the shards %d", len(want), len(got))
			}
			slices.Sort(decided)
			for i, s := range one.Latest().Scalers {
				if decided[i] != s.Name+": "+s.Line {
					rt.Fatalf("one process: %s: %s\nthe shards: %s", s.Name, s.Line, decided)
				}
			}
			now = now.Add(10 * time.Second)
		}
	})
}
