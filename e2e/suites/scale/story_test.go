package scale

import (
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/e2e/servers/kube"
	"github.com/lagscaler/lagscaler/scaler"
)

// usefulCounts are the counts that lower the number of partitions of the busiest of consumers that share twelve.
var usefulCounts = []int32{1, 2, 3, 4, 6, 12}

// TestTrafficGoesUpAndDown is the whole of it: traffic grows five times, and goes back. What is late is counted, and
// every change has its event, its place in the status and its count.
func TestTrafficGoesUpAndDown(t *testing.T) {
	t.Parallel()
	s := open(t, setup{Rate: 60, Replicas: 2})
	sizes := s.WatchSize()
	dir := t.TempDir()
	s.Daemon.RecordPath, s.Daemon.AuditPath = filepath.Join(dir, "polls.jsonl.gz"), filepath.Join(dir, "audit.jsonl")
	d := s.start()
	before := s.awaitCalm(d)

	t.Log("five times the traffic")
	began := time.Now()
	s.Load.Set(300)
	up := s.awaitDecision(d, "replicas that carry 300/s", func(got scalerReport) bool { return got.Decision.Current >= 8 })
	t.Logf("after %v: %s", time.Since(began).Round(time.Second), up.Line)
	s.awaitDecision(d, "the lag to return under the target", func(got scalerReport) bool {
		need, ok := got.Decision.Need()
		return ok && need.LagKnown && need.LagSeconds < target.Seconds() && need.Rate > 250 && got.Decision.Verdict == scaler.Steady
	})
	back := time.Since(began)
	top := s.Size()
	if !slices.Contains(usefulCounts, top) {
		t.Errorf("%d replicas are no useful count of 12 partitions", top)
	}

	t.Log("and back")
	s.Load.Set(60)
	s.awaitDecision(d, "fewer replicas", func(got scalerReport) bool {
		return got.Decision.Current <= 3 && got.Disposition != scaler.Applied && got.Decision.Verdict == scaler.Steady // no further step follows
	})
	s.checkChanges(d, sizes())
	after := s.Consumed()
	late := float64(after.Late-before.Late) / float64(after.Done-before.Done)
	t.Logf("under the target after %v; %.1f %% of %d records late, the oldest %v; sizes %v", back.Round(time.Second), 100*late,
		after.Done-before.Done, after.Oldest.Round(100*time.Millisecond), sizes())
	if late > 0.25 {
		t.Errorf("%.0f %% of all records were late", 100*late)
	}
	s.checkTrail(d)
}

// checkDelays holds that each decision to change became one size, within a second of the poll it was made at.
func (s *scenario) checkDelays(sizes []kube.Size, changes []step) {
	s.t.Helper()
	if len(sizes)-1 != len(changes) {
		s.t.Errorf("%d sizes were written (%v) by %d decisions to change (%v)", len(sizes)-1, sizes, len(changes), changes)
		return
	}
	slowest := time.Duration(0)
	for i, change := range changes {
		slowest = max(slowest, sizes[i+1].At.Sub(change.At))
	}
	s.t.Logf("from a decision to the new size seen by a watch: %v at most", slowest.Round(time.Millisecond))
	if slowest > time.Second {
		s.t.Errorf("a size was written %v after its decision", slowest)
	}
}

// checkChanges holds writes, decisions, events, status and counts against each other.
func (s *scenario) checkChanges(d *daemon, sizes []kube.Size) {
	s.t.Helper()
	changes := steps(d.History(), s.Name())
	s.checkDelays(sizes, changes)
	last, err := d.Scaler(s.Name())
	if err != nil {
		s.t.Fatal(err)
	}
	if int(last.Ups+last.Downs) != len(changes) {
		s.t.Errorf("%d ups and %d downs are counted of %d changes", last.Ups, last.Downs, len(changes))
	}
	if got := d.Metric("lagscaler_scaler_scale_events_total"); int(got) != len(changes) {
		s.t.Errorf("the metric counts %v of %d changes", got, len(changes))
	}
	if got, want := d.Metric("lagscaler_scaler_desired_replicas"), float64(last.Decision.Desired); got != want {
		s.t.Errorf("the metric says that %v are desired, not %v", got, want)
	}
	for kind, name := range map[string]string{"Deployment": workload, "KafkaScaler": scalerName} {
		var got []string
		await(s.t, "an event for each change", func() error {
			got = slices.DeleteFunc(s.EventReasonsOf(kind, name), func(reason string) bool {
				return !slices.ContainsFunc(changes, func(change step) bool { return string(change.Reason) == reason })
			})
			if len(got) != len(changes) {
				return fmt.Errorf("events of the %s: %q, changes %v", kind, got, changes)
			}
			return nil
		})
	}
	await(s.t, "the status to say the last size", func() error {
		if got, want := s.Status("currentReplicas"), fmt.Sprint(sizes[len(sizes)-1].Replicas); got != want {
			return fmt.Errorf("it says %s, not %s", got, want)
		}
		return nil
	})
	if got := s.Status(`conditions[?(@.type=="Ready")].status`); got != "True" {
		s.t.Errorf("Ready is %s", got)
	}
}
