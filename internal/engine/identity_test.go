package engine

import (
	"context"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"

	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/lag/kafkasource"
	"github.com/lagscaler/lagscaler/lag/lagtest"
	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/learn"
)

// The id of the cluster is saved, and after a restart another cluster at the same address is refused: not even its first answer
// is used. What the configuration states is believed instead: so an operator accepts a cluster that was built anew.
func TestTheClusterIDOutlivesTheProcess(t *testing.T) {
	c, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.ClusterID("A"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	k := lagtest.Kafka(t, nil, c.ListenAddrs())
	k.Create("orders", 1)
	k.Commit("shop", "orders", 0, 0)
	for _, x := range []struct {
		name   string
		saved  string
		stated []string
		reads  bool
	}{
		{"nothing is saved", "", nil, true},
		{"the same is saved", "A", nil, true},
		{"another is saved", "B", nil, false},
		{"another is saved, this one is stated", "B", []string{"A"}, true},
	} {
		t.Run(x.name, func(t *testing.T) {
			src, err := kafkasource.New(kafkasource.Config{Cluster: "main", Brokers: c.ListenAddrs(), ClusterID: x.stated})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(src.Close)
			store := &kept{saved: map[string]scaler.Memory{}}
			if x.saved != "" {
				store.saved["shop/orders"] = scaler.Memory{Memory: learn.Memory{Sources: []learn.Source{{Cluster: "main", Group: "shop", ClusterID: x.saved}}}}
			}
			f := asleepTarget(t, []string{"orders"}, "")
			e := New(Settings{Clusters: []Cluster{{Name: "main", Source: src}}, Mode: scaler.Act}, Options{Targets: f, Memories: store, Clock: everyPoll})
			for range 3 {
				e.Tick(t.Context(), time.Now())
				report, _ := e.Latest().Cluster("main")
				g, ok := report.Snapshot.Group("shop")
				if read := ok && g.Err == lag.OK && !g.Absent(); read != x.reads {
					t.Fatalf("read %v: %+v, errors %+v", read, g, report.Snapshot.Errors)
				}
				if !x.reads && (len(report.Snapshot.Errors) == 0 || report.Snapshot.Errors[0].Code != lag.ForeignCluster || report.Snapshot.Errors[0].Broker != -1) {
					t.Errorf("errors %+v", report.Snapshot.Errors)
				}
			}
			want := "A"
			if !x.reads {
				want = "B"
			}
			if got := e.scaling.memory.learned["shop/orders"].Sources; len(got) != 1 || got[0].ClusterID != want {
				t.Errorf("learned %+v, want %s", got, want)
			}
		})
	}
}

// When the operator accepts another cluster in place of one, its offsets are no rewinds of the old one's.
func TestAnotherClusterBeginsAnew(t *testing.T) {
	k := &kafka{name: "main", end: 1000, committed: 900, members: 1}
	source := &renamed{kafka: k, id: "A"}
	e := New(settings(k), Options{})
	e.configure(Settings{Clusters: []Cluster{{Name: "main", Source: source}}})
	e.Tick(t.Context(), start)
	source.id, k.end, k.committed = "B", 10, 5
	e.Tick(t.Context(), start.Add(10*time.Second))
	report, _ := e.Latest().Cluster("main")
	if g := report.Groups[0]; g.Rates.RewindsTotal != 0 || g.Summary.Total != 5 {
		t.Errorf("rewinds %d, lag %d", g.Rates.RewindsTotal, g.Summary.Total)
	}
}

// renamed is a cluster with an id.
type renamed struct {
	*kafka
	id string
}

func (r *renamed) Observe(ctx context.Context) lag.Observation {
	o := r.kafka.Observe(ctx)
	o.ClusterID = r.id
	return o
}
