package metrics

import (
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/internal/engine"
)

// A cluster is stale by its own interval.
func TestStaleByTheOwnInterval(t *testing.T) {
	now := time.Date(2026, 1, 5, 12, 0, 0, 0, time.UTC)
	p := New(Options{Latest: func() *engine.Report { return nil }})
	for _, c := range []struct {
		interval, age time.Duration
		want          bool
	}{
		{0, 30 * time.Second, false},
		{0, 31 * time.Second, true},
		{time.Second, 4 * time.Second, true},
		{time.Minute, 3 * time.Minute, false},
		{time.Minute, 4 * time.Minute, true},
	} {
		r := &engine.Report{At: now, Polls: []engine.PollStats{{Cluster: "main", Interval: c.interval, LastSuccess: now.Add(-c.age)}}}
		if got := p.clusterStale(r, "main"); got != c.want {
			t.Errorf("interval %v, read %v ago: stale %v", c.interval, c.age, got)
		}
	}
}
