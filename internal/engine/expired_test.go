package engine

import (
	"strings"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/lag/lagtest"
	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/asleep"
	"github.com/lagscaler/lagscaler/scaler/learn"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

// The broker forgets a group that sleeps for long. Its topics are remembered, though the scaler names none: arrivals wake it,
// also in a process that begins after the commits are gone. Twin: nothing arrives, and what was read does not wake it.
func TestAGroupWhoseCommitsExpired(t *testing.T) {
	for _, c := range []struct {
		reset    seen.OffsetReset
		restarts bool
		arrive   int64
		says     string // the line
	}{
		{"", false, 0, "the commits expired: 60 records may be read again"},
		{"", false, 7, "7 records in partitions of topic orders without a commit"},
		{seen.Earliest, true, 7, "7 records in partitions of topic orders without a commit"},
		{seen.Latest, true, 7, "7 records in partitions of topic orders without a commit"},
		{seen.Latest, true, 0, "Steady"},
	} {
		now := start
		k := lagtest.New(t, "main", 1)
		k.Clock(func() time.Time { return now })
		k.Create("orders", 2)
		k.Append("orders", 0, 60)
		k.Commit("shop", "orders", 0, 60)
		k.Commit("shop", "orders", 1, 0)

		f := asleepTarget(t, nil, c.reset)
		store := &kept{}
		settings := Settings{Clusters: []Cluster{{Name: "main", Source: k}}, Mode: scaler.Act}
		e := New(settings, Options{Targets: f, Memories: store})
		polls := func(n int) {
			for range n {
				now = now.Add(30 * time.Second)
				e.Tick(t.Context(), now)
			}
		}
		polls(12) // saved after five minutes
		k.Uncommit("shop", "orders", 0)
		k.Uncommit("shop", "orders", 1)
		k.Remove("shop")
		if c.restarts {
			e = New(settings, Options{Targets: f, Memories: store})
		}
		polls(12)
		if len(f.applied) > 0 {
			t.Errorf("%+v: woken by what was read: %s", c, e.Latest().Scalers[0].Line)
		}
		if c.arrive > 0 {
			k.Append("orders", 1, c.arrive)
		}
		polls(1)
		line := e.Latest().Scalers[0].Line
		if (len(f.applied) > 0) != (c.arrive > 0) || !strings.Contains(line, c.says) {
			t.Errorf("%+v: writes %+v; %s", c, f.applied, line)
		}
	}
}

// A process that begins while a target sleeps knows from what was saved since when, so it says when the commits expire at the earliest.
func TestWhenTheCommitsOfASleeperExpire(t *testing.T) {
	since := start.Add(-3 * time.Hour)
	for name, saved := range map[string]map[string]scaler.Memory{
		"saved":              {"shop/orders": {Memory: learn.Memory{Asleep: asleep.State{Since: since}}}},
		"twin: not saved":    {},
		"twin: of another":   {"shop/other": {Memory: learn.Memory{Asleep: asleep.State{Since: since}}}},
		"twin: it was awake": {"shop/orders": {}},
	} {
		k := lagtest.New(t, "main", 1)
		k.Create("orders", 1)
		k.Append("orders", 0, 60)
		k.Join("shop", "w-0", "orders")
		k.Commit("shop", "orders", 0, 60)
		k.Leave("shop", "w-0")
		e := New(Settings{Clusters: []Cluster{{Name: "main", Source: k}}, Mode: scaler.Act}, Options{Targets: asleepTarget(t, nil, ""), Memories: &kept{saved: saved}})
		for i := range 6 {
			e.Tick(t.Context(), start.Add(time.Duration(i)*30*time.Second))
		}
		g, ok := e.Latest().Clusters[0].Group("shop")
		if !ok {
			t.Fatal("no group")
		}
		early := g.Rates.Expiry.Bound == lag.ExpiryEarly && g.Rates.Expiry.At.Equal(since.Add(lag.DefaultOffsetsRetention))
		if early != (name == "saved") {
			t.Errorf("%s: %+v", name, g.Rates.Expiry)
		}
	}
}
