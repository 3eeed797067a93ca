package metrics

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/lagscaler/lagscaler/internal/engine"
)

func shown(a admitted) []string {
	var names []string
	for _, g := range a.groups {
		names = append(names, g.lag.Group)
	}
	return names
}

// rename gives a one-group-per-name Report.
func named(names ...string) *engine.Report {
	r := (&fleet{name: "main", groups: len(names), topics: 1, partitions: 2}).report(2)
	for i, name := range names {
		r.Clusters[0].Groups[i].Lag.Group = name
	}
	return r
}

// A group that is in stays in when others come before it in the alphabet; a declared one always comes in.
func TestMaxGroups(t *testing.T) {
	l := newLimiter()
	admit := func(r *engine.Report, declared ...string) []string {
		views := groupViews(r, r.Clusters[0])
		for _, v := range views {
			v.slo.Declared = slices.Contains(declared, v.lag.Group)
		}
		return shown(l.admit(views, &Filter{MaxGroups: 2}))
	}
	for _, step := range []struct {
		groups, declared, want []string
		dropped                uint64
	}{
		{groups: []string{"b", "d"}, want: []string{"b", "d"}},
		{groups: []string{"a", "b", "c", "d"}, want: []string{"b", "d"}, dropped: 2},
		{groups: []string{"a", "c", "d"}, want: []string{"a", "d"}, dropped: 3},
		{groups: []string{"a", "c", "d", "z"}, declared: []string{"z"}, want: []string{"a", "d", "z"}, dropped: 4},
		{groups: []string{"a", "b", "c", "d", "z"}, want: []string{"a", "d", "z"}, dropped: 6},
	} {
		if got := admit(named(step.groups...), step.declared...); !slices.Equal(got, step.want) {
			t.Errorf("of %v shown %v, want %v", step.groups, got, step.want)
		}
		if got := l.dropped["main"][dropMaxGroups]; got != step.dropped {
			t.Errorf("of %v dropped %d, want %d", step.groups, got, step.dropped)
		}
	}
}

// A group without room is left out whole; one that is in loses its partitions before it goes itself.
func TestMaxSeries(t *testing.T) {
	r := (&fleet{name: "main", groups: 3, topics: 1, partitions: 2}).report(2)
	views := groupViews(r, r.Clusters[0])
	own := count(groupTable, views[0])
	const detail = 8 // two partitions with four series each
	for room, want := range map[int]struct {
		groups, series                int
		droppedSeries, droppedDetails uint64
	}{
		0:                 {groups: 3, series: 3*own + 3*detail},
		3*own + 2*detail:  {groups: 3, series: 3*own + 2*detail, droppedDetails: 1},
		3*own - 1:         {groups: 2, series: 2*own + 2*detail, droppedSeries: 1},
		own + detail:      {groups: 1, series: own + detail, droppedSeries: 2},
		own - 1:           {droppedSeries: 3},
		3*own + 3*detail:  {groups: 3, series: 3*own + 3*detail},
		2*own + detail/2:  {groups: 2, series: 2 * own, droppedSeries: 1, droppedDetails: 2},
		10*own + 9*detail: {groups: 3, series: 3*own + 3*detail},
	} {
		l := newLimiter()
		a := l.admit(views, &Filter{Partitions: all, MaxSeries: room})
		if len(a.groups) != want.groups || a.series != want.series {
			t.Errorf("room %d: %d groups, %d series; want %+v", room, len(a.groups), a.series, want)
		}
		if d := l.dropped["main"]; d[dropMaxSeries] != want.droppedSeries || d[dropDetail] != want.droppedDetails {
			t.Errorf("room %d: dropped %v, want %+v", room, d, want)
		}
	}
}

// The page says how many series it has and what it left out, and counts once a Report, not once a scrape.
func TestDropsAreCounted(t *testing.T) {
	r := (&fleet{name: "main", groups: 5, topics: 1, partitions: 2}).report(2)
	p := page(r, Filter{MaxGroups: 2})
	scrape(t, p, map[string]string{"Accept-Encoding": "gzip"})
	got := text(t, p)
	for _, want := range []string{
		`lagscaler_groups{kafka_cluster="main"} 5`,
		`lagscaler_groups_dropped_total{kafka_cluster="main",reason="max_groups"} 3`,
		`lagscaler_groups_dropped_total{kafka_cluster="main",reason="max_series"} 0`,
		`lagscaler_duplicate_groups_total{kafka_cluster="main"} 1`,
		fmt.Sprintf("lagscaler_series %d", strings.Count(got, `group="`)),
	} {
		if !strings.Contains(got, want+"\n") {
			t.Errorf("missing %s", want)
		}
	}
}

// Names that Prometheus would choke on.
func TestAwkwardNames(t *testing.T) {
	r := named("\"quoted\"", "a\nb", "bad\xff", "with space", "ünïcode")
	got := text(t, page(r, Filter{}))
	for _, want := range []string{`group="\"quoted\""`, `group="a\nb"`, "group=\"bad\uFFFD\"", `group="with space"`, `group="ünïcode"`} {
		if !strings.Contains(got, "lagscaler_group_lag_records{kafka_cluster=\"main\","+want) {
			t.Errorf("missing %s", want)
		}
	}
}

// A Report that follows from a poll of another cluster does not count dropped groups again.
func TestDroppedGroupsAreCountedOncePerPoll(t *testing.T) {
	a, b := &fleet{name: "a", groups: 2, topics: 1, partitions: 1}, &fleet{name: "b", groups: 2, topics: 1, partitions: 1}
	r := a.report(2)
	r.Clusters = append(r.Clusters, b.report(2).Clusters...)
	p := New(Options{Latest: func() *engine.Report { return r }, Filter: Filter{MaxGroups: 1}})
	p.views()
	next := *r
	next.Clusters = []*engine.ClusterReport{a.report(1).Clusters[0], r.Clusters[1]}
	r = &next
	p.views()
	for cluster, want := range map[string]uint64{"a": 2, "b": 2} {
		if got := p.limiter.dropped[cluster][dropMaxGroups]; got != want {
			t.Errorf("cluster %s: dropped %d, want %d", cluster, got, want)
		}
	}
}
