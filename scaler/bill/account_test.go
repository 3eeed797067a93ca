package bill

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var t0 = time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC)

// world polls an account.
type world struct {
	a    Account
	poll Poll
}

func begin() *world {
	return &world{poll: Poll{Now: t0, Longest: 90 * time.Second, Sized: true, Replicas: 1, Decided: 1, Judged: Judged{Within: 30 * time.Second, Read: true}}}
}

// run polls each ten seconds for so long; change is made before the first of these polls.
func (w *world) run(d time.Duration, change func(p *Poll)) *world {
	if change != nil {
		change(&w.poll)
	}
	for range int(d / (10 * time.Second)) {
		w.a = w.a.Next(w.poll)
		w.poll.Now = w.poll.Now.Add(10 * time.Second)
		w.poll.Judged.Records += 100
	}
	return w
}

func (w *world) sum(hours int) Sum { return w.a.Sum(w.poll.Now.Add(-10*time.Second), hours) }

func near(got, want float64) bool { return math.Abs(got-want) <= 0.005*math.Abs(want)+20 }

// The example of the package.
func TestThreeHours(t *testing.T) {
	w := begin().run(10*time.Second, func(p *Poll) { p.Replicas, p.Decided, p.Ours = 20, 20, true }).
		run(2*time.Hour, func(p *Poll) { p.Replicas = 12 }).run(time.Hour, func(p *Poll) { p.Replicas = 4 })
	for _, hours := range []int{Day, Week} {
		s := w.sum(hours)
		if !near(s.Seconds, 3*3600) || !near(s.Ran, 28*3600) || !near(s.AtPeak, 36*3600) || !near(s.Before, 60*3600) || !s.BeforeKnown || s.Advised || !s.From.Equal(t0) {
			t.Errorf("%d hours: %+v", hours, s)
		}
	}
}

// Time without a reading is unknown, and counts as nothing: neither as no replica nor as those before or after it.
func TestUnknownIsNotCounted(t *testing.T) {
	for _, tt := range []struct {
		name string
		gap  func(w *world)
	}{
		{"no poll", func(w *world) { w.poll.Now = w.poll.Now.Add(time.Hour) }},
		{"the target cannot be read", func(w *world) {
			w.run(time.Hour, func(p *Poll) { p.Sized, p.Replicas = false, 0 })
			w.poll.Sized, w.poll.Replicas = true, 5
		}},
		{"another process begins", func(w *world) {
			w.a = saveAndLoad(t, w.a)
			w.poll.Now, w.poll.Judged.Records = w.poll.Now.Add(time.Hour), 0
		}},
	} {
		w := begin().run(time.Hour, func(p *Poll) { p.Replicas = 5 })
		tt.gap(w)
		s := w.run(time.Hour, nil).sum(Day)
		if !near(s.Seconds, 2*3600) || !near(s.Ran, 5*2*3600) || !s.From.Equal(t0) {
			t.Errorf("%s: %.0f s, %.1f replica hours", tt.name, s.Seconds, s.Ran/3600)
		}
	}
}

func TestSizeBefore(t *testing.T) {
	advise := func(replicas float64, other string) func(*Poll) {
		return func(p *Poll) { p.Replicas, p.Decided, p.Ours, p.Other = replicas, 3, false, other }
	}
	act := func(replicas float64) func(*Poll) {
		return func(p *Poll) { p.Replicas, p.Decided, p.Ours, p.Written, p.Other = replicas, replicas, true, true, "" }
	}
	for _, tt := range []struct {
		name         string
		w            *world
		known        bool
		size, before float64 // replicas; replica hours
	}{
		{"advised for two hours, then an hour of its own", begin().run(time.Hour, advise(10, "")).run(time.Hour, advise(20, "")).run(time.Hour, act(4)), true, 15, 45},
		{"another autoscaler sets the size", begin().run(time.Hour, advise(8, "HorizontalPodAutoscaler")), true, 8, 8},
		{"it had written before the first poll: what runs is its own", begin().run(time.Hour, act(4)), false, 0, 0},
		{"the same, and then it only advises", begin().run(time.Hour, func(p *Poll) { p.Replicas, p.Written = 4, true }), false, 0, 0},
		{"it had written, and another autoscaler has taken over since", begin().run(time.Hour, func(p *Poll) { advise(9, "ScaledObject")(p); p.Written = true }), true, 9, 9},
		{"it only advises again: that is not before", begin().run(time.Hour, advise(10, "")).run(time.Hour, act(4)).run(time.Hour, advise(4, "")), true, 10, 24},
	} {
		s := tt.w.sum(Week)
		b := tt.w.a.SizeBefore()
		if s.BeforeKnown != tt.known || !near(s.Before, tt.before*3600) || tt.known && math.Abs(b.Replicas-tt.size) > 0.05 {
			t.Errorf("%s: known %v, %.1f replicas, %.1f replica hours, want %v, %v, %v", tt.name, s.BeforeKnown, b.Replicas, s.Before/3600, tt.known, tt.size, tt.before)
		}
	}
}

// While lagscaler advises, what it would have taken is what its decisions ask for.
func TestAdviceIsNotWhatRan(t *testing.T) {
	s := begin().run(2*time.Hour, func(p *Poll) { p.Replicas, p.Decided = 10, 6 }).sum(Day)
	if !s.Advised || !near(s.Ran, 20*3600) || !near(s.Ours, 12*3600) || !near(s.Before, 20*3600) {
		t.Errorf("%+v", s)
	}
}

func TestLateRecords(t *testing.T) {
	w := begin().run(time.Hour, nil)
	w.poll.Judged.Late = 360
	s := w.run(time.Hour, nil).sum(Day)
	if kept, ok := s.Kept(); !ok || !near(s.Judged, 2*36_000) || !near(s.Late, 360) || kept < 0.9949 || kept > 0.9951 || !near(s.Heard, 7200) {
		t.Errorf("%+v, kept %v", s, kept)
	}
	// the process is replaced: its counters begin anew, and nothing is counted twice
	w.a = saveAndLoad(t, w.a)
	w.poll.Judged.Records, w.poll.Judged.Late = 0, 0
	if s = w.run(time.Hour, nil).sum(Day); !near(s.Judged, 3*36_000) || !near(s.Late, 360) {
		t.Errorf("after a restart: %+v", s)
	}
	// another target: what was judged by the old one is not compared with it
	if s = w.run(time.Hour, func(p *Poll) { p.Judged.Within = time.Minute }).sum(Day); !near(s.Judged, 36_000) || s.Late != 0 || s.Within != time.Minute {
		t.Errorf("after another target: %+v", s)
	}
	// nobody judges
	s = begin().run(time.Hour, func(p *Poll) { p.Judged.Within = 0 }).sum(Day)
	if _, ok := s.Kept(); ok || s.Heard != 0 {
		t.Errorf("nothing was judged: %+v", s)
	}
	// the group is not read: what is judged later counts, the time does not
	w = begin().run(time.Hour, nil).run(time.Hour, func(p *Poll) { p.Judged.Read = false })
	if s = w.sum(Day); !near(s.Heard, 3600) {
		t.Errorf("unread: %+v", s)
	}
}

// A day is the last 24 hours of the clock, a week the last 168.
func TestWindows(t *testing.T) {
	w := begin().run(40*time.Hour, func(p *Poll) { p.Replicas = 10 }).run(10*time.Hour, func(p *Poll) { p.Replicas = 2 })
	day, week := w.sum(Day), w.sum(Week)
	if !near(day.Seconds, 24*3600) || !near(day.Ran, (14*10+10*2)*3600) || !near(week.Ran, (400+20)*3600) {
		t.Errorf("day %+v\nweek %+v", day, week)
	}
	w.run(9*24*time.Hour, nil)
	if week = w.sum(Week); !near(week.Seconds, 168*3600) || !near(week.AtPeak, 2*168*3600) || week.From.Before(w.poll.Now.Add(-169*time.Hour)) {
		t.Errorf("after nine more days: %+v", week)
	}
	if hours := w.a.Hours(w.poll.Now.Add(-10 * time.Second)); len(hours) != Week || hours[0].Replicas != 2 || hours[Week-2].Judged != 36_000 {
		t.Errorf("%d hours, the first %+v", len(hours), hours[0])
	}
}

// A clock that is set wrong adds nothing that was not, and the account goes on.
func TestClockIsSet(t *testing.T) {
	for _, by := range []time.Duration{-2 * time.Hour, 2 * time.Hour, -30 * 24 * time.Hour, 30 * 24 * time.Hour} {
		w := begin().run(3*time.Hour, func(p *Poll) { p.Replicas = 2 })
		w.poll.Now = w.poll.Now.Add(by)
		s := w.run(3*time.Hour, nil).sum(Week)
		if s.Seconds > 6.1*3600 || s.Seconds < 2.9*3600 || !near(s.Ran, 2*s.Seconds) {
			t.Errorf("by %v: %+v", by, s)
		}
	}
}

// failing is a test, or a check of rapid.
type failing interface {
	Helper()
	Fatal(args ...any)
}

func saveAndLoad(t failing, a Account) (back Account) {
	t.Helper()
	data, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &back); err != nil {
		t.Fatal(err)
	}
	return back
}

// Whatever happens: no more is counted than there was, a sum of a part is no more than the whole, and what is saved is what is loaded.
func TestAccounts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := begin()
		most := 0.
		for range rapid.IntRange(1, 30).Draw(t, "runs") {
			w.run(time.Duration(rapid.IntRange(1, 400).Draw(t, "minutes"))*time.Minute, func(p *Poll) {
				p.Replicas = float64(rapid.IntRange(0, 1000).Draw(t, "replicas"))
				p.Sized = rapid.IntRange(0, 5).Draw(t, "sized") > 0
				p.Ours = rapid.Bool().Draw(t, "ours")
				p.Decided = float64(rapid.IntRange(0, 1000).Draw(t, "decided"))
				p.Judged.Late = min(p.Judged.Records, p.Judged.Late+uint64(rapid.IntRange(0, 50).Draw(t, "late")))
				most = max(most, p.Replicas)
			})
			if rapid.IntRange(0, 4).Draw(t, "gap") == 0 {
				w.poll.Now = w.poll.Now.Add(time.Duration(rapid.IntRange(0, 20_000).Draw(t, "away")) * time.Minute)
			}
		}
		day, week := w.sum(Day), w.sum(Week)
		for _, s := range []Sum{day, week} {
			if s.Ran > s.AtPeak+1 || s.AtPeak > most*s.Seconds+1 || s.Late > s.Judged+1 {
				t.Fatalf("more than there was: %+v", s)
			}
		}
		if day.Seconds > Day*3600+1 || week.Seconds > Week*3600+1 || day.Ran > week.Ran+1 || day.Judged > week.Judged+1 {
			t.Fatalf("day %+v\nweek %+v", day, week)
		}
		loaded := saveAndLoad(t, w.a)
		back := loaded.Sum(w.poll.Now.Add(-10*time.Second), Week)
		if !near(back.Ran, week.Ran) || !near(back.Seconds, week.Seconds) || !near(back.Judged, week.Judged) || !near(back.Before, week.Before) || !near(back.Ours, week.Ours) {
			t.Fatalf("saved %+v\nloaded %+v", week, back)
		}
		again := saveAndLoad(t, loaded)
		if once, twice := loaded.Sum(w.poll.Now, Week), again.Sum(w.poll.Now, Week); once != twice {
			t.Fatal("saving twice changes it")
		}
	})
}

// An hour is immutable once the next one has begun, also for those who keep an older account.
func TestOldAccountsStay(t *testing.T) {
	w := begin().run(5*time.Hour, nil)
	kept, before := w.a, w.sum(Week)
	now := w.poll.Now.Add(-10 * time.Second)
	w.run(200*time.Hour, func(p *Poll) { p.Replicas, p.Judged.Within = 50, time.Minute })
	if after := kept.Sum(now, Week); after != before {
		t.Errorf("before %+v\nafter %+v", before, after)
	}
}

// A week of a scaler that never rests takes about 1 KB.
func TestSavedSize(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	w := begin()
	for hour := range 200 {
		w.run(time.Hour, func(p *Poll) {
			p.Replicas = float64(5 + r.IntN(40))
			p.Ours = hour > 50
			p.Judged.Records += uint64(r.IntN(10_000_000))
			p.Judged.Late += uint64(r.IntN(500))
		})
	}
	data, err := json.Marshal(w.a)
	t.Logf("%d bytes", len(data))
	if err != nil || len(data) > 1600 {
		t.Errorf("%d bytes, %v", len(data), err)
	}
}

func FuzzLoad(f *testing.F) {
	data, err := json.Marshal(begin().run(30*time.Hour, nil).a)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add([]byte(`{"hour":1,"codes":"AA=="}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var a Account
		if json.Unmarshal(data, &a) != nil {
			return
		}
		next := a.Next(Poll{Now: t0, Sized: true, Replicas: 3, Ours: true})
		s := next.Sum(t0, Week)
		for _, v := range []float64{s.Ran, s.AtPeak, s.Before, s.Judged, s.Late} {
			if math.IsNaN(v) || math.IsInf(v, 0) || v < 0 {
				t.Errorf("%+v", s)
			}
		}
	})
}
