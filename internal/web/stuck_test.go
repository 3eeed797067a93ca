package web

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/internal/engine"
	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

// stuckReport is a group of which partition 1 stands at offset 1000 for twenty minutes, while partition 0 moves.
func stuckReport(broker string) *engine.Report {
	var h lag.History
	var snap *lag.Snapshot
	var rates []lag.Rates
	for i := range int64(120) {
		at := t0.Add(time.Duration(i-120) * 10 * time.Second)
		end := 1000 + 100*i
		topic := lag.TopicRead{Name: "orders", ID: [16]byte{1}}
		g := lag.GroupRead{
			GroupState: lag.GroupState{At: at, Group: "shop", Type: lag.Classic, State: lag.Stable, Coordinator: 1},
			Protocol:   "consumer", Assignor: "range", Generation: 7, Epoch: lag.NoGeneration, CommitsAt: at, Described: true,
			Members: []lag.Member{{ID: "m", ClientID: "worker-1", Host: "/10.0.0.7", Topics: []string{"orders"}, Assigned: []lag.TopicPartitions{{Topic: "orders", Partitions: []int32{0, 1}}}}},
		}
		commits := lag.TopicCommits{Topic: "orders"}
		for p, offset := range []int64{end, 1000} {
			topic.Partitions = append(topic.Partitions, lag.PartitionRead{End: end, Stable: end, At: at.UnixMilli(), Leader: 1, Known: lag.KnownStart | lag.KnownEnd})
			commits.Partitions = append(commits.Partitions, lag.PartitionCommit{Partition: int32(p), Offset: offset, Known: lag.KnownCommitted})
		}
		g.Commits = []lag.TopicCommits{commits}
		snap = lag.Compute(lag.Observation{
			Cluster: "main", Began: at, At: at, Brokers: []lag.Broker{{ID: 1, Host: broker, Port: 9092}}, Topics: []lag.TopicRead{topic}, Groups: []lag.GroupRead{g},
		}, snap, nil)
		rates = h.Add(snap, func(string) lag.SLO { return lag.DefaultSLO })
	}
	g := engine.GroupReport{Lag: &snap.Groups[0], Summary: snap.Groups[0].Summary(), Rates: rates[0], SLO: lag.DefaultSLO}
	source := seen.SourceSpec{Cluster: "main", Group: "shop"}
	return &engine.Report{
		At: t0, Leader: true, Clusters: []*engine.ClusterReport{{Name: "main", Snapshot: snap, Groups: []engine.GroupReport{g}}},
		Scalers: []engine.ScalerReport{{
			Outcome: scaler.Outcome{Scaler: scaler.Scaler{Name: "shop/orders", Sources: []seen.SourceSpec{source}}, Measured: []lag.Measurement{g.Measure(source.Wants())}},
		}},
	}
}

// The page of a group, its JSON and that of the decisions name a stalled partition, its record and its owner.
func TestStalledPartitionOnThePage(t *testing.T) {
	h := handlerOf(stuckReport("kafka-0"))
	const command = "kafka-console-consumer.sh --bootstrap-server kafka-0:9092 --topic orders --partition 1 --offset 1000 --max-messages 1"
	page := get(t, h, "/group?cluster=main&group=shop").Body.String()
	for _, want := range []string{"Stalled partitions", "orders-1 stands at offset 1000 since", "owner worker-1@10.0.0.7; others have moved since", command} {
		if !strings.Contains(page, want) {
			t.Errorf("the page has no %q", want)
		}
	}
	var decisions DecisionsPage
	w := get(t, h, "/api/v1/decisions")
	if err := json.Unmarshal(w.Body.Bytes(), &decisions); err != nil || w.Code != http.StatusOK {
		t.Fatal(w.Code, err)
	}
	if s := decisions.Scalers[0].Sources[0].Stuck; len(s) != 1 || s[0].Command != command || s[0].Waiting != 11_900 {
		t.Errorf("decisions: %+v", s)
	}
	if page := get(t, handlerOf(stuckReport("a;reboot")), "/group?cluster=main&group=shop").Body.String(); strings.Contains(page, "reboot") {
		t.Error("a broker may advertise anything")
	}
}
