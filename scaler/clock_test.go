package scaler_test

import (
	"reflect"
	"regexp"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/lagscaler/lagscaler/lag/lagtest"
	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/need"
	"github.com/lagscaler/lagscaler/scaler/say"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

// wallClock shows the times of a world as a process reads them whose wall clock is set at some moments. What was read before
// such a moment stays as it was.
type wallClock struct {
	at []time.Time
	by []time.Duration
}

func (c *wallClock) read(t time.Time) time.Time {
	shown := t
	for i := range c.at {
		if !t.IsZero() && !t.Before(c.at[i]) {
			shown = lagtest.WallSet(shown, c.by[i])
		}
	}
	return shown
}

func (c *wallClock) input(in scaler.Input) scaler.Input {
	in.Now = c.read(in.Now)
	in.Workload.LastWrite.At = c.read(in.Workload.LastWrite.At)
	src := in.Sources[0]
	if src.Lag != nil {
		g := *src.Lag
		g.ReadAt, g.At = c.read(g.ReadAt), c.read(g.At)
		src.Lag = &g
	}
	src.Rebalance.Since, src.Rebalance.LastEnd = c.read(src.Rebalance.Since), c.read(src.Rebalance.LastEnd)
	in.Sources = []seen.Source{src}
	return in
}

// timeOfDay is what a line says of the wall clock, which it shows as it is.
var timeOfDay = regexp.MustCompile(`\d\d:\d\d(:\d\d)?`)

// numbers are the needs of a decision. The experiment of a downstream bottleneck has a time of day, and its numbers are in the line.
func numbers(d scaler.Decision) []need.Need {
	needs := slices.Clone(d.Needs)
	for i := range needs {
		needs[i].Downstream = nil
	}
	return needs
}

// monotonicWorld is a random world whose times have monotonic readings.
func monotonicWorld(t *rapid.T) *world {
	w := randomWorld(t)
	now := time.Now()
	w.now = now.Add(-time.Duration(now.UnixNano() % int64(time.Minute)))
	for i := range w.pods {
		w.pods[i].created = w.now.Add(-time.Hour)
	}
	return w
}

// bySeason reports whether a decision expects what came an hour, a day, a week or a period ago: that follows the wall clock.
func bySeason(d scaler.Decision) bool {
	return slices.ContainsFunc(d.Needs, func(n need.Need) bool {
		return n.Period > 0 || n.ForecastBy == need.FromHour || n.ForecastBy == need.FromDay || n.ForecastBy == need.FromWeek
	})
}

// measured are the numbers of a decision that are measured.
func measured(d scaler.Decision) []need.Need {
	needs := slices.Clone(d.Needs)
	for i, n := range needs {
		needs[i] = need.Need{
			Rate: n.Rate, RateKnown: n.RateKnown, Consumed: n.Consumed, Lag: n.Lag, MaxLag: n.MaxLag, LagSeconds: n.LagSeconds,
			MovingSeconds: n.MovingSeconds, LagKnown: n.LagKnown, LagAtLeast: n.LagAtLeast, Partitions: n.Partitions, Members: n.Members,
		}
	}
	return needs
}

// TestWallClockSteps: steps of the wall clock by an hour either way change no rate, no time lag and no decision. A clock that was set
// may make a decision expect the traffic of another hour, see bySeason; from then on only what is measured is the same.
func TestWallClockSteps(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w, clock, seasonal := monotonicWorld(t), &wallClock{}, false
		memory := w.memory
		for range rapid.IntRange(1, 6).Draw(t, "events") {
			for range rapid.SampledFrom([]int{1, 3, 9, 40}).Draw(t, "polls") {
				for range 10 {
					w.second()
				}
				w.readAgain()
				in := w.input()
				r := scaler.Evaluate(in)
				w.memory = r.Memory
				stepped := clock.input(in)
				stepped.Memory = memory
				other := scaler.Evaluate(stepped)
				memory = other.Memory
				if seasonal = seasonal || bySeason(r.Decision) || bySeason(other.Decision); seasonal {
					if a, b := measured(r.Decision), measured(other.Decision); !reflect.DeepEqual(a, b) {
						t.Fatalf("the clock was set %v:\n%+v\n%+v", clock.by, a, b)
					}
					w.write(r)
					continue
				}
				a, b := timeOfDay.ReplaceAllString(say.Line(r.Decision), "TIME"), timeOfDay.ReplaceAllString(say.Line(other.Decision), "TIME")
				if a != b || !reflect.DeepEqual(numbers(r.Decision), numbers(other.Decision)) {
					t.Fatalf("the clock was set %v:\n%s\n%s\n%+v\n%+v", clock.by, a, b, numbers(r.Decision), numbers(other.Decision))
				}
				w.write(r)
			}
			if rapid.Bool().Draw(t, "set") {
				clock.at = append(clock.at, w.now.Add(time.Second))
				clock.by = append(clock.by, rapid.SampledFrom([]time.Duration{time.Hour, -time.Hour}).Draw(t, "by"))
			} else {
				w.disturb(t)
			}
		}
	})
}

// TestAnHourPassed is the twin: the process was stopped for an hour, so that time did pass, and its rates are those of the hour.
func TestAnHourPassed(t *testing.T) {
	rates := map[bool]float64{}
	for _, passed := range []bool{true, false} {
		w, clock := newWorld(), &wallClock{}
		now := time.Now()
		w.now, w.rate = now.Add(-time.Duration(now.UnixNano()%int64(time.Minute))), 3600
		w.source.ProcessingTime = 10 * time.Millisecond
		if err := w.start(40); err != nil {
			t.Fatal(err)
		}
		var memory scaler.Memory
		poll := func() scaler.Result {
			for range 10 {
				w.second()
			}
			w.readAgain()
			in := clock.input(w.input())
			in.Memory = memory
			r := scaler.Evaluate(in)
			memory = r.Memory
			return r
		}
		for range 12 {
			poll()
		}
		if passed {
			w.now = w.now.Add(time.Hour) // the producers were stopped too
		} else {
			clock.at, clock.by = []time.Time{w.now.Add(1)}, []time.Duration{time.Hour}
		}
		r := poll()
		for _, n := range r.Decision.Needs {
			rates[passed] = n.Rate
		}
	}
	if rates[false] < 3000 || rates[true] > 60 {
		t.Errorf("the clock was set: %v/s, want 3600; an hour passed: %v/s, want about 2", rates[false], rates[true])
	}
}
