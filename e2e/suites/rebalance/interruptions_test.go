package rebalance_test

import (
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/e2e/servers/kafka"
	"github.com/twmb/franz-go/pkg/kadm"
)

// What is no rebalance must not look like one, and what is one meanwhile must be counted: polls that fail for a while, static
// members that restart, lagscaler restarting, coordinators that move, a preferred-leader election, a broker's SIGKILL
// and its return.
func testInterruptions(t *testing.T, c *kafka.Cluster) {
	t.Helper()
	tc := open(t, c, 1, 7)
	for _, step := range []struct {
		name string
		do   func(*testCluster, *testing.T)
		none bool // the log shows no rebalance either
		move bool // coordinators move
	}{
		{"poll gap", (*testCluster).gap, false, false},
		{"static restart", (*testCluster).restartStatic, true, false},
		{"lagscaler restarts", (*testCluster).restartWatcher, true, false},
		{"coordinator moves", (*testCluster).moveCoordinators, false, true},
		{"broker killed", (*testCluster).killBroker, false, true},
	} {
		tc.began = time.Now()
		before := tc.watcher.leaderChanges()
		step.do(tc, t)
		sum := report(t, tc.compare(t))
		t.Logf("%s: %d rebalances", step.name, sum.Truths)
		if len(sum.Missed) > 0 || len(sum.False) > 0 || step.none && sum.Truths+sum.Events > 0 {
			t.Errorf("%s: %d rebalances, %d missed, %d false", step.name, sum.Truths, len(sum.Missed), len(sum.False))
		}
		if moves := tc.watcher.leaderChanges() - before; step.move != (moves > 0) {
			t.Errorf("%s: %d leader changes counted", step.name, moves)
		}
	}
}

// gap stops the polls while members join.
func (tc *testCluster) gap(t *testing.T) {
	tc.watcher.setPolls(false)
	for _, g := range tc.groups {
		g.join()
		g.fleet.AwaitAssigned(g.members[len(g.members)-1])
	}
	pause(t, 4*pollEvery)
	tc.watcher.setPolls(true)
}

func (tc *testCluster) restartStatic(t *testing.T) {
	for _, g := range tc.groups {
		if g.kind == static {
			g.restart(t, 0)
			g.fleet.AwaitAssigned(g.members[0])
		}
	}
}

func (tc *testCluster) restartWatcher(*testing.T) { tc.watcher.restart() }

// moveCoordinators stops a broker cleanly, brings it back, and gives it its partitions back.
func (tc *testCluster) moveCoordinators(t *testing.T) {
	n := tc.cluster.Node(t, tc.watcher.coordinator(t, tc.groups[0].group))
	n.Stop(t)
	tc.watcher.settle(t, 3)
	n.Start(t)
	if _, err := tc.cluster.Admin(t).ElectLeaders(t.Context(), kadm.ElectPreferredReplica, nil); err != nil {
		t.Fatalf("electing preferred leaders: %v", err)
	}
	tc.watcher.settle(t, 2)
}

func (tc *testCluster) killBroker(t *testing.T) {
	n := tc.cluster.Node(t, tc.watcher.coordinator(t, tc.groups[0].group))
	n.Kill(t)
	tc.watcher.settle(t, 6)
	n.Start(t)
	tc.watcher.settle(t, 2)
}
