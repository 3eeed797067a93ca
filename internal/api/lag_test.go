package api

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/internal/engine"
	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/rebalancemon"
)

var update = flag.Bool("update", false, "write the golden files and the generated document anew")

var at = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// story is one cluster in which every field of the contract is seen both known and unknown.
//
//	orders   stable, static and dynamic members; partition 1 below the log start, 2 never committed, 3 leaderless;
//	         commits of a topic it left
//	plain    a simple consumer: no members, all known
//	"odd"    a hostile name; its coordinator is loading, nothing was ever read
func story() lag.Observation {
	orders := lag.GroupRead{
		GroupState: lag.GroupState{At: at, Group: "orders", Type: lag.Classic, State: lag.Stable, Coordinator: 1},
		Protocol:   "consumer", Assignor: "range", Generation: 3, Epoch: lag.NoGeneration, AssignmentEpoch: lag.NoGeneration,
		Described: true, CommitsAt: at,
		Members: []lag.Member{
			{
				ID: "a", InstanceID: "pod-0", ClientID: "orders-app", Host: "/10.0.0.1", Generation: 2, Topics: []string{"orders"},
				Assigned: []lag.TopicPartitions{{Topic: "orders", Partitions: []int32{0, 1}}},
			},
			{
				ID: "b", ClientID: "orders-app", Host: "/10.0.0.2", Generation: 2, Topics: []string{"orders"},
				Assigned: []lag.TopicPartitions{{Topic: "orders", Partitions: []int32{2, 3}}},
			},
		},
		Commits: []lag.TopicCommits{
			{Topic: "old", Partitions: []lag.PartitionCommit{commit(0, 5)}},
			{Topic: "orders", Partitions: []lag.PartitionCommit{commit(0, 40), commit(1, 10), commit(3, 7)}},
		},
	}
	plain := lag.GroupRead{
		GroupState: lag.GroupState{At: at, Group: "plain", Type: lag.Classic, State: lag.Empty, Coordinator: 1},
		Generation: lag.NoGeneration, Epoch: lag.NoGeneration, AssignmentEpoch: lag.NoGeneration, Described: true, CommitsAt: at,
		Commits: []lag.TopicCommits{{Topic: "old", Partitions: []lag.PartitionCommit{commit(0, 9)}}},
	}
	odd := lag.GroupRead{
		GroupState: lag.GroupState{At: at, Group: "\"odd\"\n<b>", Coordinator: 2},
		Err:        lag.CoordinatorLoading,
	}
	return lag.Observation{
		Cluster: "main", Began: at, At: at.Add(50 * time.Millisecond),
		Groups: []lag.GroupRead{odd, orders, plain},
		Topics: []lag.TopicRead{
			{Name: "old", Partitions: []lag.PartitionRead{ends(0, 9)}},
			{Name: "orders", Partitions: []lag.PartitionRead{
				ends(0, 100), ends(30, 100), ends(0, 100), {Leader: -1, Err: lag.LeaderNotAvailable},
			}},
		},
		Errors: []lag.ReadError{
			{Stage: lag.StageDescribe, Broker: 2, Code: lag.CoordinatorLoading, Detail: "broker 2 is loading its groups"},
			{Stage: lag.StageConnect, Broker: -1, Code: lag.Unreachable, Detail: "dial tcp 127.0.0.1:1: connection refused"},
		},
	}
}

func commit(partition int32, offset int64) lag.PartitionCommit {
	return lag.PartitionCommit{Partition: partition, Offset: offset, Known: lag.KnownCommitted}
}

func ends(start, end int64) lag.PartitionRead {
	return lag.PartitionRead{
		Start: start, End: end, Stable: end, Leader: 1, Replicas: 1, InSync: 1,
		At: at.UnixMilli(), Known: lag.KnownStart | lag.KnownEnd | lag.KnownStable,
	}
}

func pretty(t *testing.T, v any) []byte {
	t.Helper()
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func golden(t *testing.T, file string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs; -update writes it anew\ngot:\n%s", file, got)
	}
}

// clusterOf is what the engine reports of a snapshot that has no history.
func clusterOf(s *lag.Snapshot) *engine.ClusterReport {
	c := &engine.ClusterReport{Name: "main", Snapshot: s}
	for i := range s.Groups {
		c.Groups = append(c.Groups, engine.GroupReport{Lag: &s.Groups[i], Summary: s.Groups[i].Summary()})
	}
	return c
}

// TestOnePoll: without a history there is no time lag.
func TestOnePoll(t *testing.T) {
	s := lag.Compute(story(), nil, nil)
	golden(t, "testdata/one-poll.json", pretty(t, LagOf(&engine.Report{
		Clusters: []*engine.ClusterReport{clusterOf(s)},
	})))
}

// TestHistory: a minute later, with rates and advice.
func TestHistory(t *testing.T) {
	var h lag.History
	slo := func(string) lag.SLO { return lag.DefaultSLO }
	prev := lag.Compute(story(), nil, nil)
	h.Add(prev, slo)
	later := story()
	later.Began, later.At = at.Add(time.Minute), at.Add(time.Minute)
	later.Errors, later.Groups = nil, later.Groups[1:2]
	for i := range later.Topics[1].Partitions[:3] {
		p := &later.Topics[1].Partitions[i]
		p.End, p.Stable, p.At = 160, 160, later.At.UnixMilli()
	}
	later.Groups[0].CommitsAt = later.At
	later.Groups[0].Commits[1].Partitions[0].Offset = 130
	s := lag.Compute(later, prev, nil)
	rates := h.Add(s, slo)
	i := slices.IndexFunc(s.Groups, func(g lag.GroupLag) bool { return g.Group == "orders" })
	c := clusterOf(s)
	for k := range rates {
		c.Groups[k].Rates = rates[k]
	}
	c.Groups[i].Rebalances.Advice = []rebalancemon.Advice{{Name: "eager-assignor", Because: "8 s a rebalance", Do: "use cooperative-sticky", Cost: "two rolling restarts"}}
	l := LagOf(&engine.Report{Clusters: []*engine.ClusterReport{c}})
	golden(t, "testdata/history.json", pretty(t, l.Only([]string{"orders"})))
}

func TestNothingReadYet(t *testing.T) {
	l := LagOf(&engine.Report{Clusters: []*engine.ClusterReport{clusterOf(&lag.Snapshot{Cluster: "main"})}})
	const want = `{"clusters":[{"cluster":"main","complete":false,"groups":[]}]}`
	if got, err := json.Marshal(l); err != nil || string(got) != want {
		t.Errorf("got  %s, %v\nwant %s", got, err, want)
	}
}

func TestOnly(t *testing.T) {
	s := lag.Compute(story(), nil, nil)
	all := LagOf(&engine.Report{Clusters: []*engine.ClusterReport{clusterOf(s)}})
	if n := len(all.Only(nil).Clusters[0].Groups); n != 3 {
		t.Errorf("%d groups without a name", n)
	}
	some := all.Only([]string{"plain", "none"}).Clusters[0].Groups
	if len(some) != 1 || some[0].Group != "plain" {
		t.Errorf("got %+v", some)
	}
}

// A rest is a number of its own: one offset behind the commit is unread or unreadable.
func TestRest(t *testing.T) {
	var h lag.History
	var s *lag.Snapshot
	var rates []lag.Rates
	for poll := range 10 {
		o := story()
		o.Groups = o.Groups[1:2]
		g := &o.Groups[0]
		now := at.Add(time.Duration(poll) * 10 * time.Second)
		g.CommitsAt, o.At, g.Commits = now, now, []lag.TopicCommits{{Topic: "old", Partitions: []lag.PartitionCommit{commit(0, 8)}}}
		g.Members = []lag.Member{{ID: "a", Topics: []string{"old"}, Assigned: []lag.TopicPartitions{{Topic: "old", Partitions: []int32{0}}}}}
		s = lag.Compute(o, s, nil)
		rates = h.Add(s, func(string) lag.SLO { return lag.DefaultSLO })
	}
	g := GroupOf(&engine.GroupReport{Lag: &s.Groups[0], Summary: s.Groups[0].Summary(), Rates: rates[0]})
	if g.Rest == nil || *g.Rest != (Rest{Unknown: 1, Partitions: 1}) || g.MaxLagSeconds != nil {
		t.Errorf("rest %+v, time lag %v", g.Rest, g.MaxLagSeconds)
	}
	if p := g.Partitions[0]; p.Stand == nil || *p.Stand != "rest" {
		t.Errorf("partition %+v", p)
	}
}
