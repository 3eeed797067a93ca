package learn

import (
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/lagscaler/lagscaler/scaler/seen"
)

// The other place is gone after three minutes without a member, and back after an hour with some. Nothing follows from a group that is
// asleep.
func TestPlaceIsAlone(t *testing.T) {
	type phase struct {
		minutes         int
		here, elsewhere int32
	}
	for name, c := range map[string]struct {
		phases []phase
		alone  bool
	}{
		"both":                       {[]phase{{60, 3, 2}}, false},
		"a restart of all pods":      {[]phase{{60, 3, 2}, {2, 3, 0}, {10, 3, 2}}, false},
		"gone for two minutes":       {[]phase{{60, 3, 2}, {2, 3, 0}}, false},
		"gone":                       {[]phase{{60, 3, 2}, {4, 3, 0}}, true},
		"never there":                {[]phase{{4, 3, 0}}, true},
		"asleep, both":               {[]phase{{60, 3, 2}, {60, 0, 0}}, false},
		"asleep, and awake again":    {[]phase{{60, 3, 2}, {60, 0, 0}, {2, 3, 0}}, false},
		"this place has none":        {[]phase{{60, 0, 2}}, false},
		"somebody looks at records":  {[]phase{{4, 3, 0}, {30, 3, 1}, {1, 3, 0}}, true},
		"back for less than an hour": {[]phase{{4, 3, 0}, {59, 3, 2}}, true},
		"back":                       {[]phase{{4, 3, 0}, {62, 3, 2}}, false},
	} {
		p, now := Place{}, time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
		for _, phase := range c.phases {
			for range phase.minutes * 2 {
				now = now.Add(30 * time.Second)
				p = p.next(now, seen.Clock{}.Filled(), phase.here, phase.elsewhere, true)
			}
		}
		if p.Alone != c.alone {
			t.Errorf("%s: alone %v, want %v: %+v", name, p.Alone, c.alone, p)
		}
	}
}

// Two places that learn the share of each other from the same members take all together, from the first decision on. What happens for some
// minutes does not move a share that was learned for a day.
func TestLearnedSharesAddUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		clk, now := seen.Clock{}.Filled(), time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
		var a, b Place
		phases := rapid.SliceOfN(rapid.Int32Range(1, 100), 2, 20).Draw(t, "members")
		for i, n := range phases {
			other := phases[len(phases)-1-i]
			for range rapid.IntRange(1, 200).Draw(t, "decisions") {
				now = now.Add(30 * time.Second)
				a, b = a.next(now, clk, n, other, true), b.next(now, clk, other, n, true)
				sum := a.percent(0, clk) + b.percent(0, clk)
				most := int32(101)
				if a.Learned < shareFirst.Seconds() {
					most = 150
				}
				if sum < 100 || sum > most {
					t.Fatalf("%d %% and %d %%: %+v %+v", a.percent(0, clk), b.percent(0, clk), a, b)
				}
			}
		}
		a.Learned, a.Share = shareOver.Seconds(), 0.5
		before := a.Share
		for range 20 {
			now = now.Add(30 * time.Second)
			a = a.next(now, clk, 90, 10, true)
		}
		if math.Abs(a.Share-before) > 0.005 {
			t.Fatalf("ten minutes moved the share from %v to %v", before, a.Share)
		}
		if a.percent(30, clk) != 30 {
			t.Fatal("a share that is declared is not the one in force")
		}
	})
}
