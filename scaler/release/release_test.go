package release

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/scaler/learn"
)

// The critical values of the Mann-Whitney statistic for 5 %, two-sided, as tables have them; the interval leaves out one more on each side.
func TestOutside(t *testing.T) {
	for _, c := range []struct{ n, m, critical int }{ // -1: none
		{2, 7, -1},
		{2, 8, 0},
		{3, 4, -1},
		{3, 5, 0},
		{4, 4, 0},
		{5, 5, 2},
		{5, 8, 6},
		{8, 8, 13},
		{10, 10, 23},
		{12, 15, 49},
		{20, 20, 127},
	} {
		if got := outside(c.n, c.m) - 1; got != c.critical {
			t.Errorf("%d and %d: %d, want %d", c.n, c.m, got, c.critical)
		}
		if got := outside(c.m, c.n) - 1; got != c.critical {
			t.Errorf("%d and %d: %d, want %d", c.m, c.n, got, c.critical)
		}
	}
}

// The interval has the true ratio as often as it says.
func TestIntervalHoldsWhatItSays(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	some := func(n int, mean float64) (out []float64) {
		for range n {
			out = append(out, mean*math.Exp(0.2*r.NormFloat64()))
		}
		return out
	}
	const runs = 4000
	for _, n := range []int{4, 8, 20} {
		missed := 0
		for range runs {
			if _, from, to := ratio(some(n, 100), some(n, 70)); from > 0.7 || to < 0.7 {
				missed++
			}
		}
		if share := float64(missed) / runs; share > 0.06 || share < 0.01 {
			t.Errorf("%d and %d: missed in %.1f %%", n, n, 100*share)
		}
	}
}

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// windows are of half a minute each; the first begins at a second.
func windows(begin int, perSecond ...float64) (out []learn.Speed) {
	for i, v := range perSecond {
		from := noon.Unix() + int64(begin+30*i)
		out = append(out, learn.Speed{From: from, At: from + 30, PerSecond: v, Consumers: 4})
	}
	return out
}

func TestSpeed(t *testing.T) {
	before := windows(-600, 96, 101, 103, 99, 100)
	rolled := Times{Began: noon, Ended: noon.Add(time.Minute), Known: true}
	for name, c := range map[string]struct {
		busy, best []learn.Speed
		times      Times
		want       Verdict
		why        string
	}{
		"twice as long":                {slices.Concat(before, windows(60, 49, 52, 50, 51)), nil, rolled, Worse, "busy consumers processed 51/s each afterwards, and 100/s before: 0.51 times as many, surely 0.49 to 0.53"},
		"as fast":                      {slices.Concat(before, windows(60, 99, 102, 98, 101)), nil, rolled, Fine, " times as many"},
		"faster":                       {slices.Concat(before, windows(60, 199, 202, 198, 201)), nil, rolled, Fine, "2.00 times as many"},
		"a little slower":              {slices.Concat(before, windows(60, 91, 86, 92, 88)), nil, rolled, Unknown, "surely"},
		"three windows":                {slices.Concat(before, windows(60, 49, 52, 50)), nil, rolled, Worse, "surely"}, // with five before
		"two windows":                  {slices.Concat(before, windows(60, 49, 52)), nil, rolled, Unknown, "too few to be sure"},
		"it differs much":              {slices.Concat(before, windows(60, 20, 150, 90, 110)), nil, rolled, Unknown, "surely"},
		"not busy before":              {windows(60, 49, 52, 50, 51), nil, rolled, Unknown, "nothing to compare with"},
		"not busy after":               {before, windows(60, 12, 14), rolled, Unknown, "its speed was not seen"},
		"not busy after, and fast":     {before, windows(60, 12, 95), rolled, Fine, "a consumer processed 95/s afterwards, and busy ones did 100/s before"},
		"the best was before":          {before, windows(-60, 95), rolled, Unknown, "its speed was not seen"},
		"the rollout goes on":          {slices.Concat(before, windows(60, 49, 52, 50, 51)), nil, Times{Began: noon}, Unknown, "goes on"},
		"windows of both versions":     {slices.Concat(before, windows(-15, 60, 60, 60)), nil, rolled, Unknown, "its speed was not seen"},
		"nothing at all":               {nil, nil, rolled, Unknown, "nothing to compare with"},
		"the first were slow to start": {slices.Concat(before, windows(60, 60, 95, 99, 102, 98, 101, 100, 99)), nil, rolled, Fine, "times as many"},
	} {
		got := SpeedOf(learn.Speeds{Busy: c.busy, Best: c.best}, c.times)
		if got.Verdict != c.want || !strings.Contains(got.Why, c.why) {
			t.Errorf("%s: %s, %q, want %s, %q", name, got.Verdict, got.Why, c.want, c.why)
		}
	}
}

// A version that is as fast is said to be slower in at most 2.5 % of the releases, however much windows differ by chance.
func TestNothingIsSaidOfAVersionThatIsAsFast(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	some := func(n int) (out []float64) {
		for range n {
			out = append(out, 100*math.Exp(0.5*r.NormFloat64()))
		}
		return out
	}
	worse := 0
	const runs = 4000
	for range runs {
		s := SpeedOf(learn.Speeds{Busy: append(windows(-600, some(10)...), windows(60, some(6)...)...)}, Times{Began: noon, Ended: noon})
		if s.Verdict == Worse {
			worse++
		}
	}
	if share := float64(worse) / runs; share > 0.025 {
		t.Errorf("in %.1f %%", 100*share)
	}
}

func TestVerdicts(t *testing.T) {
	for _, c := range [][3]Verdict{{Fine, Fine, Fine}, {Fine, Worse, Worse}, {Worse, Unknown, Worse}, {Fine, Unknown, Unknown}, {Unknown, Fine, Unknown}} {
		if got := c[0].Both(c[1]); got != c[2] {
			t.Errorf("%s and %s: %s", c[0], c[1], got)
		}
	}
}
