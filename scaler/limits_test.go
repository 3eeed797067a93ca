package scaler

import (
	"slices"
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

// Each limit by itself: what it makes of the replicas that the verdict asks for while five run.
func TestEachLimit(t *testing.T) {
	two := int32(2)
	for _, c := range []struct {
		reason   Reason
		set      func(f *limitFacts)
		from, to int32
	}{
		{PartitionLimit, func(*limitFacts) {}, 9, 9}, // no limit is known
		{PartitionLimit, func(f *limitFacts) { f.useful = 7 }, 9, 7},
		{PartitionLimit, func(f *limitFacts) { f.useful = 7 }, 6, 6},
		{PartitionLimit, func(f *limitFacts) { f.useful = 3 }, 9, 5}, // what runs is not taken away
		{PartitionLimit, func(f *limitFacts) { f.useful = 3 }, 4, 4},
		{ShareGroupLimit, func(*limitFacts) {}, 9, 9},
		{ShareGroupLimit, func(f *limitFacts) { f.shared = 7 }, 9, 7},
		{ShareGroupLimit, func(f *limitFacts) { f.shared = 7 }, 6, 6},
		{ShareGroupLimit, func(f *limitFacts) { f.shared = 3 }, 9, 5},
		{ShareGroupLimit, func(f *limitFacts) { f.shared = 3 }, 4, 4},
		{Schedule, func(f *limitFacts) { f.scheduled = 7 }, 6, 7},
		{Schedule, func(f *limitFacts) { f.scheduled = 7 }, 8, 8},
		{MinReplicas, func(f *limitFacts) { f.policy.MinReplicas = 3 }, 2, 3},
		{MinReplicas, func(f *limitFacts) { f.policy.MinReplicas = 3 }, 4, 4},
		{MaxReplicas, func(*limitFacts) {}, 9, 9},
		{MaxReplicas, func(f *limitFacts) { f.policy.MaxReplicas = 7 }, 9, 7},
		{MaxReplicas, func(f *limitFacts) { f.policy.MaxReplicas = 7 }, 6, 6},
		{MaxReplicas, func(f *limitFacts) { f.policy.MaxReplicas = 4 }, 5, 4},
		{PauseScaleIn, func(f *limitFacts) { f.target.PauseScaleIn = true }, 4, 5},
		{PauseScaleIn, func(f *limitFacts) { f.target.PauseScaleIn = true }, 6, 6},
		{PauseScaleIn, func(f *limitFacts) { f.target.PauseScaleOut = true }, 4, 4},
		{PauseScaleOut, func(f *limitFacts) { f.target.PauseScaleOut = true }, 6, 5},
		{PauseScaleOut, func(f *limitFacts) { f.target.PauseScaleOut = true }, 4, 4},
		{PauseScaleOut, func(f *limitFacts) { f.target.PauseScaleIn = true }, 6, 6},
		{FixedReplicas, func(f *limitFacts) { f.target.FixedReplicas = &two }, 9, 2},
		{FixedReplicas, func(*limitFacts) {}, 9, 9},
	} {
		f := limitFacts{policy: &Policy{}, target: &seen.Workload{}, current: 5}
		c.set(&f)
		row := slices.IndexFunc(limits, func(l limitRule) bool { return l.reason == c.reason })
		if row < 0 {
			t.Fatalf("%s is no limit", c.reason)
		}
		if to := limits[row].to(&f, c.from); to != c.to {
			t.Errorf("%s: %d becomes %d, want %d: %+v", c.reason, c.from, to, c.to, f)
		}
	}
}

// Limits are applied one after the other, and each that changes the number is a step. A target that is not there has none, and what
// somebody stopped is resumed by neither minReplicas nor a schedule, but by the annotation that fixes its size.
func TestLimitsInOrder(t *testing.T) {
	three := int32(3)
	facts := func(set func(f *limitFacts)) limitFacts {
		f := limitFacts{policy: &Policy{MinReplicas: 2, MaxReplicas: 6}, target: &seen.Workload{}, current: 5, useful: 8, consumers: 16, scheduled: 4}
		set(&f)
		return f
	}
	for _, c := range []struct {
		name            string
		verdict         Reason
		wanted, desired int32
		set             func(f *limitFacts)
		steps           []Reason
	}{
		{"above two limits", ScaleUp, 12, 6, func(*limitFacts) {}, []Reason{PartitionLimit, MaxReplicas}},
		{"below minReplicas", ScaleDown, 1, 4, func(f *limitFacts) { f.scheduled = 0; f.policy.MinReplicas = 4 }, []Reason{MinReplicas}},
		{"below the schedule", ScaleDown, 1, 4, func(*limitFacts) {}, []Reason{Schedule}},
		{"within", ScaleDown, 4, 4, func(*limitFacts) {}, nil},
		{"no target", TargetNotFound, 0, 0, func(*limitFacts) {}, nil},
		{"a zero by hand", ZeroByHand, 0, 0, func(f *limitFacts) { f.current = 0 }, nil},
		{"a zero by hand, and records wait", ZeroByHandWaiting, 0, 0, func(f *limitFacts) { f.current = 0 }, nil},
		{"a zero by hand, and a fixed size", ZeroByHand, 0, 3, func(f *limitFacts) { f.current, f.target.FixedReplicas = 0, &three }, []Reason{FixedReplicas}},
	} {
		f := facts(c.set)
		d := limit(Decision{Current: f.current, Wanted: c.wanted, Verdict: c.verdict}, f)
		var steps []Reason
		at := c.wanted
		for _, s := range d.Steps {
			if s.From != at || s.To == s.From {
				t.Errorf("%s: step %+v after %d", c.name, s, at)
			}
			at, steps = s.To, append(steps, s.Reason)
		}
		if d.Desired != c.desired || at != c.desired || !slices.Equal(steps, c.steps) {
			t.Errorf("%s: %d by %v, want %d by %v", c.name, d.Desired, steps, c.desired, c.steps)
		}
		if want := (Bounds{Min: max(f.policy.MinReplicas, f.scheduled), Max: 6, Consumers: 16, Replicas: 8}); d.Bounds != want {
			t.Errorf("%s: bounds %+v, want %+v", c.name, d.Bounds, want)
		}
	}
}

// The default limit of share groups counts only where the user has set none; one that was declared, or read, always does.
func TestWhichShareGroupLimitCounts(t *testing.T) {
	for _, c := range []struct {
		name           string
		most           int32
		declared, read bool
		shared         int32
	}{
		{"assumed", 0, false, false, 7},
		{"twin: assumed beside maxReplicas", 500, false, false, 0},
		{"declared", 500, true, false, 7},
		{"read", 500, false, true, 7},
	} {
		n := &need.Need{MaxShareMembers: 7, DeclaredMaxShareMembers: c.declared, ReadMaxShareMembers: c.read}
		if got := shareGroupReplicas(&Policy{MaxReplicas: c.most}, []facts{{need: n, members: seen.Members{PerReplica: 1}}}); got != c.shared {
			t.Errorf("%s: %d, want %d", c.name, got, c.shared)
		}
	}
	if got := shareGroupReplicas(&Policy{}, []facts{{need: &need.Need{Useful: 9}, members: seen.Members{PerReplica: 1}}}); got != 0 {
		t.Errorf("without a share group: %d", got)
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
