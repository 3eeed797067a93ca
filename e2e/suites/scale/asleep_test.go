package scale

import (
	"strings"
	"testing"

	"github.com/lagscaler/lagscaler/e2e/servers/closedloop"
	"github.com/lagscaler/lagscaler/e2e/servers/kube"
	"github.com/lagscaler/lagscaler/scaler"
)

// Somebody scales to zero by hand: as with an HPA, records wait until somebody scales up again.
func TestZeroByHand(t *testing.T) {
	t.Parallel()
	s := open(t, setup{Rate: 20, Replicas: 2, Spec: "  minReplicas: 1\n"})
	d := s.start()
	s.awaitCalm(d)
	sizes := s.WatchSize()
	s.Scale(t, s.NS, workload, 0)
	got := s.awaitVerdict(d, scaler.ZeroByHandWaiting)
	t.Log(got.Line)
	s.awaitCondition("Active", "False/AtZero")
	if n := sizes(); n[len(n)-1].Replicas != 0 {
		t.Errorf("sizes %v: a zero by hand stays", n)
	}
	s.Scale(t, s.NS, workload, 1)
	s.awaitCalm(d)
}

// The twin: with onZeroByHand: wake the same zero is undone as soon as records wait.
func TestZeroByHandWakes(t *testing.T) {
	t.Parallel()
	s := open(t, setup{Rate: 20, Spec: "  minReplicas: 1\n  onZeroByHand: wake\n"})
	d := s.start()
	s.awaitCalm(d)
	s.Scale(t, s.NS, workload, 0)
	s.awaitSize("a replica for the records that wait", atLeast(1))
	s.awaitCalm(d)
}

// A group that never ran has no commit and no member. The topics of the specification tell what waits for it.
func TestAGroupThatNeverRanWakes(t *testing.T) {
	t.Parallel()
	s := open(t, setup{
		Deployment: func(d *kube.Deployment) { d.Replicas = 0 },
		Spec:       "  minReplicas: 0\n",
		Scaler: func(s *closedloop.Loop) string {
			return strings.Replace(s.Scaler(), "{cluster: main,", "{cluster: main, topics: ["+s.Topic+"],", 1)
		},
	})
	d := s.start()
	s.awaitDecision(d, "nothing that waits", func(got scalerReport) bool { return got.Decision.Current == 0 && got.Decision.Desired == 0 })
	sizes := s.WatchSize()
	s.Load.Set(20)
	s.awaitSize("a replica for records that nobody ever read", atLeast(1))
	s.awaitCalm(d)
	if n := sizes(); len(n) != 2 {
		t.Errorf("sizes %v: it wakes once", n)
	}
}
