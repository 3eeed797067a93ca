package api

import (
	"strings"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/internal/engine"
	"github.com/lagscaler/lagscaler/lag"
)

// What is not complete names a reason, also where no part of the poll failed; what is complete names none.
func TestNothingIsIncompleteWithoutAReason(t *testing.T) {
	quiet := func() lag.Observation {
		o := story()
		o.Errors, o.Groups = nil, o.Groups[1:]
		o.Topics[1].Partitions[3] = ends(0, 100)
		return o
	}
	for name, c := range map[string]struct {
		change func(o *lag.Observation)
		code   string // empty: complete
		detail string
	}{
		"all is known": {func(*lag.Observation) {}, "", ""},
		"the coordinator denies a group, not yet believed": {func(o *lag.Observation) {
			o.Groups[1].Err, o.Groups[1].CommitsAt, o.Groups[1].Described = lag.Unlisted, time.Time{}, false
		}, "GROUP_NOT_LISTED", "groups plain: "},
		"it is dead": {func(o *lag.Observation) {
			o.Groups[1].State, o.Groups[1].Commits = lag.Dead, nil
		}, "GROUP_NOT_LISTED", "groups plain: "},
		"a source does not mention it": {func(o *lag.Observation) { o.Groups = o.Groups[:1] }, "GROUP_NOT_LISTED", "groups plain: "},
		"its commits are missing": {func(o *lag.Observation) {
			o.Groups[1].Err, o.Groups[1].CommitsAt = lag.CommitsMissing, time.Time{}
		}, "COMMITS_MISSING", "groups plain: "},
		"a new group rebalances": {func(o *lag.Observation) {
			o.Groups = append(o.Groups, lag.GroupRead{GroupState: lag.GroupState{At: at, Group: "zoo", State: lag.PreparingRebalance}, CommitsAt: at})
		}, "REBALANCE_IN_PROGRESS", "groups zoo: "},
		"a partition has no leader, and the poll names it": {func(o *lag.Observation) {
			o.Topics[0].Partitions[0] = lag.PartitionRead{Leader: -1, Err: lag.LeaderNotAvailable}
			o.Errors = []lag.ReadError{{Stage: lag.StageOffsets, Broker: -1, Code: lag.LeaderNotAvailable, Detail: "old/0"}}
		}, "LEADER_NOT_AVAILABLE", "old/0"},
		"a partition has no leader, and nothing names it": {func(o *lag.Observation) {
			o.Topics[0].Partitions[0] = lag.PartitionRead{Leader: -1, Err: lag.LeaderNotAvailable}
		}, "LEADER_NOT_AVAILABLE", "groups orders, plain: "},
		"a group is denied, and nothing names it": {func(o *lag.Observation) {
			o.Groups[1].Err, o.Groups[1].CommitsAt, o.Groups[1].Described = lag.GroupDenied, time.Time{}, false
		}, "GROUP_AUTHORIZATION_FAILED", "groups plain: "},
	} {
		first := lag.Compute(quiet(), nil, nil)
		o := quiet()
		o.Began, o.At = o.Began.Add(10*time.Second), o.At.Add(10*time.Second)
		c.change(&o)
		s := lag.Compute(o, first, nil)
		report := &engine.ClusterReport{Name: "main", Snapshot: s}
		for i := range s.Groups {
			report.Groups = append(report.Groups, engine.GroupReport{Lag: &s.Groups[i], Summary: s.Groups[i].Summary()})
		}
		head := ClusterHead(report)
		if head.Complete != (c.code == "") || head.Complete != (len(head.Errors) == 0) {
			t.Errorf("%s: complete %v, errors %+v", name, head.Complete, head.Errors)
			continue
		}
		if !head.Complete && (len(head.Errors) != 1 || head.Errors[0].Code != c.code || !strings.HasPrefix(head.Errors[0].Detail, c.detail)) {
			t.Errorf("%s: %+v, want one %s that begins with %q", name, head.Errors, c.code, c.detail)
		}
	}
}
