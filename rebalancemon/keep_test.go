package rebalancemon

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// However the rebalances are spread over groups, all together stay within the bound, each group keeps its newest ones, a group that has no
// more than its share keeps all, and what readers hold does not change.
func TestEventsOfAllGroupsAreBounded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := New(Options{Cluster: "main"})
		all := 0
		for i, n := range rapid.SliceOfN(rapid.IntRange(0, keepEvents), 1, 20).Draw(t, "events") {
			g := &group{name: fmt.Sprint("group-", i)}
			for k := range n {
				g.stats.add(Event{Generation: int32(k), Count: 1, Outcome: Success, Cause: UnknownCause}, 0)
			}
			m.groups, all = append(m.groups, g), all+n
		}
		most := rapid.IntRange(0, 1000).Draw(t, "most")
		var before []Events
		var copies [][]Event
		for _, g := range m.groups {
			before, copies = append(before, g.stats.events), append(copies, g.stats.events.All())
		}
		m.forgetEvents(most)
		share, kept := max(leastEvents, most/len(m.groups)), 0
		for i, g := range m.groups {
			n, had := g.stats.events.Len(), len(copies[i])
			kept += n
			if !slices.Equal(before[i].All(), copies[i]) {
				t.Fatalf("what readers have of group %d has changed", i)
			}
			if want := min(had, share); all > most && n != want || all <= most && n != had {
				t.Fatalf("group %d keeps %d of %d events, its share is %d", i, n, had, share)
			}
			if !slices.Equal(g.stats.events.All(), copies[i][had-n:]) {
				t.Fatalf("group %d does not keep its newest events", i)
			}
		}
		if kept > max(most, leastEvents*len(m.groups)) {
			t.Fatalf("%d events are kept, the bound is %d", kept, most)
		}
	})
}
