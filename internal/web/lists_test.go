package web

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/internal/engine"
	"github.com/lagscaler/lagscaler/rebalancemon"
	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

// happened are rebalances of two groups: alpha's by deploy at even minutes, beta's by scaling at odd ones; each third failed.
func happened(r *engine.Report, n int) {
	for i := range n {
		g, cause, outcome := i%2, rebalancemon.Deploy, rebalancemon.Success
		if g == 1 {
			cause = rebalancemon.Scaling
		}
		if i%3 == 0 {
			outcome = rebalancemon.Failed
		}
		m := &r.Clusters[0].Groups[g].Rebalances
		m.Events = rebalancemon.NewEvents(append(m.Events.All(), rebalancemon.Event{
			Cluster: "main", Group: r.Clusters[0].Snapshot.Groups[g].Group, Count: 1,
			Start: t0.Add(time.Duration(i) * time.Minute), End: t0.Add(time.Duration(i)*time.Minute + time.Second), Outcome: outcome, Cause: cause,
		}))
	}
}

func TestRebalancesSearchAndPages(t *testing.T) {
	r := report(t, "alpha", "beta")
	r.Clusters[0].Groups[0].Rebalances.Events = rebalancemon.Events{}
	happened(r, 120)
	h := handlerOf(r)
	for _, c := range []struct {
		query        string
		total, shown int
		first, last  int // minutes
		causes       string
	}{
		{"", 120, 50, 119, 70, "[{deploy 60} {scaling 60}]"},
		{"?page=3", 120, 20, 19, 0, "[{deploy 60} {scaling 60}]"},
		{"?page=all", 120, 120, 119, 0, "[{deploy 60} {scaling 60}]"},
		{"?q=ALPHA", 60, 50, 118, 20, "[{deploy 60}]"},
		{"?q=failed", 40, 40, 117, 0, "[{deploy 20} {scaling 20}]"},
		{"?q=failed+beta", 20, 20, 117, 3, "[{scaling 20}]"},
		{"?q=deploy+success&group=alpha", 40, 40, 118, 2, "[{deploy 40}]"},
		{"?q=deploy&group=beta", 0, 0, 0, 0, "[]"},
		{"?group=gamma", 0, 0, 0, 0, "[]"},
	} {
		var got RebalancesPage
		if err := json.Unmarshal(get(t, h, "/api/v1/rebalances"+c.query).Body.Bytes(), &got); err != nil {
			t.Fatalf("%s: %v", c.query, err)
		}
		if causes := fmt.Sprint(got.Causes); got.Total != c.total || len(got.Events) != c.shown || len(causes) != len(c.causes) {
			t.Errorf("%s: %d found, %d shown, causes %s; want %d, %d, %s", c.query, got.Total, len(got.Events), causes, c.total, c.shown, c.causes)
			continue
		}
		if c.shown == 0 {
			continue
		}
		minute := func(i int) int { return int(got.Events[i].Start.Sub(t0).Minutes()) }
		if minute(0) != c.first || minute(c.shown-1) != c.last {
			t.Errorf("%s: minutes %d to %d, want %d to %d", c.query, minute(0), minute(c.shown-1), c.first, c.last)
		}
	}
}

func TestDecisionsSearchAndPages(t *testing.T) {
	r := report(t, "alpha")
	for i := range 60 {
		s := engine.ScalerReport{Outcome: scaler.Outcome{Scaler: scaler.Scaler{Name: fmt.Sprintf("shop/scaler-%02d", i), Sources: []seen.SourceSpec{{Cluster: "main", Group: "alpha"}}}}}
		s.Decision.Verdict = scaler.Steady
		if i%10 == 0 {
			s.Decision.Verdict = scaler.ScaleUp
		}
		r.Scalers = append(r.Scalers, s)
	}
	h := handlerOf(r)
	for _, c := range []struct {
		query        string
		total, shown int
		first        string
		verdicts     int
	}{
		{"", 60, 50, "shop/scaler-00", 2},
		{"?page=2", 60, 10, "shop/scaler-50", 2},
		{"?page=all", 60, 60, "shop/scaler-00", 2},
		{"?q=scaleup", 6, 6, "shop/scaler-00", 1},
		{"?q=Alpha+scaler-4", 10, 10, "shop/scaler-40", 2},
		{"?q=nothing", 0, 0, "", 0},
	} {
		var got DecisionsPage
		if err := json.Unmarshal(get(t, h, "/api/v1/decisions"+c.query).Body.Bytes(), &got); err != nil {
			t.Fatalf("%s: %v", c.query, err)
		}
		first := ""
		if len(got.Scalers) > 0 {
			first = got.Scalers[0].Name
		}
		if got.Total != c.total || len(got.Scalers) != c.shown || first != c.first || len(got.Verdicts) != c.verdicts {
			t.Errorf("%s: %d found, %d shown, first %q, %v; want %+v", c.query, got.Total, len(got.Scalers), first, got.Verdicts, c)
		}
	}
}
