package events

import (
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/internal/engine"
	"github.com/lagscaler/lagscaler/rebalancemon"
)

// report is a cluster in which each group remembers the given rebalances.
func report(groups ...rebalancemon.Events) *engine.Report {
	c := &engine.ClusterReport{Name: "main"}
	for _, events := range groups {
		c.Groups = append(c.Groups, engine.GroupReport{Rebalances: rebalancemon.Stats{Events: events}})
	}
	return &engine.Report{Clusters: []*engine.ClusterReport{c}}
}

// happened is another slice with one more rebalance, as the monitor publishes it.
func happened(before rebalancemon.Events, group string, outcome rebalancemon.Outcome) rebalancemon.Events {
	return rebalancemon.NewEvents(append(before.All(), rebalancemon.Event{
		Cluster: "main", Group: group, Start: time.Unix(int64(before.Len()), 0), Cause: rebalancemon.Deploy, Outcome: outcome, Count: 1,
	}))
}

// The rebalances of a later report are counted. The counts of a group in which nothing happened are taken over.
func TestCountsFollowReports(t *testing.T) {
	alpha := happened(rebalancemon.Events{}, "alpha", rebalancemon.Failed)
	beta := happened(happened(rebalancemon.Events{}, "beta", rebalancemon.Failed), "beta", rebalancemon.Success)
	var x Index
	before := x.countsOf(report(alpha, beta, rebalancemon.Events{}))
	alpha = happened(alpha, "alpha", rebalancemon.Success)
	after := x.countsOf(report(alpha, beta, rebalancemon.Events{}))
	if len(after) != 2 || &after[beta.Last()][0] != &before[beta.Last()][0] {
		t.Errorf("counts of %d groups, or those of a group in which nothing happened were made anew", len(after))
	}
	if got := after[alpha.Last()]; len(got) != 2 || got[0].events+got[1].events != 2 {
		t.Errorf("of two events: %+v", got)
	}
}
