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
func TestQuiet(t *testing.T) {
	for _, v := range kafka.Versions {
		t.Run(string(v), func(t *testing.T) {
			t.Parallel() // most of it is waiting
			c := kafka.Start(t, kafka.Config{Version: v})
			th := open(t, c, 1, 7)
			for _, step := range []struct {
				name string
				do   func(*theatre, *testing.T)
				none bool // the log shows no rebalance either
				move bool // coordinators move
			}{
				{"poll gap", (*theatre).gap, false, false},
				{"static restart", (*theatre).restartStatic, true, false},
				{"lagscaler restarts", (*theatre).restartWatcher, true, false},
				{"coordinator moves", (*theatre).moveCoordinators, false, true},
				{"broker killed", (*theatre).killBroker, false, true},
			} {
				th.began = time.Now()
				before := th.moves(t)
				step.do(th, t)
				sum := report(t, th.judge(t))
				t.Logf("%s: %d rebalances", step.name, sum.Truths)
				if len(sum.Missed) > 0 || len(sum.False) > 0 || step.none && sum.Truths+sum.Events > 0 {
					t.Errorf("%s: %d rebalances, %d missed, %d false", step.name, sum.Truths, len(sum.Missed), len(sum.False))
				}
				if moves := th.moves(t) - before; step.move != (moves > 0) {
					t.Errorf("%s: %d leader changes counted", step.name, moves)
				}
			}
		})
	}
}

// gap stops the polls while members join.
func (th *theatre) gap(t *testing.T) {
	th.watcher.listen(false)
	for _, s := range th.squads {
		s.join()
		s.fleet.AwaitAssigned(s.members[len(s.members)-1])
	}
	pause(t, 4*pollEvery)
	th.watcher.listen(true)
}

func (th *theatre) restartStatic(t *testing.T) {
	for _, s := range th.squads {
		if s.kind == static {
			s.bounce(t, 0)
			s.fleet.AwaitAssigned(s.members[0])
		}
	}
}

func (th *theatre) restartWatcher(*testing.T) { th.watcher.restart() }

// moveCoordinators stops a broker cleanly, brings it back, and gives it its partitions back.
func (th *theatre) moveCoordinators(t *testing.T) {
	n := th.cluster.Node(t, th.watcher.coordinator(t, th.squads[0].group))
	n.Stop(t)
	th.watcher.settle(t, 3)
	n.Start(t)
	if _, err := th.cluster.Admin(t).ElectLeaders(t.Context(), kadm.ElectPreferredReplica, nil); err != nil {
		t.Fatalf("electing preferred leaders: %v", err)
	}
	th.watcher.settle(t, 2)
}

func (th *theatre) killBroker(t *testing.T) {
	n := th.cluster.Node(t, th.watcher.coordinator(t, th.squads[0].group))
	n.Kill(t)
	th.watcher.settle(t, 6)
	n.Start(t)
	th.watcher.settle(t, 2)
}

func (th *theatre) moves(t *testing.T) uint64 {
	t.Helper()
	moves := uint64(0)
	for _, s := range th.squads {
		moves += th.watcher.stats(t, s.group).Moves
	}
	return moves
}
