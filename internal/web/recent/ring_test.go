package recent

import (
	"fmt"
	"math"
	"runtime"
	"testing"
	"time"

	"pgregory.net/rapid"

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
	if n := len(s.Seconds); n < 2*ringSamples || n >= 2*ringSamples+mergedPolls || len(s.Lag) != n {
		t.Fatalf("%d times, %d samples, want about %d", n, len(s.Lag), 2*ringSamples)
	}
	if span := s.Seconds[len(s.Seconds)-1] - s.Seconds[0]; span < 7200-30 || span > 7200 {
		t.Errorf("spans %v s", span)
	}
	if got := ring.Series("main", "nobody"); len(got.Seconds) != 0 || got.Lag == nil {
		t.Errorf("an unknown group has %v", got)
	}
}

// TestRingHasWhatWasAdded: groups come and go. A group has the last polls since it came as they were, and before them one sample for each
// three polls.
func TestRingHasWhatWasAdded(t *testing.T) {
	type poll struct {
		at     int64
		sample sample
	}
	number := rapid.Custom(func(t *rapid.T) lag.Rate {
		return lag.Rate{PerSecond: float64(rapid.IntRange(0, 1000).Draw(t, "number")), Known: rapid.IntRange(0, 4).Draw(t, "known") > 0}
	})
	rapid.Check(t, func(t *rapid.T) {
		all, added, c := groups(3), map[string][]poll{}, &clusterRing{}
		limit := rapid.IntRange(0, 12).Draw(t, "limit")
		for k := range rapid.IntRange(1, 80).Draw(t, "polls") {
			var shown []engine.GroupReport
			report := at(k, nil).Clusters[0]
			for _, g := range all {
				if rapid.IntRange(0, 30).Draw(t, "absent") == 0 {
					delete(added, g.Lag.Group)
					continue
				}
				g.Rates.Produced, g.Rates.Consumed = number.Draw(t, "produced"), number.Draw(t, "consumed")
				if late := number.Draw(t, "late"); late.Known {
					g.Rates.TimeLag = lag.NewTimeLag(late.PerSecond, false)
				}
				shown = append(shown, g)
				added[g.Lag.Group] = append(added[g.Lag.Group], poll{report.Snapshot.At.UnixMilli(), sampleOf(&g)})
			}
			report.Groups = shown
			c.add(report, limit)
		}
		ring := Ring{clusters: map[string]*clusterRing{"main": c}}
		for _, g := range c.groups {
			times, samples, merges := ring.past("main", g.name, math.MaxInt)
			if len(g.polls) < min(limit, len(added[g.name])) || len(samples) < min(2*limit, len(added[g.name])/mergedPolls) || len(samples) > 2*limit+mergedPolls-1 {
				t.Fatalf("%s: %d samples, %d of single polls, of %d polls; limit %d", g.name, len(samples), len(g.polls), len(added[g.name]), limit)
			}
			for i := len(samples) - 1; i >= 0; i-- {
				n := 1
				if i < merges {
					n = min(mergedPolls, len(added[g.name]))
				}
				var want []sample
				for _, p := range ofLast(added[g.name], n) {
					want = append(want, p.sample)
				}
				last := added[g.name][len(added[g.name])-1].at
				if samples[i] != merged(want) || times[i] != last {
					t.Fatalf("%s: sample %d of %d is %v at %d, want %v at %d", g.name, i, len(samples), samples[i], times[i], merged(want), last)
				}
				added[g.name] = added[g.name][:len(added[g.name])-n]
			}
		}
	})
}

// TestMerged: one sample has the greatest lag and time lag, and the mean rates, of the polls in which they are known.
func TestMerged(t *testing.T) {
	s := func(lag, late, produced, consumed float64) sample {
		return sample{shorten(lag), shorten(late), shorten(produced), shorten(consumed)}
	}
	no := math.NaN()
	for _, c := range []struct {
		polls []sample
		want  sample
	}{
		{[]sample{s(1, 2, 3, 4)}, s(1, 2, 3, 4)},
		{[]sample{s(1, 20, 30, 0), s(10, 2, 60, 0), s(0, 0, 0, 9)}, s(10, 20, 30, 3)},
		{[]sample{s(no, 2, no, 4), s(8, no, no, 8), s(4, no, no, no)}, s(8, 2, no, 6)},
		{[]sample{s(0, no, 0, 0), s(no, no, no, no)}, s(0, no, 0, 0)},
	} {
		if got := merged(c.polls); got != c.want {
			t.Errorf("%v: %v, want %v", c.polls, got, c.want)
		}
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
		if limit := sampleLimit(r); limit < 50 || 2*(limit+mergedPolls)*n*sampleBytes > ringBudget {
			t.Errorf("%d groups: %d samples each", n, limit)
		}
	}
}

// A group takes room for as many samples as it may have, also after the budget is shared by more groups.
func TestRoomOfAGroup(t *testing.T) {
	c, one, now := &clusterRing{}, groups(1), 0
	for _, limit := range []int{ringSamples, 89, 1} {
		for range 8 * ringSamples {
			c.add(at(now, one).Clusters[0], limit)
			now++
			for _, list := range [][]sample{c.groups[0].polls, c.groups[0].merged} {
				if len(list) >= limit+mergedPolls || cap(list) > limit+mergedPolls {
					t.Fatalf("limit %d: %d samples, room for %d", limit, len(list), cap(list))
				}
			}
		}
		if g := c.groups[0]; len(g.polls) < limit || len(g.merged) != limit {
			t.Errorf("limit %d: %d samples of polls, %d merged", limit, len(g.polls), len(g.merged))
		}
	}
}

// manyGroups are so many that the ring must be small; with the race detector fewer, see race_test.go.
var manyGroups = 10_000

// The ring of two hours of 10,000 groups stays below 35 MB.
func TestRingOfTenThousandGroups(t *testing.T) {
	all := groups(manyGroups)
	before := inUse()
	ring := New()
	for poll := range (1 + mergedPolls) * ringSamples {
		ring.Add(at(poll, all))
	}
	took := inUse() - before
	t.Logf("%d groups, %d samples each: %.0f MB", len(all), 2*ringSamples, float64(took)/1e6)
	if took > 3_500*uint64(manyGroups) {
		t.Errorf("the ring takes %.0f MB", float64(took)/1e6)
	}
	if s := ring.Series("main", all[len(all)-1].Lag.Group); len(s.Seconds) < 2*ringSamples || s.Lag[0] == nil {
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
