package scale

import (
	"cmp"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/e2e/servers/kube"
	"github.com/lagscaler/lagscaler/scaler"
)

// checkLate holds the share of records that were late to a limit.
func (s *scenario) checkLate(since consumerReport, most float64) {
	s.t.Helper()
	now := s.Consumed()
	share := float64(now.Late-since.Late) / float64(max(1, now.Done-since.Done))
	s.t.Logf("%.1f %% of %d records late, the oldest %v", 100*share, now.Done-since.Done, now.Oldest.Round(100*time.Millisecond))
	if share > most {
		s.t.Errorf("%.0f %% of all records were late, more than %.0f %%", 100*share, 100*most)
	}
}

// pollsAt counts the polls of the history that saw the size, in all and outside of rebalances: those last as long as
// they do, however fast the clocks of the test run, and nothing goes up in their first minute.
func pollsAt(history []report, name string, size int32) (all, calm int) {
	for _, h := range history {
		for _, one := range h.Scalers {
			if one.Name == name && one.Workload.Spec == size {
				if all++; !one.Rebalancing {
					calm++
				}
			}
		}
	}
	return all, calm
}

// awaitCalm waits until all is well: whatever the beginning took is over, and only what the test does counts from now on.
func (s *scenario) awaitCalm(d *daemon) consumerReport {
	s.t.Helper()
	s.awaitDecision(d, "a steady workload that keeps up", func(got scalerReport) bool {
		need, ok := got.Decision.Need()
		return ok && got.Decision.Verdict == scaler.Steady && need.LagKnown && need.LagSeconds < target.Seconds()/4
	})
	return s.Consumed()
}

// Somebody scales down at peak: what arrives brings it back within two polls.
func TestScaledDownAtPeak(t *testing.T) {
	t.Parallel()
	s := open(t, setup{Rate: 250, Replicas: 6})
	d := s.start()
	before := s.awaitCalm(d)
	s.awaitDecision(d, "the last write to be long ago", func(got scalerReport) bool {
		return got.Decision.At.Sub(got.Workload.LastWrite.At) > 2*20*time.Second/pace
	})
	s.Scale(t, s.NS, workload, 1)
	s.awaitSize("the size to be right again", atLeast(6))
	all, calm := pollsAt(d.History(), s.Name(), 1)
	t.Logf("%d polls saw the harmful size, %d of them while the group was not rebalancing", all, calm)
	// Two polls, and one in which the consumers of the pods that go are still members: they leave in their own time, not
	// in the test's, and are capacity until then.
	if calm > 3 {
		t.Errorf("%d polls saw the harmful size and could have corrected it", calm)
	}
	s.awaitVerdict(d, scaler.Steady)
	s.checkLate(before, 0.25)
}

// A rollout forbids going down, and never up.
func TestTrafficDoublesDuringARollout(t *testing.T) {
	t.Parallel()
	s := open(t, setup{Rate: 80, Replicas: 3, Deployment: func(d *kube.Deployment) { d.StartUp = 8 * time.Second }})
	s.AwaitReady(t, s.NS, workload, 3)
	d := s.start()
	before := s.awaitCalm(d)
	s.Kubectl(t, "rollout", "restart", "deployment/"+workload, "--namespace="+s.NS)
	s.awaitDecision(d, "the rollout to be seen", func(got scalerReport) bool { return got.Workload.RolloutInProgress })
	s.Load.Set(200)
	s.awaitDecision(d, "a step up while the rollout is under way", func(got scalerReport) bool {
		return got.Workload.RolloutInProgress && got.Workload.Spec > 3
	})
	s.awaitSize("a size that carries 200/s", atLeast(6))
	await(t, "the lag to be gone", func() error { return s.caughtUp(d) })
	s.checkLate(before, 0.6)
}

// caughtUp is an error while the time lag is above the target.
func (s *scenario) caughtUp(d *daemon) error {
	one, err := d.Scaler(s.Name())
	if err != nil {
		return err
	}
	if need, ok := one.Decision.Need(); !ok || !need.LagKnown || need.LagSeconds > target.Seconds() {
		return fmt.Errorf("%s", one.Line)
	}
	return nil
}

// Pods that find no node: asking for more of them cannot help, and that is what is said.
func TestPodsThatCannotSchedule(t *testing.T) {
	t.Parallel()
	s := open(t, setup{Rate: 20, Spec: "  maxReplicas: 4\n"})
	// One pod a node, of which there are two.
	s.Kubectl(t, "patch", "deployment", workload, "--namespace="+s.NS, "--type=merge", "--patch", `{"spec": {"template": {"spec": {"affinity":
		{"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [
		{"topologyKey": "kubernetes.io/hostname", "labelSelector": {"matchLabels": {"app": "worker"}}}]}}}}}}`)
	d := s.start()
	s.awaitVerdict(d, scaler.Steady)
	s.Load.Set(150)
	s.awaitSize("more replicas than there are nodes", atLeast(4))
	got := s.awaitVerdict(d, scaler.Unschedulable)
	if got.Workload.Unschedulable == 0 || got.Decision.Desired != got.Decision.Current {
		t.Errorf("%d unschedulable, %s", got.Workload.Unschedulable, got.Line)
	}
	s.awaitEvent("KafkaScaler", scalerName, "Unschedulable")
}

// One Ready pod whose consumer never joins holds no other back.
func TestOnePodNeverJoins(t *testing.T) {
	t.Parallel()
	var silent string
	s := open(t, setup{Rate: 80, Replicas: 3, WithoutConsumer: func(pod string) bool {
		silent = cmp.Or(silent, pod) // called by one goroutine
		return pod == silent
	}})
	d := s.start()
	s.awaitDecision(d, "two members of three pods", func(got scalerReport) bool { return got.Decision.Why.Joined == 2 && got.Decision.Why.Ready == 3 })
	before := s.Consumed()
	s.Load.Set(250)
	s.awaitSize("a size that carries 250/s", atLeast(6))
	await(t, "the lag to be gone", func() error { return s.caughtUp(d) })
	s.checkLate(before, 0.6)
}

func TestTheTargetIsDeleted(t *testing.T) {
	t.Parallel()
	s := open(t, setup{Rate: 20})
	d := s.start()
	s.awaitVerdict(d, scaler.Steady)
	s.Kubectl(t, "delete", "deployment", workload, "--namespace="+s.NS)
	s.awaitVerdict(d, scaler.TargetNotFound)
	s.awaitCondition("Ready", "False/TargetNotFound")
	s.Deploy(t, kube.Deployment{Namespace: s.NS, Name: workload, Replicas: 1})
	s.awaitVerdict(d, scaler.Steady)
	s.awaitCondition("Ready", "True/Evaluated")
}

// Nothing to do for long: to zero; work comes: back; and whoever deletes the scaler at zero gets a replica back.
func TestToZeroAndBack(t *testing.T) {
	t.Parallel()
	s := open(t, setup{Rate: 20, Spec: "  minReplicas: 0\n  idleTime: 30s\n"})
	d := s.start()
	s.awaitVerdict(d, scaler.Steady)
	s.Load.Set(0)
	s.awaitSize("no replica", func(n int32) bool { return n == 0 })
	s.awaitCondition("Active", "False/AtZero")
	s.Load.Set(20)
	s.awaitSize("a replica for the work that came", atLeast(1))
	s.Load.Set(0)
	s.awaitSize("no replica again", func(n int32) bool { return n == 0 })
	s.Kubectl(t, "delete", "kafkascaler", scalerName, "--namespace="+s.NS)
	s.awaitSize("one replica, restored", func(n int32) bool { return n == 1 })
	await(t, "the memory to be gone", func() error {
		if got := s.Kubectl(t, "get", "configmaps", "--selector=lagscaler.io/memory-of=lagscaler", "--namespace="+s.NS, "--output=name"); got != "" {
			return fmt.Errorf("left: %s", got)
		}
		return nil
	})
	s.awaitEvent("Deployment", workload, "Restored")
}

// Replicas run, and nobody ever joins: the group does not exist, or has another name.
func TestNobodyEverJoins(t *testing.T) {
	t.Parallel()
	s := open(t, setup{Rate: 20, Replicas: 2, WithoutConsumer: func(string) bool { return true }})
	sizes := s.WatchSize()
	d := s.start()
	got := s.awaitVerdict(d, scaler.GroupNotFound)
	if got.Decision.Desired != 2 || len(sizes()) != 1 {
		t.Errorf("%s; sizes %v", got.Line, sizes())
	}
}

// One partition gets more than one consumer can do: more replicas are not asked for on its account.
func TestAHotPartition(t *testing.T) {
	t.Parallel()
	weights := even(12)
	weights[7] = 22 // two thirds of everything
	s := open(t, setup{Rate: 105, Replicas: 2, Weights: weights, Spec: "  maxReplicas: 12\n"})
	d := s.start()
	got := s.awaitDecision(d, "the verdict PartitionBound", func(got scalerReport) bool {
		return got.Decision.Verdict == scaler.PartitionBound
	})
	if got.Decision.Current > 6 {
		t.Errorf("%d replicas for one hot partition: %s", got.Decision.Current, got.Line)
	}
	if !strings.Contains(got.Line, "-7") {
		t.Errorf("the line does not name the partition: %s", got.Line)
	}
}

// A record that nobody can process holds its partition up, and no other; replicas do not help.
func TestAStalledPartition(t *testing.T) {
	t.Parallel()
	s := open(t, setup{Rate: 100, Replicas: 3, Poisoned: []int32{4}})
	d := s.start()
	got := s.awaitVerdict(d, scaler.PartitionStalled)
	time.Sleep(10 * time.Second) // its lag grows meanwhile, and must not count
	if n := s.Size(); n > 4 {
		t.Errorf("%d replicas for a partition that stands still: %s", n, got.Line)
	}
	if need, ok := got.Decision.Need(); !ok || len(need.Stalled) != 1 || need.Stalled[0].Partition != 4 {
		t.Errorf("stalled %+v", need.Stalled)
	}
}

// Members beyond the partitions do nothing, and go.
func TestMoreMembersThanPartitions(t *testing.T) {
	t.Parallel()
	s := open(t, setup{Rate: 120, Partitions: 3, Replicas: 6})
	d := s.start()
	s.awaitSize("as many as there are partitions", func(n int32) bool { return n == 3 })
	await(t, "the step to be reported", func() error { // which comes after the size is written
		if got := steps(d.History(), s.Name()); len(got) == 0 || got[0].String() != "6->3 IdleConsumers" {
			return fmt.Errorf("steps %v", got)
		}
		return nil
	})
}

// Two groups on one Deployment: the greater need holds, and both must agree to go down.
func TestTwoGroupsOnOneDeployment(t *testing.T) {
	t.Parallel()
	s := open(t, setup{Rate: 40, Groups: 2})
	d := s.start()
	before := s.awaitCalm(d)
	s.Load.Set(150)
	got := s.awaitDecision(d, "a size that carries 150/s in each group", func(got scalerReport) bool {
		return got.Decision.Current >= 4 && got.Decision.Verdict == scaler.Steady
	})
	if len(got.Decision.Needs) != 2 || got.Decision.Needs[0].Members == 0 || got.Decision.Needs[1].Members == 0 {
		t.Errorf("needs %+v", got.Decision.Needs)
	}
	s.checkLate(before, 0.25)
}
