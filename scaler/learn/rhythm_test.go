package learn

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// rated is a series of hours in which so much arrived.
func rated(hours int, rate func(minute int) float64) Series {
	var s Series
	for m := 0; m < hours*60; m += 5 {
		v := 0.0
		for k := range 5 {
			v = max(v, rate(m+k))
		}
		s = s.put(stepTime(stepOf(time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC))).Add(time.Duration(m)*time.Minute), v)
	}
	return s
}

// Traffic that repeats itself has a period; other traffic has none, however often one looks.
func TestRhythm(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	noise := func() float64 { return 0.95 + 0.1*random.Float64() }
	onOff := func(on, off int) func(int) float64 {
		return func(m int) float64 {
			if m%(on+off) < off {
				return 0
			}
			return 1500 * noise()
		}
	}
	spikes := func(period, length int, times float64) func(int) float64 {
		return func(m int) float64 {
			if m%period >= period-length {
				return 400 * times * noise()
			}
			return 400 * noise()
		}
	}
	on, next := false, 0
	for name, c := range map[string]struct {
		rate    func(int) float64
		hours   int
		periods []time.Duration // one of these; none: there is no period
		reliant bool
	}{
		"two rises are no rhythm": {onOff(60, 120), 6, nil, false},
		"three are":               {onOff(60, 120), 9, []time.Duration{3 * time.Hour}, false},
		"many are relied on":      {onOff(60, 120), 36, []time.Duration{3 * time.Hour}, true},
		"each hour":               {spikes(60, 3, 4), 12, []time.Duration{time.Hour}, true},
		"each 90 min":             {spikes(90, 5, 3), 12, []time.Duration{90 * time.Minute}, true},
		"no multiple of a step: a multiple is it": {onOff(20, 27), 36, []time.Duration{3*47*time.Minute - time.Minute, 235 * time.Minute}, false},
		"steady":  {func(int) float64 { return 1000 * noise() }, 48, nil, false},
		"nothing": {func(int) float64 { return 0 }, 48, nil, false},
		"noise":   {func(int) float64 { return 300 * math.Exp(random.NormFloat64()) }, 48, nil, false},
		"bursts at random": {func(int) float64 {
			if random.Float64() < 0.05 {
				return 2000
			}
			return 400 * noise()
		}, 48, nil, false},
		"on and off at random": {func(m int) float64 {
			if m >= next {
				on, next = !on, m+10+int(60*random.ExpFloat64())
			}
			if on {
				return 1500
			}
			return 0
		}, 48, nil, false},
		"a rhythm that ended": {func(m int) float64 {
			if m > 24*60 {
				return 0
			}
			return onOff(60, 120)(m)
		}, 36, nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			on, next = false, 0
			s := rated(c.hours, c.rate)
			r := s.rhythm(s.end)
			if gap := s.rhythm(s.end + 2); gap.Reliant {
				t.Error("it is relied on, though nothing is known of the last ten minutes")
			}
			if long := s.rhythm(s.end + 5_000); long.Period != 0 {
				t.Errorf("weeks later it is %v", long.Period)
			}
			found := len(c.periods) == 0 && r.Period == 0
			for _, p := range c.periods {
				found = found || r.Period == p
			}
			if !found || r.Reliant != c.reliant && len(c.periods) < 2 {
				t.Errorf("%+v, want %v, relied on: %v", r, c.periods, c.reliant)
			}
		})
	}
}

// Whatever a series is: what is found is a time within a day, nothing is relied on that was not found, and a series without a rise has none.
func TestRhythmOfAnySeries(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, at, rises, last := Series{}, stepTime(rapid.Int64Range(1, 5_000_000).Draw(t, "begins")), false, math.Inf(1)
		for range rapid.IntRange(0, 700).Draw(t, "steps") {
			if gap := rapid.IntRange(0, 30).Draw(t, "gap"); gap > 27 {
				at, last = at.Add(time.Duration(gap-27)*SeasonStep), math.Inf(1)
			}
			v := rapid.SampledFrom([]float64{0, 10, 100, 1000}).Draw(t, "rate")
			s = s.put(at, v)
			rises = rises || v > last
			last, at = v, at.Add(SeasonStep)
		}
		r := s.rhythm(s.end + rapid.Int64Range(-20, 700).Draw(t, "later"))
		if r.Period < 0 || r.Period > 24*time.Hour || r.Period%SeasonStep != 0 || r.Reliant && r.Period == 0 || r.Period > 0 && !rises {
			t.Fatalf("%+v", r)
		}
		step := stepOf(at) - rapid.Int64Range(-3, 800).Draw(t, "ago")
		if cut := s.until(step); cut.end > max(step, 0) && len(cut.codes) > 0 || len(cut.codes) > len(s.codes) {
			t.Fatalf("until %d: it ends at %d", step, cut.end)
		}
	})
}

// BenchmarkRhythm is the search in noise, which takes longest; it is made each half hour.
func BenchmarkRhythm(b *testing.B) {
	random := rand.New(rand.NewPCG(1, 2))
	s := rated(7*24, func(int) float64 { return 300 * math.Exp(random.NormFloat64()) })
	for b.Loop() {
		s.rhythm(s.end)
	}
}
