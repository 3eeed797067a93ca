package main

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/internal/engine"
	"github.com/lagscaler/lagscaler/internal/web"
	"github.com/lagscaler/lagscaler/internal/web/recent"
	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/lag/lagtest"
	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/kube"
	"github.com/lagscaler/lagscaler/scaler/number"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

// group is one group of two partitions, orders on shop, and a scaler of it.
type group struct {
	*lagtest.Cluster
	t     *testing.T
	now   time.Time
	e     *engine.Engine
	share bool  // its broker computes a lag of 500 for each partition
	past  int64 // the ends a minute before the first poll, as the leader says; 0: nobody says
}

func (g *group) Observe(ctx context.Context) lag.Observation {
	o := g.Cluster.Observe(ctx)
	if g.share {
		for i := range o.Groups[0].Commits[0].Partitions {
			p := &o.Groups[0].Commits[0].Partitions[i]
			p.Lag, p.Known = 500, lag.KnownLag
		}
	}
	for p := range o.Topics[0].Partitions {
		if g.past > 0 {
			o.Past = append(o.Past, lag.PastEnd{
				Topic: "orders", Partition: int32(p), At: o.Topics[0].Partitions[p].At - 60_000, End: g.past, Margin: time.Second,
			})
		}
	}
	g.past = 0
	return o
}

func (g *group) Apply(context.Context, scaler.Change) error { return nil }

func (g *group) Scalers(time.Time) []scaler.Scaler {
	sources := []seen.SourceSpec{{Cluster: "main", Group: "shop", ProcessingTime: 10 * time.Millisecond}}
	policy, err := scaler.Spec{Sources: sources}.Policy()
	if err != nil {
		g.t.Fatal(err)
	}
	return []scaler.Scaler{{
		Name: "shop/orders", Mode: scaler.Advise, Policy: policy, Sources: sources,
		Workload: seen.Workload{
			Ref:   seen.Ref{APIVersion: "apps/v1", Kind: "Deployment", Namespace: "shop", Name: "orders"},
			Found: true, HasScale: true, Spec: 1, Status: 1, Ready: 1,
		},
	}}
}

func newGroup(t *testing.T) *group {
	t.Helper()
	g := &group{Cluster: lagtest.New(t, "main", 2), t: t, now: time.Date(2026, 1, 5, 12, 0, 0, 0, time.UTC)}
	g.Clock(func() time.Time { return g.now })
	g.Create("orders", 2)
	g.Join("shop", "worker", "orders")
	g.e = engine.New(engine.Settings{Mode: scaler.Advise, Clusters: []engine.Cluster{{Name: "main", Source: g}}}, engine.Options{Targets: g})
	return g
}

// commit commits an offset in both partitions; append appends to both.
func (g *group) commit(offset int64) {
	for p := range int32(2) {
		g.Commit("shop", "orders", p, offset)
	}
}

func (g *group) append(records int64) {
	for p := range int32(2) {
		g.Append("orders", p, records)
	}
}

// poll polls n times, each after a step.
func (g *group) poll(n int, step func(i int)) {
	for i := range n {
		step(i)
		g.e.Tick(g.t.Context(), g.now)
		g.now = g.now.Add(10 * time.Second)
	}
}

// follow is n polls at 50/s for each partition, with commits 10 s behind the end.
func (g *group) follow(n int) {
	g.poll(n, func(i int) {
		g.append(500)
		g.commit(int64(500 * i))
	})
}

// The page of a group, the status of its KafkaScaler and explain show the same lag, time lag and rates, where the decision's own
// numbers differ from them too.
func TestOneLagEverywhere(t *testing.T) {
	for _, c := range []struct {
		name string
		run  func(g *group)
		want string // in explain
	}{
		{"steady", func(g *group) { g.follow(12) }, "lag 1 000, time lag 10 s, 100/s arriving, 100/s consumed"},
		{"the first poll", func(g *group) { g.follow(1) }, "lag 1 000, time lag unknown, unknown arriving, unknown consumed"},
		{"the first poll, at a position that is not a minute old", func(g *group) {
			g.past = 300
			g.append(500)
			g.commit(300)
			g.poll(1, func(int) {})
		}, "lag 400, time lag <= 61 s, unknown arriving"},
		{"the first poll, at a position that is older", func(g *group) {
			g.past = 300
			g.append(500)
			g.commit(200)
			g.poll(1, func(int) {})
		}, "lag 600, time lag >= 59 s, unknown arriving"},
		{"20 s after start with 1 M waiting", func(g *group) {
			g.append(500_000)
			g.commit(0)
			g.poll(3, func(int) { g.append(500) })
		}, "time lag >= 20 s"},
		{"90 s after start with 1 M waiting", func(g *group) {
			g.append(500_000)
			g.commit(0)
			g.poll(10, func(int) { g.append(500) })
		}, "time lag >= 90 s"},
		{"a rewind", func(g *group) {
			g.follow(12)
			g.poll(1, func(int) { g.append(500); g.commit(1000) })
		}, ""},
		{"the log was truncated", func(g *group) {
			g.follow(12)
			g.poll(1, func(int) {
				for p := range int32(2) {
					g.Truncate("orders", p, 3000)
				}
			})
		}, ""},
		{"one of two partitions without a leader", func(g *group) {
			g.follow(12)
			g.Lead("orders", 1, -1)
			g.follow(2)
		}, "lag >= "},
		{"retention passes the commit", func(g *group) {
			g.append(5000)
			g.commit(0)
			g.poll(20, func(i int) {
				g.append(500)
				for p := range int32(2) {
					g.Trim("orders", p, int64(100*i))
				}
			})
		}, "0/s consumed"},
		{"a share group", func(g *group) {
			g.share = true
			g.follow(12)
		}, "lag 1 000, time lag unknown"},
		{"never committed and empty", func(g *group) { g.poll(12, func(int) {}) }, "lag unknown, time lag unknown"},
		{"two offsets that stay", func(g *group) {
			g.append(2)
			g.commit(0)
			g.poll(15, func(int) {})
		}, "lag 4, time lag unknown"},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := newGroup(t)
			c.run(g)
			r := g.e.Latest()
			row, status, text := onPage(t, r), inStatus(r), inExplain(r)
			if want := now(row); text != want || !strings.Contains(text, c.want) {
				t.Errorf("explain: %s\nthe page: %s\nwant it to hold %q", text, want, c.want)
			}
			if want := statusOf(row); status != want {
				t.Errorf("kubectl: %s\nthe page: %s", status, want)
			}
		})
	}
}

func onPage(t *testing.T, r *engine.Report) web.Measured {
	t.Helper()
	h := web.New(web.Options{Latest: func() *engine.Report { return r }, Ring: recent.New(), Interval: 10 * time.Second, Now: func() time.Time { return r.At }})
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/api/v1/groups", nil))
	var page web.GroupsPage
	if err := json.Unmarshal(w.Body.Bytes(), &page); err != nil || len(page.Rows) != 1 {
		t.Fatalf("%v: %s", err, w.Body)
	}
	return page.Rows[0].Measured
}

func inExplain(r *engine.Report) string {
	var b strings.Builder
	explain(&b, web.DecisionsOf(r)[0])
	_, text, _ := strings.Cut(b.String(), "shop at the last poll: ")
	text, _, _ = strings.Cut(text, "\n")
	return text
}

func inStatus(r *engine.Report) string {
	s, _ := kube.Shown(r.Scalers[0].Outcome, r.At)
	return "lag " + known(s.Lag, false, number.Whole) + ", time lag " + s.TimeLag
}

// statusOf is what a status says of numbers on the page.
func statusOf(m web.Measured) string {
	late := ""
	if m.LateSeconds != nil {
		late = time.Duration(*m.LateSeconds * float64(time.Second)).Round(time.Second).String()
	}
	if m.LateAtLeast {
		late = ">=" + late
	}
	if m.LateAtMost != nil {
		late = "<=" + time.Duration(*m.LateAtMost*float64(time.Second)).Round(time.Second).String()
	}
	return "lag " + known(m.Lag, false, number.Whole) + ", time lag " + late
}
