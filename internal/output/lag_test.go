package output

import (
	"regexp"
	"strings"
	"testing"

	"github.com/lagscaler/lagscaler/internal/api"
)

// A commit above the end of the log has lag 0, as a group that has read everything has: the note tells them apart.
func TestNoteOfACommitAboveTheEnd(t *testing.T) {
	at := func(n int64) *int64 { return &n }
	for name, c := range map[string]struct {
		p    api.Partition
		want string
	}{
		"read":           {api.Partition{Committed: at(100), End: at(100), Lag: at(0), AboveEnd: at(0)}, ""},
		"above":          {api.Partition{Committed: at(120), End: at(100), Lag: at(0), AboveEnd: at(20)}, "20 above the end"},
		"an unknown end": {api.Partition{Committed: at(120), Error: new("LEADER_NOT_AVAILABLE")}, "LEADER_NOT_AVAILABLE"},
	} {
		if got := partitionNote(api.Group{}, c.p); got != c.want || strings.Contains(got, "above") != c.p.IsAboveEnd() {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// A group has one row. A bound is marked, and what is unknown is "-". The row of each partition names its owner.
func TestOneRowPerGroup(t *testing.T) {
	at := func(n int64) *int64 { return &n }
	text := func(s string) *string { return &s }
	members := []api.Member{{MemberID: "a", ClientID: "worker-1", Host: "/10.0.0.7"}, {MemberID: "b", ClientID: "worker-2", Host: "10.0.0.8"}}
	l := api.Lag{Clusters: []api.Cluster{{Cluster: "main", Groups: []api.Group{
		{
			Group: "bounds", State: text("Stable"), Status: text("warning"), TotalLag: at(90), Members: members, MaxLagSeconds: new(75.0), MaxAtLeast: true,
			Partitions: []api.Partition{
				{Topic: "t", Partition: 0, Committed: at(1), End: at(21), Lag: at(20), Owner: text("a")},
				{Topic: "t", Partition: 1, Committed: at(1), End: at(71), Lag: at(70), Owner: text("b")},
				{Topic: "t", Partition: 2, Error: text("LEADER_NOT_AVAILABLE")},
				{Topic: "old", Partition: 0, Committed: at(1), End: at(99), Lag: at(98), Orphaned: true},
			},
		},
		{
			Group: "notes", State: text("Stable"), Status: text("stalled"), TotalLag: at(3), Complete: true, Members: members, MaxAtMost: new(60.0),
			Partitions: []api.Partition{
				{Topic: "t", Partition: 0, Committed: at(1), End: at(4), Lag: at(3), Lost: at(5), Stand: text("stalled")},
				{Topic: "t", Partition: 1, Committed: at(4), End: at(4), Lag: at(0), Lost: at(2)},
				{Topic: "t", Partition: 2, End: at(9)},
				{Topic: "t", Partition: 3, End: at(9)},
			},
		},
		{Group: "unread", Error: text("GROUP_AUTHORIZATION_FAILED"), MembersUnknown: true},
	}}}}
	for name, c := range map[string]struct {
		r    Reading
		want []string
	}{
		"groups": {Reading{Timed: true}, []string{
			"GROUP STATUS LAG WORST PARTITION TIME LAG STATE MEMBERS NOTE",
			"bounds warning >=90 t-1 (70) >=1m15s Stable 2 1 partition: LEADER_NOT_AVAILABLE, 1 partition: orphaned",
			"notes stalled 3 t-0 (3) <=1m0s Stable 2 7 records lost, 1 partition: stalled, 2 partitions: never committed",
			"unread - - - - - - GROUP_AUTHORIZATION_FAILED",
		}},
		"without a history": {Reading{}, []string{
			"GROUP LAG WORST PARTITION STATE MEMBERS NOTE",
			"bounds >=90 t-1 (70) Stable 2 1 partition: LEADER_NOT_AVAILABLE, 1 partition: orphaned",
			"notes 3 t-0 (3) Stable 2 7 records lost, 1 partition: stalled, 2 partitions: never committed",
			"unread - - - - GROUP_AUTHORIZATION_FAILED",
		}},
		"partitions": {Reading{Partitions: true}, []string{
			"GROUP STATE MEMBERS TOPIC PARTITION COMMITTED END LAG OWNER NOTE",
			"bounds Stable 2 t 0 1 21 20 worker-1@10.0.0.7 -",
			"bounds Stable 2 t 1 1 71 70 worker-2@10.0.0.8 -",
			"bounds Stable 2 t 2 - - - - LEADER_NOT_AVAILABLE",
			"bounds Stable 2 old 0 1 99 98 - orphaned",
			"notes Stable 2 t 0 1 4 3 - 5 lost, stalled",
			"notes Stable 2 t 1 4 4 0 - 2 lost",
			"notes Stable 2 t 2 - 9 - - never committed",
			"notes Stable 2 t 3 - 9 - - never committed",
			"unread - - - - - - - - GROUP_AUTHORIZATION_FAILED",
		}},
	} {
		var out strings.Builder
		f := LagTable
		if err := f.Print(&out, l, c.r); err != nil {
			t.Fatal(err)
		}
		got := strings.Split(strings.TrimSpace(regexp.MustCompile(` {2,}`).ReplaceAllString(out.String(), " ")), "\n")
		for i := range max(len(got), len(c.want)) {
			if i >= len(got) || i >= len(c.want) || strings.TrimSpace(got[i]) != c.want[i] {
				t.Errorf("%s:\n%s", name, out.String())
				break
			}
		}
	}
}

// Labels that say whose a group is have a column each, if a group has one.
func TestColumnsOfOwners(t *testing.T) {
	l := api.Lag{Clusters: []api.Cluster{{Cluster: "main", Groups: []api.Group{
		{Group: "a", Labels: api.Labels{"team": "shop", "product": "web"}}, {Group: "b", Labels: api.Labels{"team": "pay\tments"}}, {Group: "c"},
	}}}}
	var b strings.Builder
	format := LagTable
	if err := format.Print(&b, l, Reading{}); err != nil {
		t.Fatal(err)
	}
	want := []string{"GROUP PRODUCT TEAM LAG", "a web shop -", `b - pay\tments -`, "c - - -"}
	for i, line := range strings.Split(strings.TrimSpace(b.String()), "\n") {
		if got := strings.Join(strings.Fields(line), " "); !strings.HasPrefix(got, want[i]) {
			t.Errorf("%q, want it to begin with %q", got, want[i])
		}
	}
}
