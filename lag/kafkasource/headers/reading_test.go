package headers

import (
	"testing"

	"github.com/lagscaler/lagscaler/lag"
)

// Only a partition of which this poll read the commit and the end has a place, and only if something lies between them.
func TestPlace(t *testing.T) {
	d := lag.Doubt{Group: "shop", Topic: "orders"}
	for name, c := range map[string]struct {
		change func(*lag.GroupRead, *lag.PartitionCommit, *lag.TopicRead)
		ok     bool
		end    int64
	}{
		"read":                            {func(*lag.GroupRead, *lag.PartitionCommit, *lag.TopicRead) {}, true, 20},
		"only committed records are read": {func(g *lag.GroupRead, _ *lag.PartitionCommit, _ *lag.TopicRead) { g.ReadCommitted = true }, true, 15},
		"the last stable offset is not known": {func(g *lag.GroupRead, _ *lag.PartitionCommit, r *lag.TopicRead) {
			g.ReadCommitted = true
			r.Partitions[0].Known &^= lag.KnownStable
		}, false, 0},
		"the group is not read":       {func(g *lag.GroupRead, _ *lag.PartitionCommit, _ *lag.TopicRead) { g.Err = lag.CoordinatorLoading }, false, 0},
		"another group":               {func(g *lag.GroupRead, _ *lag.PartitionCommit, _ *lag.TopicRead) { g.Group = "shop2" }, false, 0},
		"the commit is not read":      {func(_ *lag.GroupRead, p *lag.PartitionCommit, _ *lag.TopicRead) { p.Err = lag.TopicDenied }, false, 0},
		"a commit of another one":     {func(_ *lag.GroupRead, p *lag.PartitionCommit, _ *lag.TopicRead) { p.Partition = 1 }, false, 0},
		"a share group":               {func(_ *lag.GroupRead, p *lag.PartitionCommit, _ *lag.TopicRead) { p.Known = lag.KnownLag }, false, 0},
		"the topic is gone":           {func(_ *lag.GroupRead, _ *lag.PartitionCommit, r *lag.TopicRead) { r.Name = "other" }, false, 0},
		"made anew, with fewer":       {func(_ *lag.GroupRead, _ *lag.PartitionCommit, r *lag.TopicRead) { r.Partitions = nil }, false, 0},
		"no leader":                   {func(_ *lag.GroupRead, _ *lag.PartitionCommit, r *lag.TopicRead) { r.Partitions[0].Leader = -1 }, false, 0},
		"the end is not read":         {func(_ *lag.GroupRead, _ *lag.PartitionCommit, r *lag.TopicRead) { r.Partitions[0].Known = 0 }, false, 0},
		"nothing behind the commit":   {func(_ *lag.GroupRead, p *lag.PartitionCommit, _ *lag.TopicRead) { p.Offset = 20 }, false, 0},
		"above the end":               {func(_ *lag.GroupRead, p *lag.PartitionCommit, _ *lag.TopicRead) { p.Offset = 30 }, false, 0},
		"retention removed all of it": {func(_ *lag.GroupRead, _ *lag.PartitionCommit, r *lag.TopicRead) { r.Partitions[0].Start = 20 }, false, 0},
	} {
		g := lag.GroupRead{GroupState: lag.GroupState{Group: "shop"}, Commits: []lag.TopicCommits{
			{Topic: "orders", Partitions: []lag.PartitionCommit{{Offset: 10, Known: lag.KnownCommitted}}},
		}}
		r := lag.TopicRead{Name: "orders", Partitions: []lag.PartitionRead{{Start: 0, End: 20, Stable: 15, Known: lag.KnownStart | lag.KnownEnd | lag.KnownStable}}}
		c.change(&g, &g.Commits[0].Partitions[0], &r)
		at, ok := reading{[]lag.GroupRead{g}, []lag.TopicRead{r}}.place(d)
		if ok != c.ok || ok && at.end != c.end {
			t.Errorf("%s: %+v, %v", name, at, ok)
		}
	}
}
