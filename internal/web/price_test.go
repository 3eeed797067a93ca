package web

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/internal/engine"
	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/promise"
)

// playedFor is a play of some hours of 1 000/s, of consumers that process 100/s.
func playedFor(hours int) promise.Play {
	var p promise.Play
	for second := 0; second < hours*3600; second += 10 {
		p = p.Next(promise.Poll{
			Now: t0.Add(time.Duration(second) * time.Second), Seconds: 10, Arrived: 10_000, Rate: 1000, Expected: 1000, Peak: 1000,
			Decides: second%30 == 0, SinceDecision: 30, PerConsumer: 100, Partitions: 48, Consumers: 12, Least: 1,
			Starts: []float64{40}, Pauses: []float64{8}, Longest: 8, Horizon: 63, Commit: 5, Target: 30 * time.Second, Drain: 120, Window: 240,
			Utilization: 0.92, DownUtilization: 0.87, KeepsReserve: true,
		})
	}
	return p
}

// The price list of a scaler is in replicas, has its own objective, and is empty until an hour was played.
func TestPrice(t *testing.T) {
	rep := report(t, "orders")
	one := engine.ScalerReport{Outcome: scaler.Outcome{Scaler: scaler.Scaler{Name: "shop/orders"}, Played: playedFor(3), Promise: "why"}}
	one.Policy.TargetLag, one.Policy.Objective = 30*time.Second, 99.85
	one.Decision.Why.PerReplica = 2
	twin := engine.ScalerReport{Outcome: scaler.Outcome{Scaler: scaler.Scaler{Name: "shop/young"}}}
	rep.Scalers = []engine.ScalerReport{one, twin}
	h := handlerOf(rep)
	var page PricePage
	w := get(t, h, "/api/v1/price?scaler=shop/orders")
	if err := json.Unmarshal(w.Body.Bytes(), &page); err != nil || w.Code != http.StatusOK {
		t.Fatal(w.Code, err)
	}
	if page.Objective == nil || *page.Objective != 99.85 || page.InForce != "why" || page.Played < 2.9*3600 || len(page.Rows) != 6 {
		t.Errorf("%+v", page)
	}
	found := false
	for _, r := range page.Rows {
		for _, c := range r.Cells {
			// 1 000/s / 0.92 are 11 consumers, so 12 of 48 partitions: 6 replicas of 2 consumers, all the time
			if !c.Reachable || c.Kept != 100 || c.Replicas < 5.9 || c.Replicas > 6.1 || c.Hours < 141 || c.Hours > 147 || c.Room == "" {
				t.Errorf("%v s: %+v", r.TargetLag, c)
			}
			found = found || c.Objective == 99.85
		}
	}
	if !found {
		t.Error("the objective of the scaler has no price")
	}
	page = PricePage{}
	w = get(t, h, "/api/v1/price?scaler=shop/young")
	if err := json.Unmarshal(w.Body.Bytes(), &page); err != nil || w.Code != http.StatusOK || len(page.Rows) != 0 || page.Played != 0 {
		t.Errorf("nothing was played: %d %v %+v", w.Code, err, page)
	}
	if w := get(t, h, "/api/v1/price?scaler=shop/none"); w.Code != http.StatusNotFound {
		t.Errorf("no such scaler: %d", w.Code)
	}
}
