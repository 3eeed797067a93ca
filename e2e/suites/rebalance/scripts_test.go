package rebalance_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/e2e/servers/kafka"
	"github.com/lagscaler/lagscaler/e2e/servers/kafka/compare"
	"github.com/lagscaler/lagscaler/e2e/servers/kafka/coordlog"
)

// kindsOf are the kinds of group that a version knows.
func kindsOf(v kafka.Version) []kind {
	kinds := []kind{eager, cooperative, static}
	if v == kafka.V43 {
		kinds = append(kinds, kip848)
	}
	return kinds
}

// testCluster is a cluster with groups on it, watched.
type testCluster struct {
	cluster *kafka.Cluster
	fleet   *kafka.Fleet
	groups  []*javaGroup
	watcher *watcher
	began   time.Time
}

// open forms the groups, begins to watch, and lets the watcher see them at rest.
func open(t *testing.T, c *kafka.Cluster, each int, seed uint64) *testCluster {
	t.Helper()
	tc := &testCluster{cluster: c, fleet: c.Fleet(t)}
	for i := range each {
		for _, k := range kindsOf(c.Version) {
			tc.groups = append(tc.groups, newJavaGroup(t, c, tc.fleet, k, seed+uint64(1000*i+len(tc.groups))))
		}
	}
	tc.form(3)
	tc.awaitRest(t)
	tc.watcher = watch(t, c)
	tc.watcher.settle(t, 3)
	tc.began = time.Now()
	return tc
}

// form has the first members join, one by one, so that one always rejoins and tells the generation.
func (tc *testCluster) form(members int) {
	for range members {
		for _, g := range tc.groups {
			g.join()
		}
		for _, g := range tc.groups {
			g.fleet.AwaitAssigned(g.members[len(g.members)-1])
		}
	}
}

// awaitRest waits until no rebalance is under way and none has begun for a while.
func (tc *testCluster) awaitRest(t *testing.T) {
	t.Helper()
	await(t, "the groups to come to rest", func() error {
		for _, g := range tc.groups {
			for _, r := range tc.cluster.Rebalances(t, g.group) {
				if r.Outcome == coordlog.Running || time.Since(r.End) < 3*time.Second {
					return fmt.Errorf("%s is still at generation %d, since %s", g.group, r.Epoch, compare.Clock(r.Start))
				}
			}
		}
		return nil
	})
}

// run disturbs the groups by turns.
func (tc *testCluster) run(t *testing.T, d time.Duration) {
	t.Helper()
	for i, g := range tc.groups {
		g.due = time.Now().Add(time.Duration(i) * 300 * time.Millisecond)
	}
	for end := time.Now().Add(d); time.Now().Before(end); {
		next := tc.groups[0]
		for _, g := range tc.groups {
			if g.due.Before(next.due) {
				next = g
			}
		}
		pause(t, time.Until(next.due))
		next.disturb(t)
	}
}

// runScripts has the groups do what their scripts say.
func (tc *testCluster) runScripts(t *testing.T, scripts map[kind][]string) {
	t.Helper()
	for _, g := range tc.groups {
		g.script, g.due = scripts[g.kind], time.Now()
	}
	for {
		var next *javaGroup
		for _, g := range tc.groups {
			if len(g.script) > 0 && (next == nil || g.due.Before(next.due)) {
				next = g
			}
		}
		if next == nil {
			return
		}
		pause(t, time.Until(next.due))
		next.disturb(t)
	}
}

// compare waits until all is quiet and reported, and compares.
func (tc *testCluster) compare(t *testing.T) map[kind]*compare.Comparison {
	t.Helper()
	for _, g := range tc.groups {
		pause(t, time.Until(g.quiet))
	}
	all := tc.settled(t)
	comparisons := map[kind]*compare.Comparison{}
	for _, g := range tc.groups {
		var mine []coordlog.Rebalance
		for _, r := range all {
			if r.Group == g.group {
				mine = append(mine, r)
			}
		}
		if comparisons[g.kind] == nil {
			comparisons[g.kind] = &compare.Comparison{}
		}
		v := compare.Compare(compare.Truths(mine, tc.began, g.hung), tc.watcher.eventsSince(g.group, tc.began), pollEvery, sampleEvery)
		comparisons[g.kind].Add(v)
		if len(v.Missed)+len(v.False)+len(v.Wrong)+len(v.Far) > 0 {
			t.Logf("%s, %s: done %q", g.group, g.kind, g.log)
		}
	}
	return comparisons
}

// settled waits until no rebalance has begun while the watcher took in the last, and returns all of them. Some come late: a member
// that joins and dies at once is put out when its time to take an assignment is over.
func (tc *testCluster) settled(t *testing.T) []coordlog.Rebalance {
	t.Helper()
	for {
		tc.awaitRest(t)
		rested := time.Now()
		tc.watcher.settle(t, 3)
		all := coordlog.Rebalances(tc.cluster.Records(t))
		if !slices.ContainsFunc(all, func(r coordlog.Rebalance) bool { return r.Start.After(rested) }) {
			return all
		}
	}
}

// report logs what a run found.
func report(t *testing.T, comparisons map[kind]*compare.Comparison) compare.Comparison {
	t.Helper()
	var sum compare.Comparison
	for _, k := range []kind{eager, cooperative, static, kip848} {
		v, ok := comparisons[k]
		if !ok {
			continue
		}
		t.Logf("%-20s %3d rebalances in %3d events; missed %d (and %d where nobody stayed), false %d; causes right %d, unknown %d, wrong %d, unclear %d; durations near %d, far %d, worst %v",
			k, v.Truths, v.Events, len(v.Missed), v.Excused, len(v.False), v.Right, len(v.Unknown), len(v.Wrong), v.Unclear, v.Near, len(v.Far), v.Worst)
		sum.Add(*v)
	}
	for _, list := range []struct {
		what  string
		lines []string
	}{{"missed", sum.Missed}, {"false", sum.False}, {"wrong cause", sum.Wrong}, {"unknown cause", sum.Unknown}, {"far", sum.Far}} {
		for _, line := range list.lines {
			t.Logf("%s: %s", list.what, line)
		}
	}
	return sum
}

// TestRebalances has each version's cluster of brokers, which starts once for both parts.
func TestRebalances(t *testing.T) {
	for _, v := range kafka.Heavy(kafka.Logged, kafka.V43) {
		t.Run(string(v), func(t *testing.T) {
			t.Parallel() // most of it is waiting
			c := kafka.Start(t, kafka.Config{Version: v})
			t.Run("scripts", func(t *testing.T) { testScripts(t, c) })
			t.Run("interruptions", func(t *testing.T) { testInterruptions(t, c) }) // the last: it kills a broker
		})
	}
}

// What may happen to a group, several groups side by side: no rebalance is missed in which a member stayed, and none
// is made up.
func testScripts(t *testing.T, c *kafka.Cluster) {
	t.Helper()
	scripts := map[kind][]string{
		eager:       {"join", "restart", "vanish"},
		cooperative: {"join twice", "leave", "hang"},
		static:      {"restart", "join", "vanish"},
		kip848:      {"join", "leave", "restart", "vanish"},
	}
	tc := open(t, c, 1, 1)
	tc.runScripts(t, scripts)
	sum := report(t, tc.compare(t))
	if least := 3 * len(tc.groups); sum.Truths < least {
		t.Errorf("only %d rebalances happened, not %d, so this shows little", sum.Truths, least)
	}
	if len(sum.Missed) > 0 || len(sum.False) > 0 {
		t.Errorf("%d missed, %d false", len(sum.Missed), len(sum.False))
	}
}
