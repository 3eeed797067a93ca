package scale

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/internal/config"
	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

// limitedBy reports whether a limit changed the number of a decision, with words that it says.
func limitedBy(reason scaler.Reason, words string) func(scalerReport) bool {
	return func(r scalerReport) bool {
		return slices.ContainsFunc(r.Decision.Steps, func(s scaler.Step) bool { return s.Reason == reason && strings.Contains(s.Why, words) })
	}
}

// operatorWants makes the number of replicas fixed, which every rule and limit lets through but a brake.
func (s *scenario) operatorWants(replicas int) {
	s.t.Helper()
	s.Kubectl(s.t, "annotate", "--overwrite", "kafkascaler", scalerName, "--namespace="+s.NS, fmt.Sprintf("lagscaler.io/fixed-replicas=%d", replicas))
}

// Whoever may annotate the namespace can stop all writes in it, and the page, the status and the decision say who did.
func TestNamespaceIsFrozen(t *testing.T) {
	t.Parallel()
	s := open(t, setup{WithoutConsumer: func(string) bool { return true }, Partitions: 1})
	until := time.Now().Add(time.Hour).UTC().Format(time.RFC3339)
	s.Kubectl(t, "annotate", "namespace", s.NS, "lagscaler.io/freeze=all", "lagscaler.io/freeze-until="+until, "lagscaler.io/freeze-reason=the cluster is moved")
	s.operatorWants(3)
	d := s.start()
	s.awaitDecision(d, "a decision that the freeze holds", limitedBy(scaler.Frozen, "namespace "+s.NS+", by kubectl-annotate: the cluster is moved"))
	s.awaitCondition("Paused", "True/Frozen")
	time.Sleep(5 * time.Second)
	if n := s.Size(); n != 1 {
		t.Errorf("frozen, and %d replicas", n)
	}
	s.Kubectl(t, "annotate", "namespace", s.NS, "lagscaler.io/freeze-")
	s.awaitSize("the operator's three, after the freeze", func(n int32) bool { return n == 3 })
	s.Kubectl(t, "annotate", "namespace", s.NS, "lagscaler.io/freeze=down", "lagscaler.io/freeze-until="+until, "--overwrite")
	s.awaitCondition("Paused", "True/Frozen")
	s.operatorWants(1)
	s.awaitDecision(d, "a step down that the freeze holds", limitedBy(scaler.Frozen, "no scale down"))
	s.operatorWants(4)
	s.awaitSize("a step up, which it does not stop", func(n int32) bool { return n == 4 })
}

// A window freezes until it closes.
func TestWindowFreezes(t *testing.T) {
	t.Parallel()
	s := open(t, setup{WithoutConsumer: func(string) bool { return true }, Partitions: 1})
	s.operatorWants(3)
	now := time.Now().UTC()
	closes := now.Truncate(time.Minute).Add(time.Minute)
	if closes.Sub(now) < 40*time.Second { // until the decision that the window holds, on a busy machine
		closes = closes.Add(time.Minute)
	}
	cron := func(t time.Time) string { return fmt.Sprintf("%d %d * * *", t.Minute(), t.Hour()) }
	s.Daemon.Freezes = []config.FreezeWindow{{Name: "release", Stops: seen.StopsAll, Start: cron(now.Add(-time.Hour)), End: cron(closes)}}
	d := s.start()
	s.awaitDecision(d, "a decision that the window holds", limitedBy(scaler.Frozen, "window release"))
	for time.Now().Before(closes) {
		if n := s.Size(); n != 1 {
			t.Fatalf("%d replicas, %v before the window closes", n, time.Until(closes))
		}
		time.Sleep(time.Second)
	}
	s.awaitSize("the operator's three, after the window", func(n int32) bool { return n == 3 })
}

// Over a ResourceQuota no pod is created: the number is not raised further, what was asked for stays, and it goes on when the
// quota is gone.
func TestQuotaIsExhausted(t *testing.T) {
	t.Parallel()
	s := open(t, setup{WithoutConsumer: func(string) bool { return true }, Partitions: 1})
	s.Apply(t, s.NS, `{apiVersion: v1, kind: ResourceQuota, metadata: {name: pods}, spec: {hard: {pods: "2"}}}`)
	s.operatorWants(4)
	d := s.start()
	s.awaitSize("four, of which the quota lets two run", func(n int32) bool { return n == 4 })
	s.operatorWants(8)
	s.awaitDecision(d, "a decision that the quota holds", limitedBy(scaler.PodsRefused, "exceeded quota"))
	s.awaitCondition("ScalingLimited", "True/PodsRefused")
	if n := s.Size(); n != 4 {
		t.Errorf("%d replicas", n)
	}
	s.Kubectl(t, "delete", "resourcequota", "pods", "--namespace="+s.NS)
	s.awaitSize("all eight, without the quota", func(n int32) bool { return n == 8 })
}
