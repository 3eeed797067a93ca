package scaler

import (
	"testing"

	"github.com/lagscaler/lagscaler/scaler/need"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

// The replicas that can have work, of several sources: those of the source that can use most. One without a limit takes it from all.
func TestLimitsOfSeveralSources(t *testing.T) {
	group := func(useful, elsewhere, shareMembers int32) facts {
		return facts{need: &need.Need{Useful: useful, MaxShareMembers: shareMembers}, members: seen.Members{PerReplica: 2, Elsewhere: elsewhere}}
	}
	for _, c := range []struct {
		name           string
		sources        []facts
		useful, shared int32
	}{
		{"one partition", []facts{group(1, 0, 0)}, 1, 0},
		{"two partitions in a replica", []facts{group(2, 0, 0)}, 1, 0},
		{"three partitions", []facts{group(3, 0, 0)}, 2, 0},
		{"another source has more", []facts{group(3, 0, 0), group(9, 0, 0)}, 5, 0},
		{"another source has fewer", []facts{group(9, 0, 0), group(1, 0, 0)}, 5, 0},
		{"members elsewhere could have all", []facts{group(3, 3, 0)}, 0, 0},
		{"twin: all but one", []facts{group(3, 2, 0)}, 1, 0},
		{"of another source nothing is known", []facts{group(9, 0, 0), group(0, 0, 0)}, 0, 0},
		{"a share group", []facts{group(0, 0, 7)}, 0, 4},
		{"a share group beside one partition", []facts{group(0, 0, 7), group(1, 0, 0)}, 0, 4},
		{"a share group beside many partitions", []facts{group(0, 0, 7), group(20, 0, 0)}, 0, 10},
		{"a share group beside a group without a limit", []facts{group(0, 0, 7), group(0, 0, 0)}, 0, 0},
		{"a share group with members elsewhere", []facts{group(0, 6, 7)}, 0, 1},
	} {
		if useful, shared := mostUseful(c.sources), shareGroupReplicas(&Policy{}, c.sources); useful != c.useful || shared != c.shared {
			t.Errorf("%s: %d replicas can have a partition, and %d be members of a share group; want %d, %d", c.name, useful, shared, c.useful, c.shared)
		}
	}
}

// Fewer replicas would do when both ways of counting say so, and only for the capacity plan.
func TestFewerWouldDo(t *testing.T) {
	for _, c := range []struct {
		kind              PolicyKind
		current, up, down int32
		fewer             bool
	}{
		{Capacity, 3, 2, 2, true},
		{Capacity, 3, 3, 2, false},
		{Capacity, 3, 2, 3, false},
		{Capacity, 3, 4, 4, false},
		{Thresholds, 3, 2, 2, false},
	} {
		f := &facts{policy: &Policy{Kind: c.kind}, current: c.current, up: c.up, down: c.down}
		if got := f.fewerWouldDo(); got != c.fewer {
			t.Errorf("%+v: %v", c, got)
		}
	}
}

// A group without members matters while replicas are ready that should be its members; at zero their pods are about to go.
func TestNoMembers(t *testing.T) {
	for _, c := range []struct {
		current, ready int32
		members        int32
		holds          bool
	}{
		{3, 3, 0, true}, {1, 1, 0, true}, {3, 0, 0, false}, {0, 1, 0, false}, {3, 3, 1, false},
	} {
		f := &facts{current: c.current, target: &seen.Workload{Ready: c.ready}, need: &need.Need{Members: c.members}}
		if _, holds := f.noMembers(); holds != c.holds {
			t.Errorf("%+v: %v", c, holds)
		}
	}
}
