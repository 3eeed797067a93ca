package promise

import (
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// bare is a row of a target of 30 s, of a group whose pods join after 45 s.
func bare() *row {
	return &row{target: 30, drain: 120, horizon: 63, faster: 1}
}

// A fleet steps down as often in an hour as a scaler does: not once more before the first of six is an hour ago, give or take two minutes.
func TestStepsDownInAnHour(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f, now, downs := begin(48), monday, []time.Time{}
		for range rapid.IntRange(100, 1500).Draw(t, "polls") {
			in := usual(now, 400)
			in.derive()
			if rapid.IntRange(0, 40).Draw(t, "burst") == 0 {
				f.ask(&in, bare(), 48)
			}
			before := f.asked
			f.next(&in, bare(), 0)
			if f.asked < before {
				downs = append(downs, now)
			}
			now = now.Add(10 * time.Second)
		}
		for i := downsAnHour; i < len(downs); i++ {
			if took := downs[i].Sub(downs[i-downsAnHour]); took < time.Hour-2*time.Minute {
				t.Fatalf("seven steps down in %v", took)
			}
		}
	})
	f, now, first, sixth := begin(48), monday, time.Time{}, time.Time{}
	for n := 0; n <= downsAnHour; now = now.Add(10 * time.Second) {
		in := usual(now, 400)
		in.derive()
		before := f.asked
		if f.next(&in, bare(), 0); f.asked == before {
			continue
		}
		switch n++; n {
		case 1:
			first = now
		case downsAnHour:
			sixth = now
		case downsAnHour + 1:
			if late := now.Sub(first) - time.Hour; late.Abs() > 2*time.Minute+30*time.Second || now.Sub(sixth) < 30*time.Minute {
				t.Errorf("the seventh came %v after the first, and %v after the sixth", now.Sub(first), now.Sub(sixth))
			}
		}
		f = fleet{asked: 48, works: 48, since: settleAfter, downs: f.downs}
	}
}

// Fewer must have been enough for half a window, counted from the first decision that found so: the fifth decision steps down, as that
// of a scaler.
func TestStabilizing(t *testing.T) {
	f, now := begin(24), monday
	for decisions := 0; f.asked == 24; now = now.Add(10 * time.Second) {
		in := usual(now, 400)
		in.derive()
		if in.Decides {
			decisions++
		}
		f.next(&in, bare(), 0)
		if stepped := f.asked < 24; stepped != (decisions == 5) {
			t.Fatalf("at decision %d, %v after the first: stepped down: %v", decisions, now.Sub(monday), stepped)
		}
	}
}

// A backlog is what waits and what arrives: neither what is not believed to last of a burst, nor what is only expected, changes it.
func TestWhatTheBacklogCounts(t *testing.T) {
	for name, c := range map[string]struct {
		rate, expected, jump, want float64
	}{
		"steady":                             {1500, 1500, 0, 22 * 1500},
		"a burst, of which half is believed": {1500, 1000, 0, 22 * 1500},
		"a season foretells more":            {1500, 2500, 0, 22 * 1500},
		"a jump, extrapolated":               {900, 3000, 1500, 22*1500 + 8*1500},
	} {
		f, in := begin(10), usual(monday, c.rate)
		in.Expected, in.Jump, in.Commit = c.expected, c.jump, 0
		f.backlog = 22*1500 + 15*1500 - (1500-1000)*63
		if got := f.drain(&in, bare(), 0, false) * 120; math.Abs(got-c.want) > 1e-6 {
			t.Errorf("%s: %v records to drain, want %v", name, got, c.want)
		}
	}
}

// One slow pod delays a step up of a few pods, and not one of many.
func TestStartOfAStep(t *testing.T) {
	in := usual(monday, 400)
	in.Starts = []float64{35, 110, 38, 36, 40}
	in.usualStart = median(in.Starts)
	for pods, want := range map[float32][2]float64{1: {35, 110}, 3: {35, 110}, 4: {38, 38}, 40: {38, 38}} {
		for changes := range uint32(2) {
			f := begin(7)
			f.changes = changes
			if f.ask(&in, bare(), 7+pods); f.pods[0].takes != float32(want[changes]) {
				t.Errorf("%v pods, step %d: %v s, want %v", pods, changes, f.pods[0].takes, want[changes])
			}
		}
	}
}

// Pods that join while the group rebalances do not make it rebalance for as long as two steps apart from each other.
func TestPodsJoin(t *testing.T) {
	in := usual(monday, 400)
	for _, c := range []struct{ before, pods, want float32 }{
		{0, 1, 8}, {0, 2, 12}, {0, 40, 12}, {3, 1, 8}, {3, 40, 8}, {11, 40, 11},
	} {
		f := begin(7)
		f.pause = c.before
		if f.join(&in, c.pods); f.pause != c.want {
			t.Errorf("%v pods join, %v s before the end of a rebalance: %v s, want %v", c.pods, c.before, f.pause, c.want)
		}
	}
}

// At first, and after an outage, nothing steps down before measurements cover the window: also a fleet that has long been larger than needed.
func TestMeasurementsCoverTheWindow(t *testing.T) {
	const begins = 7 // decisions for which fewer are enough, before measurements begin anew
	f, now := begin(24), monday
	for covered := -begins * 30.0; f.asked == 24; covered, now = covered+10, now.Add(10*time.Second) {
		in := usual(now, 400)
		in.derive()
		in.Covered = max(10, covered)
		f.next(&in, bare(), 0)
		if stepped := f.asked < 24; stepped != (in.Decides && in.Covered >= in.Window) {
			t.Fatalf("%v s of %v s are covered: stepped down: %v", in.Covered, in.Window, stepped)
		}
	}
}

// Records that waited for longer than the target are late, and those that waited for longer than a target that is a margin shorter are
// counted, too: in a row, with a target of 30 s and a margin of 6 s.
func TestNearlyLate(t *testing.T) {
	const rate = 100
	for name, c := range map[string]struct {
		before, now  float64 // s for which the oldest record has waited
		late, strict float64 // of the records that became as old in this time
	}{
		"never nearly":                  {10, 24, 0, 0},
		"nearly in the second half":     {21, 27, 0, 0.5},
		"nearly, and never late":        {25, 30, 0, 1},
		"nearly, then late":             {27, 33, 0.5, 1},
		"late all the time":             {40, 50, 1, 1},
		"late, then only nearly":        {33, 27, 0.5, 1},
		"late, then not even nearly so": {34, 22, 1. / 3, 10. / 12},
	} {
		a, in, past, r := arrivals{}, usual(monday, rate), pastRow{}, row{}
		in.Horizon = 60
		for range 20 {
			a = a.with(in.Seconds, in.Arrived)
			r = past.next(Terms{Target: in.Target}, &in, a, monday.UnixNano()/int64(step), 40)
		}
		f := begin(1)
		f.backlog = rate * c.before
		in.PerConsumer = (rate*c.before + in.Arrived - rate*c.now) / in.Seconds // so that it comes out
		in.derive()
		f.process(&in, &r)
		if late, strict := float64(f.late)/in.Arrived, float64(f.strict)/in.Arrived; math.Abs(late-c.late) > 1e-6 || math.Abs(strict-c.strict) > 1e-6 {
			t.Errorf("%s: %v late, %v with the margin, want %v and %v", name, late, strict, c.late, c.strict)
		}
	}
}
