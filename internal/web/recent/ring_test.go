package recent

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/internal/engine"
	"github.com/lagscaler/lagscaler/lag"
)

var t0 = time.Date(2026, 1, 5, 12, 0, 0, 0, time.UTC)

// groups are n groups of a cluster, each with a lag of its index.
func groups(n int) []engine.GroupReport {
	all := make([]engine.GroupReport, n)
	for i := range all {
		all[i] = engine.GroupReport{
			Lag:     &lag.GroupLag{GroupState: lag.GroupState{Group: fmt.Sprintf("team-%02d.service-%05d", i/250, i)}},
			Summary: lag.Summary{Total: int64(i), Known: 1},
		}
	}
	return all
}

// at is the report of a poll so many intervals after the first.
func at(poll int, groups []engine.GroupReport) *engine.Report {
	s := &lag.Snapshot{At: t0.Add(time.Duration(poll) * 10 * time.Second)}
	return &engine.Report{Clusters: []*engine.ClusterReport{{Name: "main", Snapshot: s, Groups: groups}}}
}

func TestRing(t *testing.T) {
	ring, one := New(), groups(1)
	for poll := range 2000 {
		r := at(poll, one)
		ring.Add(r)
		ring.Add(r) // published again without a new poll
	}
	s := ring.Series("main", one[0].Lag.Group)
	if len(s.Seconds) != ringSamples || len(s.Lag) != ringSamples {
		t.Fatalf("%d times, %d samples, want %d", len(s.Seconds), len(s.Lag), ringSamples)
	}
	if span := s.Seconds[len(s.Seconds)-1] - s.Seconds[0]; span != (ringSamples-1)*10 {
		t.Errorf("spans %v s", span)
	}
	if got := ring.Series("main", "nobody"); len(got.Seconds) != 0 || got.Lag == nil {
		t.Errorf("an unknown group has %v", got)
	}
}

// Groups keep their own samples when others appear and disappear.
func TestGroupsComeAndGo(t *testing.T) {
	ring, all := New(), groups(4)
	for poll, shown := range [][]engine.GroupReport{all[1:3], all, all[2:], {all[0], all[2], all[3]}} {
		ring.Add(at(poll, shown))
	}
	for i, want := range []int{1, 0, 4, 3} {
		s := ring.Series("main", all[i].Lag.Group)
		if len(s.Lag) != want {
			t.Errorf("group %d has %d samples, want %d", i, len(s.Lag), want)
		}
		for _, n := range s.Lag {
			if n == nil || *n != float64(i) {
				t.Errorf("group %d has a sample of another group", i)
			}
		}
	}
}

// With more groups the ring keeps fewer samples, to stay within its budget.
func TestRingStaysWithinItsBudget(t *testing.T) {
	for _, n := range []int{1, 10_000, 100_000} {
		r := at(0, make([]engine.GroupReport, n))
		if limit := sampleLimit(r); limit < 100 || limit*n*sampleBytes > ringBudget {
			t.Errorf("%d groups: %d samples each", n, limit)
		}
	}
}

// A group takes room for as many samples as it may have, also after the budget is shared by more groups.
func TestRoomOfAGroup(t *testing.T) {
	var g groupRing
	for _, limit := range []int{ringSamples, 359, 1} {
		for i := range 2 * ringSamples {
			g.add(sample{lag: short(i)}, limit)
			if cap(g.samples) > limit {
				t.Fatalf("limit %d: room for %d samples", limit, cap(g.samples))
			}
		}
		all := g.inOrder()
		if len(all) != limit || all[0].lag != short(2*ringSamples-limit) || all[limit-1].lag != 2*ringSamples-1 {
			t.Errorf("limit %d: %d samples, from %v to %v", limit, len(all), all[0].lag, all[len(all)-1].lag)
		}
	}
}

// manyGroups are so many that the ring must be small; with the race detector fewer, see race_test.go.
var manyGroups = 10_000

// The ring of two hours of 10,000 groups stays below 80 MB, with every sample.
func TestRingOfTenThousandGroups(t *testing.T) {
	all := groups(manyGroups)
	before := inUse()
	ring := New()
	for poll := range ringSamples {
		ring.Add(at(poll, all))
	}
	took := inUse() - before
	t.Logf("%d groups, %d samples each: %.0f MB", len(all), ringSamples, float64(took)/1e6)
	if took > 8_000*uint64(manyGroups) {
		t.Errorf("the ring takes %.0f MB", float64(took)/1e6)
	}
	if s := ring.Series("main", all[len(all)-1].Lag.Group); len(s.Seconds) != ringSamples || s.Lag[0] == nil {
		t.Errorf("the last group has %d samples", len(s.Seconds))
	}
}

// inUse is the heap in use after a complete collection.
func inUse() uint64 {
	runtime.GC()
	runtime.GC() // objects with a finalizer are freed by the second
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// A lower bound is drawn if it says something: it is above the threshold, or a minute. Twin: the same number, known exactly.
func TestLowerBoundsInTheRing(t *testing.T) {
	for _, c := range []struct {
		late      float64
		atLeast   bool
		threshold time.Duration
		drawn     bool
	}{
		{0.3, false, 0, true},
		{0.3, true, 0, false},
		{59, true, 0, false},
		{60, true, 0, true},
		{20, true, 15 * time.Second, true},
		{20, true, 30 * time.Second, false},
		{20, false, 30 * time.Second, true},
	} {
		ring, one := New(), groups(1)
		one[0].Rates.TimeLag, one[0].SLO.LagTime = lag.NewTimeLag(c.late, c.atLeast), c.threshold
		ring.Add(at(0, one))
		if s := ring.Series("main", one[0].Lag.Group); (s.Late[0] != nil) != c.drawn {
			t.Errorf("%+v: %v", c, s.Late[0])
		}
	}
}
