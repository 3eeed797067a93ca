package config

import (
	"strings"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

const rules = minimal + `
- name: west
  brokers: [kafka:9092]
  groups: {include: ["orders-.*", pay], exclude: [".*-test"]}
groups:
- {match: orders-eu, cluster: west, slo: {lag: 7}}
- {match: "orders-.*", slo: {lag: 9, lagTime: 30s, churn: 0.5}}
- {match: ledger, isolation: read_committed, commitInterval: 1m, commitsWithin: 20m, leavesBehind: 2}
namespaces:
- {match: shop, clusters: [main], groups: ["orders-.*"]}
- {match: "data-.*"}
`

func parse(t *testing.T, text string) *Config {
	t.Helper()
	c, err := Parse([]byte(text), testEnv())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestFirstMatchingEntryApplies(t *testing.T) {
	c := parse(t, rules)
	declared := func(change func(*lag.SLO)) lag.SLO {
		s := lag.DefaultSLO
		s.Declared = true
		change(&s)
		return s
	}
	orders := func(s *lag.SLO) { s.Lag, s.LagTime, s.Churn = 9, 30*time.Second, 0.5 }
	ledger := func(s *lag.SLO) { s.CommitInterval, s.CommitsWithin, s.LeavesBehind = time.Minute, 20*time.Minute, 2 }
	for _, tc := range []struct {
		cluster, group string
		slo            lag.SLO
		isolation      seen.Isolation
	}{
		{"west", "orders-eu", declared(func(s *lag.SLO) { s.Lag = 7 }), seen.ReadUncommitted},
		{"main", "orders-eu", declared(orders), seen.ReadUncommitted},
		{"west", "orders-us", declared(orders), seen.ReadUncommitted},
		{"main", "my-orders-eu", lag.DefaultSLO, seen.ReadUncommitted}, // a pattern matches whole names
		{"main", "ledger", declared(ledger), seen.ReadCommitted},
		{"main", "other", lag.DefaultSLO, seen.ReadUncommitted},
	} {
		if got := c.SLO(tc.cluster, tc.group); got != tc.slo {
			t.Errorf("SLO(%s, %s) = %+v, want %+v", tc.cluster, tc.group, got, tc.slo)
		}
		if got := c.Isolation(tc.cluster, tc.group); got != tc.isolation {
			t.Errorf("Isolation(%s, %s) = %s, want %s", tc.cluster, tc.group, got, tc.isolation)
		}
	}
}

func TestFilter(t *testing.T) {
	c := parse(t, rules)
	west, _ := c.Cluster("west")
	for name, want := range map[string]bool{"orders-a": true, "pay": true, "orders-test": false, "payments": false, "": false} {
		if got := west.Groups.Allows(name); got != want {
			t.Errorf("Allows(%q) = %v", name, got)
		}
	}
	if !west.Topics.Allows("anything") {
		t.Error("an empty filter keeps a topic out")
	}
	if _, ok := c.Cluster("east"); ok {
		t.Error("found a cluster that is not there")
	}
}

const brakesText = minimal + `
brakes:
  limits:
  - {name: all, addedPerMinute: 100, steppingDown: 0.1}
  - {namespaces: ["shop-.*"], labels: ["tier=batch", "team="], replicas: 900}
  freezes:
  - {stops: down, start: "0 8 * * *", end: "0 18 * * *", timeZone: Europe/Berlin}
  freeze: {stops: all, until: 2026-12-01T07:00:00+01:00, why: moving}
`

func TestBrakes(t *testing.T) {
	c := parse(t, brakesText)
	s := c.Brakes.Scaler()
	if len(s.Limits) != 2 || s.Limits[0].Name != "all" || s.Limits[0].AddedPerMinute != 100 || s.Limits[0].SteppingDown != 0.1 || s.Limits[1].Name != "limits[1]" || s.Limits[1].Replicas != 900 {
		t.Errorf("%+v", s.Limits)
	}
	batch := map[string]string{"tier": "batch", "team": ""}
	if l := s.Limits[1]; !l.Selects("shop-eu/orders", batch) || l.Selects("shop/orders", batch) || l.Selects("shop-eu/orders", map[string]string{"tier": "batch"}) {
		t.Errorf("%+v", l)
	}
	day := time.Date(2026, 11, 30, 0, 0, 0, 0, time.UTC)
	for hour, want := range map[int]string{6: "brakes.freeze of the configuration", 7: "brakes.freeze of the configuration"} {
		if f := s.At(day.Add(time.Duration(hour)*time.Hour)).Of("shop/orders", nil, nil); f == nil || f.By != want || f.Stops != seen.StopsAll {
			t.Errorf("%d o'clock: %+v", hour, f)
		}
	}
	after := time.Date(2026, 12, 1, 7, 0, 0, 0, time.UTC) // 8:00 in Berlin
	if f := s.At(after.Add(-time.Second)).Of("shop/orders", nil, nil); f != nil {
		t.Errorf("between both: %+v", f)
	}
	if f := s.At(after).Of("shop/orders", nil, nil); f == nil || f.By != "window freezes[0]" || f.Stops != seen.StopsDown || !f.Until.Equal(after.Add(10*time.Hour)) {
		t.Errorf("the window: %+v", f)
	}
}

func TestBill(t *testing.T) {
	c := parse(t, minimal+"\nbill: {replicaHour: 0.042, currency: EUR}\n")
	if c.Bill != (Bill{ReplicaHour: 0.042, Currency: "EUR"}) {
		t.Errorf("%+v", c.Bill)
	}
	for text, want := range map[string]string{
		"{replicaHour: -1, currency: EUR}":          "must be a number that is not negative",
		"{replicaHour: .nan, currency: EUR}":        "must be a number that is not negative",
		"{replicaHour: 1}":                          "bill.currency: ",
		"{currency: EUR}":                           "must not be set without bill.replicaHour",
		"{replicaHour: 1, currency: much too long}": "must have at most 10 characters",
		`{replicaHour: 1, currency: "\u202eRUE"}`:   "must have only characters that print",
	} {
		if _, err := Parse([]byte(minimal+"\nbill: "+text+"\n"), Env{}); err == nil || !strings.Contains(err.Error(), "bill.") || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
}
