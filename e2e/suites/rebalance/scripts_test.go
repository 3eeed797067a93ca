package rebalance_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/e2e/servers/kafka"
	"github.com/lagscaler/lagscaler/e2e/servers/kafka/coordlog"
)

func TestMain(m *testing.M) {
	defer kafka.CloseShared()
	m.Run()
}

// kindsOf are the kinds of group that a version knows.
func kindsOf(v kafka.Version) []kind {
	kinds := []kind{eager, cooperative, static}
	if v == kafka.V43 {
		kinds = append(kinds, kip848)
	}
	return kinds
}

// theatre is a cluster with groups on it, watched.
type theatre struct {
	cluster *kafka.Cluster
	fleet   *kafka.Fleet
	squads  []*squad
	watcher *watcher
	began   time.Time
}

// open forms the groups, begins to watch, and lets the watcher see them at rest.
func open(t *testing.T, c *kafka.Cluster, each int, seed uint64) *theatre {
	t.Helper()
	th := &theatre{cluster: c, fleet: c.Fleet(t)}
	for i := range each {
		for _, k := range kindsOf(c.Version) {
			th.squads = append(th.squads, newSquad(t, c, th.fleet, k, seed+uint64(1000*i+len(th.squads))))
		}
	}
	th.form(3)
	th.rest(t)
	th.watcher = watch(t, c)
	th.watcher.settle(t, 3)
	th.began = time.Now()
	return th
}

// form has the first members join, one by one, so that one always rejoins and tells the generation.
func (th *theatre) form(members int) {
	for range members {
		for _, s := range th.squads {
			s.join()
		}
		for _, s := range th.squads {
			s.fleet.AwaitAssigned(s.members[len(s.members)-1])
		}
	}
}

// rest waits until no rebalance is under way and none has begun for a while.
func (th *theatre) rest(t *testing.T) {
	t.Helper()
	await(t, "the groups to come to rest", func() error {
		for _, s := range th.squads {
			for _, r := range th.cluster.Rebalances(t, s.group) {
				if r.Outcome == coordlog.Running || time.Since(r.End) < 3*time.Second {
					return fmt.Errorf("%s is still at generation %d, since %s", s.group, r.Epoch, clock(r.Start))
				}
			}
		}
		return nil
	})
}

// run disturbs the groups by turns.
func (th *theatre) run(t *testing.T, d time.Duration) {
	t.Helper()
	for i, s := range th.squads {
		s.due = time.Now().Add(time.Duration(i) * 300 * time.Millisecond)
	}
	for end := time.Now().Add(d); time.Now().Before(end); {
		next := th.squads[0]
		for _, s := range th.squads {
			if s.due.Before(next.due) {
				next = s
			}
		}
		pause(t, time.Until(next.due))
		next.disturb(t)
	}
}

// perform has the groups do what their scripts say.
func (th *theatre) perform(t *testing.T, scripts map[kind][]string) {
	t.Helper()
	for _, s := range th.squads {
		s.script, s.due = scripts[s.kind], time.Now()
	}
	for {
		var next *squad
		for _, s := range th.squads {
			if len(s.script) > 0 && (next == nil || s.due.Before(next.due)) {
				next = s
			}
		}
		if next == nil {
			return
		}
		pause(t, time.Until(next.due))
		next.disturb(t)
	}
}

// judge waits until all is quiet and told, and compares.
func (th *theatre) judge(t *testing.T) map[kind]*verdict {
	t.Helper()
	for _, s := range th.squads {
		pause(t, time.Until(s.quiet))
	}
	all := th.settled(t)
	verdicts := map[kind]*verdict{}
	for _, s := range th.squads {
		var mine []coordlog.Rebalance
		for _, r := range all {
			if r.Group == s.group {
				mine = append(mine, r)
			}
		}
		if verdicts[s.kind] == nil {
			verdicts[s.kind] = &verdict{}
		}
		v := judge(truths(mine, th.began, s), th.watcher.told(s.group, th.began))
		verdicts[s.kind].add(v)
		if len(v.Missed)+len(v.False)+len(v.Wrong)+len(v.Far) > 0 {
			t.Logf("%s, %s: done %q", s.group, s.kind, s.log)
		}
	}
	return verdicts
}

// settled waits until no rebalance has begun while the watcher took in the last, and returns all of them. Some come late: a member
// that joins and dies at once is put out when its time to take an assignment is over.
func (th *theatre) settled(t *testing.T) []coordlog.Rebalance {
	t.Helper()
	for {
		th.rest(t)
		rested := time.Now()
		th.watcher.settle(t, 3)
		all := coordlog.Rebalances(th.cluster.Records(t))
		if !slices.ContainsFunc(all, func(r coordlog.Rebalance) bool { return r.Start.After(rested) }) {
			return all
		}
	}
}

// report logs what a run found.
func report(t *testing.T, verdicts map[kind]*verdict) verdict {
	t.Helper()
	var sum verdict
	for _, k := range []kind{eager, cooperative, static, kip848} {
		v, ok := verdicts[k]
		if !ok {
			continue
		}
		t.Logf("%-20s %3d rebalances in %3d events; missed %d (and %d where nobody stayed), false %d; causes right %d, unknown %d, wrong %d, unclear %d; durations near %d, far %d, worst %v",
			k, v.Truths, v.Events, len(v.Missed), v.Excused, len(v.False), v.Right, len(v.Unknown), len(v.Wrong), v.Unclear, v.Near, len(v.Far), v.Worst)
		sum.add(*v)
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

// What may happen to a group, several groups side by side: no rebalance is missed in which a member stayed, and none
// is made up.
func TestShort(t *testing.T) {
	scripts := map[kind][]string{
		eager:       {"join", "bounce", "vanish"},
		cooperative: {"burst", "leave", "hang"},
		static:      {"bounce", "join", "vanish"},
		kip848:      {"join", "leave", "bounce", "vanish"},
	}
	kafka.EachVersion(t, func(t *testing.T, c *kafka.Cluster) {
		th := open(t, c, 1, 1)
		th.perform(t, scripts)
		sum := report(t, th.judge(t))
		if least := 3 * len(th.squads); sum.Truths < least {
			t.Errorf("only %d rebalances happened, not %d, so this shows little", sum.Truths, least)
		}
		if len(sum.Missed) > 0 || len(sum.False) > 0 {
			t.Errorf("%d missed, %d false", len(sum.Missed), len(sum.False))
		}
	})
}
