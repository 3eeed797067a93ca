package engine

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

// fleet is a cluster that answers from memory: each group reads the whole of one topic, and moves with every poll.
type fleet struct {
	name   string
	groups int
	polls  int64
}

const fleetPartitions = 4

func (f *fleet) Sample(context.Context) lag.Sample { return lag.Sample{Cluster: f.name} }

func (f *fleet) Observe(context.Context) lag.Observation {
	f.polls++
	at := start.Add(time.Duration(f.polls) * 10 * time.Second)
	topic := lag.TopicRead{Name: "orders"}
	for range fleetPartitions {
		topic.Partitions = append(topic.Partitions, lag.PartitionRead{End: 200 * f.polls, At: at.UnixMilli(), Known: lag.KnownStart | lag.KnownEnd})
	}
	o := lag.Observation{Cluster: f.name, Began: at, At: at, Brokers: []lag.Broker{{ID: 1}}, Topics: []lag.TopicRead{topic}}
	for i := range f.groups {
		g := lag.GroupRead{
			GroupState: lag.GroupState{At: at, Group: nameOf(i), Type: lag.Classic, State: lag.Stable, Coordinator: 1},
			Protocol:   "consumer", Assignor: "range", Described: true, CommitsAt: at,
			Generation: 1, Epoch: lag.NoGeneration, AssignmentEpoch: lag.NoGeneration,
			Commits: []lag.TopicCommits{{Topic: "orders"}},
		}
		for p := range int32(fleetPartitions) {
			g.Commits[0].Partitions = append(g.Commits[0].Partitions, lag.PartitionCommit{Partition: p, Offset: 190 * f.polls, Known: lag.KnownCommitted})
		}
		o.Groups = append(o.Groups, g)
	}
	return o
}

func nameOf(i int) string { return fmt.Sprintf("group-%05d", i) }

// growth compares a measure at several sizes with the one at the least of them: 1 when it does not depend on the size.
// It takes the fastest of the runs at each size, which what else the machine does disturbs least.
type growth struct{ first, fastest float64 }

func (g *growth) run(took time.Duration, things int) {
	each := float64(took.Nanoseconds()) / float64(things)
	if g.fastest == 0 || each < g.fastest {
		g.fastest = each
	}
}

func (g *growth) report(b *testing.B, thing string) {
	b.Helper()
	if g.first == 0 {
		g.first = g.fastest
	}
	b.ReportMetric(0, "ns/op") // the mean is not shown
	b.ReportMetric(g.fastest, "ns/"+thing)
	b.ReportMetric(g.fastest/g.first, "times-the-least")
	g.fastest = 0
}

// BenchmarkPublish is one poll of one cluster of 2,000 groups, up to the published Report, beside other clusters as large.
// What it takes must not depend on how many there are: then a round of polls is linear in the clusters.
func BenchmarkPublish(b *testing.B) {
	const groups = 2000
	var grown growth
	for _, n := range []int{1, 10, 50} {
		b.Run(fmt.Sprint(n, "clusters"), func(b *testing.B) {
			var s Settings
			for i := range n {
				f := &fleet{name: fmt.Sprintf("cluster-%02d", i), groups: groups}
				s.Clusters = append(s.Clusters, Cluster{Name: f.name, Source: f})
			}
			e := New(s, Options{})
			e.Tick(b.Context(), start)
			for b.Loop() {
				c := s.Clusters[0]
				o := c.Source.Observe(b.Context())
				began := time.Now()
				e.handle(b.Context(), reading{source: c.Source, cluster: c.Name, obs: &o}, o.At)
				grown.run(time.Since(began), 1)
			}
			grown.report(b, "poll")
		})
	}
}

// BenchmarkDeclaredThresholds is what a poll asks of thresholds: those of every group, each of which has a scaler of its own.
func BenchmarkDeclaredThresholds(b *testing.B) {
	var grown growth
	for _, n := range []int{500, 5000} {
		b.Run(fmt.Sprint(n, "groups"), func(b *testing.B) {
			all := make([]scaler.Scaler, n)
			for i := range all {
				all[i] = scaler.Scaler{Name: nameOf(i), Sources: []seen.SourceSpec{{Cluster: "main", Group: nameOf(i)}}}
			}
			e := New(Settings{}, Options{Targets: declarations(all)})
			for b.Loop() {
				began := time.Now()
				e.scaling.read(start)
				for i := range all {
					if !e.slo("main", all[i].Name).Declared {
						b.Fatalf("%s has no thresholds of its own", all[i].Name)
					}
				}
				grown.run(time.Since(began), n)
			}
			grown.report(b, "group")
		})
	}
}
