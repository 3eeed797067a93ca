package lag_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/alerts"
	"github.com/lagscaler/lagscaler/e2e/servers/kafka"
	"github.com/lagscaler/lagscaler/e2e/servers/prom"
	"github.com/lagscaler/lagscaler/internal/engine"
	"github.com/lagscaler/lagscaler/internal/metrics"
	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/lag/kafkasource"
)

// quick is a cluster whose polls say that they are ten seconds apart: the offsets and members are real, the clock is not.
type quick struct {
	*kafkasource.Source
	now time.Time
}

func (q *quick) Observe(ctx context.Context) lag.Observation {
	o := q.Source.Observe(ctx)
	q.now = q.now.Add(10 * time.Second)
	o.Began, o.At = q.now, q.now
	for i := range o.Groups {
		g := &o.Groups[i]
		g.At = q.now
		if !g.CommitsAt.IsZero() {
			g.CommitsAt = q.now
		}
	}
	for t := range o.Topics {
		for p := range o.Topics[t].Partitions {
			o.Topics[t].Partitions[p].At = q.now.UnixMilli()
		}
	}
	return o
}

// twins are two groups with one member each, that commits what the test says.
type twins struct {
	t                 *testing.T
	c                 *kafka.Cluster
	fleet             *kafka.Fleet
	payments, orders  string // topics
	read, stuck, tx   string // groups, and the producer's transactional id
	source            *quick
	engine            *engine.Engine
	paid, lastOrdered int64
}

func newTwins(t *testing.T, c *kafka.Cluster) *twins {
	t.Helper()
	w := &twins{
		t: t, c: c, fleet: c.Fleet(t), payments: c.CreateTopic(t, "payments", 1), orders: c.CreateTopic(t, "orders", 1),
		read: c.Name("read"), stuck: c.Name("stuck"), tx: c.Name("tx"),
		source: &quick{Source: source(t, kafkasource.Config{Brokers: addresses(c)}), now: time.Now()},
	}
	for group, topic := range map[string]string{w.read: w.payments, w.stuck: w.orders} {
		w.fleet.Join(kafka.Consumer{ID: group, Group: group, Topics: []string{topic}, CommitInterval: -1, Isolation: kafka.ReadCommitted})
		w.fleet.AwaitAssigned(group)
	}
	w.engine = engine.New(engine.Settings{
		Clusters: []engine.Cluster{{Name: "e2e", Source: w.source}},
		SLO: func(string, string) lag.SLO {
			slo := lag.DefaultSLO
			slo.Declared = true
			return slo
		},
	}, engine.Options{})
	return w
}

func (w *twins) polls(n int, each func()) {
	for range n {
		if each != nil {
			each()
		}
		w.engine.Tick(w.t.Context(), w.source.now)
	}
}

func (w *twins) commit(group, topic string, offset int64) {
	w.fleet.Commit(group, kafka.Offset{Partition: kafka.Partition{Topic: topic}, Offset: offset})
}

// pay is a transaction of 8 records and its marker; the consumer commits the record after the last one.
func (w *twins) pay() {
	w.fleet.Begin(w.tx, kafka.Partition{Topic: w.payments}, 8)
	w.fleet.CommitTransaction(w.tx)
	w.paid += 9
	w.commit(w.read, w.payments, w.paid-1)
}

func (w *twins) order(n int64) {
	w.c.Produce(w.t, w.orders, int(n))
	w.lastOrdered += n
}

// stand is that of a group's only partition.
func (w *twins) stand(group string) lag.Stand {
	w.t.Helper()
	c, _ := w.engine.Latest().Cluster("e2e")
	g, ok := c.Group(group)
	if !ok {
		w.t.Fatalf("group %s is not in the report", group)
	}
	return g.Rates.PartitionStand(0, 0)
}

// prometheus scrapes the engine's metrics and evaluates our rules, sixty times as fast.
func (w *twins) prometheus() *prom.Server {
	w.t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(w.t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		w.t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/metrics", metrics.New(metrics.Options{Latest: w.engine.Latest}))
	server := &http.Server{Handler: mux, ReadHeaderTimeout: time.Second}
	go func() { _ = server.Serve(listener) }()
	w.t.Cleanup(func() { _ = server.Close() })
	file := filepath.Join(w.t.TempDir(), "rules.yaml")
	rules, err := os.Create(file)
	if err != nil {
		w.t.Fatal(err)
	}
	if err := alerts.Export(rules, alerts.Options{TimeScale: 60}); err != nil {
		w.t.Fatal(err)
	}
	if err := rules.Close(); err != nil {
		w.t.Fatal(err)
	}
	return prom.Start(w.t, prom.Config{
		Interval: 500 * time.Millisecond, RuleFiles: []string{file},
		Targets: []prom.Target{{Job: "lagscaler", Address: listener.Addr().String()}},
	})
}

// TestMarkersAndAStuckConsumer: a marker of a transaction and records at which a consumer is stuck leave the same offsets behind.
// The first was passed when records came, so it is read; at the second commits reached the end before, so it is stalled and pages.
func TestMarkersAndAStuckConsumer(t *testing.T) {
	kafka.EachVersion(t, func(t *testing.T, c *kafka.Cluster) {
		w := newTwins(t, c)
		for range 5 { // each transaction is followed by a rest of 2.5 min
			w.pay()
			w.polls(15, func() {
				w.order(5)
				w.commit(w.stuck, w.orders, w.lastOrdered)
			})
		}
		w.order(3)
		w.polls(20, nil)
		if read, stuck := w.stand(w.read), w.stand(w.stuck); read != lag.StandRead || stuck != lag.StandStalled {
			t.Fatalf("behind markers %s, want read; behind records %s, want stalled", read, stuck)
		}
		p := w.prometheus()
		began := time.Now()
		stop, done := make(chan struct{}), make(chan struct{})
		go func() {
			defer close(done)
			for {
				select {
				case <-stop:
					return
				case <-time.After(200 * time.Millisecond):
					w.polls(1, nil)
				}
			}
		}()
		for _, alert := range []string{"LagscalerPartitionStalled", "LagscalerProcessingStopped"} {
			p.AwaitVector(t, fmt.Sprintf(`ALERTS{alertname=%q, alertstate="firing", group=%q, severity="critical"}`, alert, w.stuck), prom.NotEmpty)
		}
		p.AwaitVector(t, fmt.Sprintf(`lagscaler_group_rest_records{group=%q, kind="read"} == 1`, w.read), prom.NotEmpty)
		close(stop)
		<-done
		for _, s := range p.Range(t, fmt.Sprintf(`ALERTS{group=%q}`, w.read), began) {
			t.Errorf("an alert of the group that has read everything: %v", s.Metric)
		}
	})
}
