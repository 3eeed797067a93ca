package web

import (
	"strings"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/internal/engine"
	"github.com/lagscaler/lagscaler/lag"
)

// What brokers held back at the last poll is a problem of that cluster; what requestsPerSecond held back is none.
func TestHeldBack(t *testing.T) {
	for _, c := range []struct {
		last lag.Quota
		want []string // nil: no problem
	}{
		{lag.Quota{Connections: 7}, nil},
		{lag.Quota{Paced: time.Minute}, nil},
		{lag.Quota{Throttles: 3, Throttled: 2500 * time.Millisecond}, []string{"pauses of"}},
		{lag.Quota{Throttles: 1, Throttled: time.Second, Exceeded: 2, Refused: 4}, []string{"pauses of", "2 requests (THROTTLING_QUOTA_EXCEEDED)", "4 new connections"}},
	} {
		p, bad := heldBack(&engine.PollStats{Cluster: "main", LastQuota: c.last})
		if bad != (c.want != nil) || bad && p.Where != "main" {
			t.Errorf("%+v: %v, %+v", c.last, bad, p)
		}
		for _, want := range c.want {
			if !strings.Contains(p.What, want) {
				t.Errorf("%q, want %q", p.What, want)
			}
		}
	}
}

// The status of a cluster has its intervals, and what was held back since start.
func TestPaceInStatus(t *testing.T) {
	at := time.Date(2026, 1, 5, 12, 0, 0, 0, time.UTC)
	c := &engine.ClusterReport{Name: "main", Snapshot: &lag.Snapshot{}}
	got := clusterStatus(c, &engine.PollStats{
		Interval: time.Minute, ThrottledAt: at,
		Quota: lag.Quota{Connections: 5, Throttles: 9, Throttled: 3 * time.Second, Exceeded: 1, Refused: 2, Paced: 4 * time.Second},
	})
	if got.EverySeconds != 60 || got.StatesSeconds != nil || got.Quota.LastAt == nil || !got.Quota.LastAt.Equal(at) {
		t.Errorf("%+v", got)
	}
	if q := got.Quota; q.Connections != 5 || q.ThrottledSeconds != 3 || q.RefusedRequests != 1 || q.RefusedConnections != 2 || q.PacedSeconds != 4 {
		t.Errorf("%+v", q)
	}
	if got := clusterStatus(c, &engine.PollStats{SampleInterval: 2 * time.Second}); got.StatesSeconds == nil || *got.StatesSeconds != 2 || got.Quota.LastAt != nil {
		t.Errorf("%+v", got)
	}
}
