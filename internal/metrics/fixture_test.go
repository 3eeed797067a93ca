package metrics

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/internal/engine"
	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/rebalancemon"
	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/brakes"
	"github.com/lagscaler/lagscaler/scaler/learn"
	"github.com/lagscaler/lagscaler/scaler/need"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// fleet is a cluster under test: it is polled like a real one, so that rates and time lag are computed, not set.
type fleet struct {
	name       string
	groups     int
	topics     int
	partitions int // of each topic; every group consumes every topic
	declared   bool
	polls      int
	stuck      int // partitions of the first topic whose commits stand
	lag        int64
	history    lag.History
	snapshot   *lag.Snapshot
	rates      []lag.Rates
	at         time.Time
}

func (f *fleet) slo(string) lag.SLO { return lag.SLO{Declared: f.declared}.Or(lag.DefaultSLO) }

// poll lets every partition grow by 100 records, of which 90 are consumed.
func (f *fleet) poll() {
	if f.at.IsZero() {
		f.at = noon
	}
	f.at = f.at.Add(10 * time.Second)
	f.polls++
	ends := int64(1000 + 100*f.polls)
	o := lag.Observation{
		Cluster: f.name, Began: f.at.Add(-50 * time.Millisecond), At: f.at,
		Brokers: []lag.Broker{{ID: 1}, {ID: 2}, {ID: 3}},
	}
	for t := range f.topics {
		o.Topics = append(o.Topics, f.topic(t, ends))
	}
	for g := range f.groups {
		o.Groups = append(o.Groups, f.group(g, ends-int64(10*f.polls)-f.lag))
	}
	f.snapshot = lag.Compute(o, f.snapshot, nil)
	f.rates = f.history.Add(f.snapshot, f.slo)
}

func (f *fleet) topic(t int, end int64) lag.TopicRead {
	topic := lag.TopicRead{Name: fmt.Sprintf("topic-%04d", t)}
	for range f.partitions {
		topic.Partitions = append(topic.Partitions, lag.PartitionRead{
			End: end, Stable: end, At: f.at.UnixMilli(), Leader: 1, Replicas: 3, InSync: 3,
			Known: lag.KnownStart | lag.KnownEnd,
		})
	}
	return topic
}

func (f *fleet) group(g int, committed int64) lag.GroupRead {
	group := lag.GroupRead{
		GroupState: lag.GroupState{At: f.at, Group: fmt.Sprintf("group-%04d", g), Type: lag.Classic, State: lag.Stable, Coordinator: 1},
		Protocol:   "consumer", Assignor: "range", Generation: 7, Epoch: lag.NoGeneration, CommitsAt: f.at, Described: true,
	}
	for m := range 2 {
		member := lag.Member{ID: fmt.Sprintf("m%d", m), ClientID: fmt.Sprintf("worker-%d", m), Host: "/10.0.0.7", Generation: 7, Epoch: lag.NoGeneration}
		for t := range f.topics {
			assigned := lag.TopicPartitions{Topic: fmt.Sprintf("topic-%04d", t)}
			for p := m; p < f.partitions; p += 2 {
				assigned.Partitions = append(assigned.Partitions, int32(p))
			}
			member.Topics = append(member.Topics, assigned.Topic)
			member.Assigned = append(member.Assigned, assigned)
		}
		group.Members = append(group.Members, member)
	}
	for t := range f.topics {
		commits := lag.TopicCommits{Topic: fmt.Sprintf("topic-%04d", t)}
		for p := range f.partitions {
			offset := committed
			if t == 0 && p < f.stuck {
				offset = int64(1000 + p)
			}
			commits.Partitions = append(commits.Partitions, lag.PartitionCommit{
				Partition: int32(p), Offset: offset, Known: lag.KnownCommitted,
			})
		}
		group.Commits = append(group.Commits, commits)
	}
	return group
}

// report is what an engine would publish of the fleet after n polls.
func (f *fleet) report(n int) *engine.Report {
	for range n {
		f.poll()
	}
	c := &engine.ClusterReport{Name: f.name, Snapshot: f.snapshot, LeaderChanges: 2}
	for i := range f.snapshot.Groups {
		g := &f.snapshot.Groups[i]
		c.Groups = append(c.Groups, engine.GroupReport{
			Lag: g, Summary: g.Summary(), Rates: f.rates[i], Rebalances: stats(g.Group, f.at),
		})
		declare(&c.Groups[i], f.slo(""))
	}
	return &engine.Report{
		At: f.at, Leader: true, Clusters: []*engine.ClusterReport{c},
		Polls: []engine.PollStats{{
			Cluster: f.name, LastBegan: f.at, LastSuccess: f.at, LastTook: 50 * time.Millisecond, SampleTook: 4 * time.Millisecond,
			Polls: uint64(f.polls), Samples: uint64(10 * f.polls), Duplicates: 1, Foreign: 2,
			Interval: 10 * time.Second, Quota: lag.Quota{Connections: 7, Throttles: 3, Throttled: 1500 * time.Millisecond, Exceeded: 1, Refused: 2, Paced: 4 * time.Second},
			Errors:   []engine.StageErrors{{Stage: lag.StageDescribe, Count: 3}},
			Requests: []lag.RequestCount{{API: "ListGroups", Count: 30}, {API: "OffsetFetch", Count: 3}},
		}},
		Panics: []engine.PanicCount{{Part: engine.PartRead, Count: 2}},
	}
}

// alter changes the lag of the first cluster's first group, and adds it up anew.
func alter(r *engine.Report, change func(*lag.GroupLag)) {
	g := &r.Clusters[0].Groups[0]
	change(g.Lag)
	g.Summary = g.Lag.Summary()
	declare(g, g.SLO)
}

// declare sets a group's thresholds.
func declare(g *engine.GroupReport, slo lag.SLO) {
	g.SLO = slo.Or(lag.DefaultSLO)
	g.Over = g.Lag.Over(g.SLO.Lag)
}

// stats is a group in which everything that can be known is known.
func stats(group string, at time.Time) rebalancemon.Stats {
	s := rebalancemon.Stats{
		Group: group, Unplanned: 1, Slow: 1, TimeSpent: 12 * time.Second, Joins: 4, Leaves: 2,
		Rebalancing: true, Since: at.Add(-3 * time.Second), Last: 4 * time.Second, LastKnown: true,
		Members: 2, Idle: 0, Stability: 1, Skew: 0, Assignor: "range", Protocol: rebalancemon.Eager,
		Advice: []rebalancemon.Advice{{Name: "static_membership"}},
	}
	for i := range s.ByOutcome {
		s.ByOutcome[i] = uint64(i)
	}
	for i := range s.ByCause {
		s.ByCause[i] = uint64(i)
	}
	return s
}

// scaled adds a scaler of the first group.
func scaled(r *engine.Report, change func(*engine.ScalerReport)) *engine.Report {
	ref := seen.Ref{APIVersion: "apps/v1", Kind: "Deployment", Namespace: "shop", Name: "orders-worker"}
	s := engine.ScalerReport{
		Outcome: scaler.Outcome{
			Scaler: scaler.Scaler{
				Name: "shop/orders", Mode: scaler.Act, Policy: scaler.Policy{MinReplicas: 1, MaxReplicas: 20},
				Sources:  []seen.SourceSpec{{Cluster: r.Clusters[0].Name, Group: "group-0000"}},
				Workload: seen.Workload{Ref: ref, Found: true, HasScale: true, Spec: 12, Status: 12, Ready: 12, Freeze: &seen.Freeze{Stops: seen.StopsDown, By: "window peak", Until: r.At.Add(time.Hour)}},
			},
			Decision: scaler.Decision{
				At: r.At, Target: ref, Current: 12, Desired: 20, Wanted: 30, Verdict: scaler.ScaleUp,
				Steps:  []scaler.Step{{Reason: scaler.PartitionLimit, From: 30, To: 24}, {Reason: scaler.MaxReplicas, From: 24, To: 20}},
				Needs:  []need.Need{{RateKnown: true, Required: 2066, PerConsumer: 100, Capacity: learn.Learned}},
				Bounds: scaler.Bounds{Min: 2, Max: 20, Consumers: 48, Replicas: 24},
			},
			Disposition: scaler.Applied,
		},
		Counts: engine.ScalerCounts{Decisions: []engine.ReasonCount{{Reason: scaler.ScaleUp, Count: 3}, {Reason: scaler.Steady, Count: 9}}, Ups: 3, Downs: 1},
	}
	if change != nil {
		change(&s)
	}
	r.Scalers = append(r.Scalers, s)
	limit := &brakes.Limit{Name: "all", AddedPerMinute: 20, SteppingDown: 0.1, Replicas: 100}
	r.Brakes = []engine.BrakeUse{{Limit: limit, AddedPerMinute: 8, SteppingDown: 1, MayStepDown: 3, Replicas: 40}}
	return r
}

// page makes a page of one Report.
func page(r *engine.Report, f Filter) *Page {
	return New(Options{Latest: func() *engine.Report { return r }, Filter: f, Version: "1.2.3", Revision: "abc"})
}

// text renders the page's own families, one line a series, without the process's.
func text(t *testing.T, p *Page) string {
	t.Helper()
	body := scrape(t, p, nil).Body.String()
	var own strings.Builder
	for line := range strings.Lines(body) {
		if strings.HasPrefix(line, "lagscaler_") {
			own.WriteString(line)
		}
	}
	return own.String()
}

// value is the number at the end of a line of the page.
func value(t *testing.T, line string) float64 {
	t.Helper()
	v, err := strconv.ParseFloat(strings.TrimSpace(line[strings.LastIndex(line, " "):]), 64)
	if err != nil {
		t.Fatal(err)
	}
	return v
}
