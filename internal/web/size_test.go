package web

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/internal/engine"
	"github.com/lagscaler/lagscaler/internal/web/recent"
	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/lag/lagtest"
	"github.com/lagscaler/lagscaler/rebalancemon"
	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

// The largest fleet that docs/operations.md speaks of: a million group-partitions.
const (
	manyGroups  = 10_000
	manyTopics  = 50
	manyScalers = 1000
)

// fleet is a report of groups that each read a topic of so many partitions, made by the engine from three polls.
func fleet(t testing.TB, groups, partitions int) *engine.Report {
	t.Helper()
	now := t0
	kafka := lagtest.New(t, "main", 3)
	kafka.Clock(func() time.Time { return now })
	for i := range manyTopics {
		kafka.Create(topicName(i), partitions)
	}
	for i := range groups {
		name := fmt.Sprintf("team-%02d.service-%05d", i%40, i)
		kafka.Join(name, name+"-0", topicName(i))
		for p := range int32(partitions) {
			kafka.Commit(name, topicName(i), p, 0)
		}
	}
	e := engine.New(engine.Settings{Clusters: []engine.Cluster{{Name: "main", Source: kafka}}, Mode: scaler.Advise},
		engine.Options{Targets: manyTargets(groups)})
	for range 3 {
		for i := range manyTopics {
			kafka.Append(topicName(i), 0, int64(100+i))
		}
		now = now.Add(10 * time.Second)
		e.Tick(t.Context(), now)
	}
	return e.Latest()
}

func topicName(i int) string { return fmt.Sprintf("topic-%02d", i%manyTopics) }

// manyTargets are scalers of some of a fleet's groups.
type manyTargets int

func (n manyTargets) Scalers(time.Time) []scaler.Scaler {
	out := make([]scaler.Scaler, min(int(n), manyScalers))
	for i := range out {
		out[i] = scaler.Scaler{
			Name: fmt.Sprintf("shop/scaler-%04d", i), Mode: scaler.Advise,
			Policy:   scaler.Policy{TargetLag: 30 * time.Second},
			Sources:  []seen.SourceSpec{{Cluster: "main", Group: fmt.Sprintf("team-%02d.service-%05d", i%40, i), ProcessingTime: 10 * time.Millisecond}},
			Workload: seen.Workload{Ref: seen.Ref{Kind: "Deployment", Namespace: "shop", Name: fmt.Sprint("worker-", i)}, Found: true, HasScale: true, Spec: 1},
		}
	}
	return out
}

func (manyTargets) Apply(context.Context, scaler.Change) error { return nil }

// BenchmarkPages answers each page from a million group-partitions, where each group remembers all the rebalances it may.
// fresh/ is the first page after a poll, which adds the report up.
func BenchmarkPages(b *testing.B) {
	r := fleet(b, manyGroups, 100)
	remember(r)
	ring := recent.New()
	ring.Add(r)
	latest := r
	h := New(Options{Latest: func() *engine.Report { return latest }, Ring: ring, Interval: 10 * time.Second, Now: func() time.Time { return r.At }})
	for _, path := range []string{
		"/", "/?q=team-07", "/?sort=lag&desc=1&page=200", "/group?cluster=main&group=team-07.service-00007",
		"/decisions", "/scaler?scaler=shop/scaler-0007", "/bill", "/bill?by=scaler&page=3", "/rebalances", "/rebalances?q=deploy&page=7", "/status",
	} {
		b.Run(path, func(b *testing.B) {
			for b.Loop() {
				answers(b, h, path)
			}
		})
		b.Run("fresh"+path, func(b *testing.B) {
			for b.Loop() {
				fresh := *r
				latest = &fresh
				answers(b, h, path)
			}
		})
	}
}

func answers(b *testing.B, h http.Handler, path string) {
	b.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
	if w.Code != http.StatusOK {
		b.Fatalf("%s: %d %.200s", path, w.Code, w.Body)
	}
}

// remember gives each group a hundred rebalances.
func remember(r *engine.Report) {
	for i := range r.Clusters[0].Groups {
		var all []rebalancemon.Event
		for k := range 100 {
			at := t0.Add(time.Duration(k)*time.Minute + time.Duration(i)*time.Millisecond)
			all = append(all, rebalancemon.Event{
				Cluster: "main", Group: r.Clusters[0].Snapshot.Groups[i].Group, Start: at, End: at.Add(time.Second),
				Outcome: rebalancemon.Success, Cause: rebalancemon.Causes[k%len(rebalancemon.Causes)], Count: 1, Generation: lag.NoGeneration,
			})
		}
		r.Clusters[0].Groups[i].Rebalances.Events = rebalancemon.NewEvents(all)
	}
}
