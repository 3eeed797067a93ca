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

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/lagscaler/lagscaler/alerts"
	"github.com/lagscaler/lagscaler/e2e/servers/kafka"
	"github.com/lagscaler/lagscaler/e2e/servers/prom"
	"github.com/lagscaler/lagscaler/internal/api"
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

// twins are groups with one member each, that commits what the test says.
type twins struct {
	t                 *testing.T
	c                 *kafka.Cluster
	fleet             *kafka.Fleet
	payments, orders  string // topics
	ledger            string // a topic at whose batch headers polls may look
	read, stuck, tx   string // groups, and the producer's transactional id
	careful, hasty    string // groups of ledger: the first reads only what is committed
	source            *quick
	engine            *engine.Engine
	paid, lastOrdered int64
}

func newTwins(t *testing.T, c *kafka.Cluster) *twins {
	t.Helper()
	w := &twins{
		t: t, c: c, fleet: c.Fleet(t), payments: c.CreateTopic(t, "payments", 1), orders: c.CreateTopic(t, "orders", 1),
		ledger: c.CreateTopic(t, "ledger", 1), careful: c.Name("careful"), hasty: c.Name("hasty"),
		read: c.Name("read"), stuck: c.Name("stuck"), tx: c.Name("tx"),
	}
	w.source = &quick{Source: source(t, kafkasource.Config{
		Brokers:       addresses(c),
		ReadCommitted: func(group string) bool { return group == w.careful },
		Headers:       func(topic string) bool { return topic == w.ledger },
	}), now: time.Now()}
	groups := map[string]string{w.read: w.payments, w.stuck: w.orders, w.careful: w.ledger, w.hasty: w.ledger}
	for group, topic := range groups {
		w.fleet.Join(kafka.Consumer{ID: group, Group: group, Topics: []string{topic}, CommitInterval: -1, Isolation: kafka.ReadCommitted})
	}
	for group := range groups {
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

// audit leaves the same offsets behind the commits of two groups: a marker, and 8 records of an aborted transaction with its marker.
func (w *twins) audit() {
	w.fleet.Begin(w.tx, kafka.Partition{Topic: w.ledger}, 8)
	w.fleet.CommitTransaction(w.tx)
	w.fleet.Begin(w.tx, kafka.Partition{Topic: w.ledger}, 8)
	w.fleet.AbortTransaction(w.tx)
	w.commit(w.careful, w.ledger, 8)
	w.commit(w.hasty, w.ledger, 8)
}

func (w *twins) order(n int64) {
	w.c.Produce(w.t, w.orders, int(n))
	w.lastOrdered += n
}

// poison appends the record at which the stuck consumer stands, and two more.
func (w *twins) poison() {
	record := &kgo.Record{Topic: w.orders, Value: fmt.Appendf(nil, "poison of %s", w.stuck)}
	if err := w.c.Client(w.t).ProduceSync(w.t.Context(), record).FirstErr(); err != nil {
		w.t.Fatal(err)
	}
	w.c.Produce(w.t, w.orders, 2)
}

// named checks that the stalled partition is named, with its owner and since when, and that the command which is printed for it
// prints the record.
func (w *twins) named() {
	w.t.Helper()
	c, _ := w.engine.Latest().Cluster("e2e")
	g, ok := c.Group(w.stuck)
	if !ok {
		w.t.Fatalf("group %s is not in the report", w.stuck)
	}
	all := api.StuckOf(g.Rates.Stuck(g.Lag))
	if len(all) != 1 {
		w.t.Fatalf("stalled partitions %+v", all)
	}
	s := all[0]
	stood := w.source.now.Sub(s.Since)
	if s.Topic != w.orders || s.Partition != 0 || s.Committed != w.lastOrdered || s.Waiting != 3 || s.Owner != w.stuck+"@127.0.0.1" ||
		stood < 150*time.Second || stood > 220*time.Second {
		w.t.Errorf("%s (it stands for %v)", s.Text(), stood)
	}
	if got, want := w.c.ConsoleConsumer(w.t, s.Command), "poison of "+w.stuck+"\n"; got != want {
		w.t.Errorf("%s prints %q, want %q", s.Command, got, want)
	}
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

// fetches are the Fetch requests that all polls sent.
func (w *twins) fetches() int64 {
	for _, p := range w.engine.Latest().Polls {
		for _, r := range p.Requests {
			if r.API == "Fetch" {
				return r.Count
			}
		}
	}
	return 0
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
// On a topic at whose batch headers polls may look, nothing need have passed: what is aborted is no record for who reads only what
// is committed, and stays unknown for who reads everything.
func TestMarkersAndAStuckConsumer(t *testing.T) {
	kafka.EachHeavy(t, kafka.V39, func(t *testing.T, c *kafka.Cluster) {
		w := newTwins(t, c)
		w.audit()
		for range 5 { // each transaction is followed by a rest of 2.5 min
			w.pay()
			w.polls(15, func() {
				w.order(5)
				w.commit(w.stuck, w.orders, w.lastOrdered)
			})
		}
		w.poison()
		w.polls(20, nil)
		if read, stuck := w.stand(w.read), w.stand(w.stuck); read != lag.StandRead || stuck != lag.StandStalled {
			t.Fatalf("behind markers %s, want read; behind records %s, want stalled", read, stuck)
		}
		w.named()
		if careful, hasty := w.stand(w.careful), w.stand(w.hasty); careful != lag.StandRead || hasty != lag.StandRest {
			t.Errorf("aborted records: %s for who reads only what is committed, want read; %s for others, want rest", careful, hasty)
		}
		if n := w.fetches(); n != 2 {
			t.Errorf("%d Fetch requests, want one for each group of the ledger", n)
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
