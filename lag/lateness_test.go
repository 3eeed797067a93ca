package lag

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

// A log of 10 records/s, read every ten seconds from 100 s on, when its end was 1000. The newest reading is of 160 s.
func TestLate(t *testing.T) {
	var h endHistory
	for s := int64(100); s <= 160; s += 10 {
		h.add(s*1000, 10*s)
	}
	for _, c := range []struct {
		name         string
		from, to     int64
		before       time.Duration
		judged, late uint64
	}{
		{"half of it", 1150, 1250, 40 * time.Second, 100, 50}, // the end of 120 s was 1200
		{"none", 1220, 1250, 40 * time.Second, 30, 0},
		{"all", 1100, 1200, 40 * time.Second, 100, 100},
		{"between two readings", 1100, 1300, 37500 * time.Millisecond, 200, 125},
		{"older than what is known", 500, 1250, 40 * time.Second, 750, 700},
		{"a rewind", 1250, 1240, 40 * time.Second, 0, 0},
		{"nothing committed", 1250, 1250, 40 * time.Second, 0, 0},
		{"the deadline lies before the first reading: what came since is in time", 900, 1250, 90 * time.Second, 250, 0},
		{"and of the rest nothing is known", 800, 900, 90 * time.Second, 0, 0},
	} {
		if judged, late := h.late(c.from, c.to, c.before); judged != c.judged || late != c.late {
			t.Errorf("%s: %d of %d late, want %d of %d", c.name, late, judged, c.late, c.judged)
		}
	}
	h.seed(PastEnd{At: 40_000, End: 700})
	if judged, late := h.late(800, 1250, 90*time.Second); judged != 250 || late != 0 {
		t.Errorf("with a seed: %d of %d late, want 0 of 250", late, judged)
	}
}

// No more is judged than was committed, no more is late than was judged, and a stricter objective has no less late.
func TestLateIsWithinBounds(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		var h endHistory
		at, end := int64(0), int64(0)
		for range rapid.IntRange(0, 150).Draw(rt, "readings") {
			at, end = at+rapid.Int64Range(1, 60_000).Draw(rt, "later"), end+rapid.Int64Range(-5, 1000).Draw(rt, "records")
			h.add(at, end)
		}
		from, to := rapid.Int64Range(0, 60_000).Draw(rt, "from"), rapid.Int64Range(0, 60_000).Draw(rt, "to")
		strict := time.Duration(rapid.Int64Range(1, 4e12).Draw(rt, "strict"))
		loose := strict + time.Duration(rapid.Int64Range(0, 4e12).Draw(rt, "more"))
		judged, late := h.late(from, to, strict)
		_, lateLoose := h.late(from, to, loose)
		if most := max(0, to-from); judged > uint64(most) || late > judged || lateLoose > late {
			rt.Fatalf("%d committed, %d judged, %d late, %d late by more", most, judged, late, lateLoose)
		}
	})
}

// Judge says what Add says, whatever the polls read.
func TestJudgeSaysWhatAddSays(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		f := &film{t: t, slo: SLO{LagTime: time.Duration(rapid.IntRange(1, 60).Draw(rt, "seconds")) * time.Second}}
		var judging History
		end, committed := int64(1000), int64(900)
		for range rapid.IntRange(2, 60).Draw(rt, "polls") {
			end += rapid.Int64Range(0, 500).Draw(rt, "arrived")
			committed = min(end, committed+rapid.SampledFrom([]int64{-200, 0, 0, 50, 300, 900}).Draw(rt, "committed"))
			f.secs += rapid.IntRange(0, 3).Draw(rt, "later")
			failed := rapid.IntRange(0, 9).Draw(rt, "failed") == 0
			r := f.poll(end, max(0, committed), func(g *GroupRead) {
				if failed {
					g.Err = Unreachable
				}
			})
			if judged, late := judging.Judge(f.prev, 0, f.slo); judged != r.JudgedTotal || late != r.LateTotal {
				rt.Fatalf("%d of %d late by Judge, %d of %d by Add", late, judged, r.LateTotal, r.JudgedTotal)
			}
		}
	})
}

// 20 records/s arrive, and each is processed 37.5 s later: it is committed 40 s after it arrived, and the commit is 2.5 s old.
func TestJudge(t *testing.T) {
	for _, c := range []struct {
		name    string
		allowed time.Duration
		share   bool
		late    uint64
		judged  uint64
	}{
		{"no objective", 0, false, 0, 0},
		{"all of them are late", 30 * time.Second, false, 2000, 2000},
		{"a part of each quarter is late", 37500 * time.Millisecond, false, 1000, 2000},
		{"none is", 45 * time.Second, false, 0, 2000},
		{"a share group", 30 * time.Second, true, 0, 0},
	} {
		f := &film{t: t, slo: SLO{LagTime: c.allowed}}
		var r Rates
		for i := int64(0); i <= 20; i++ {
			r = f.poll(1000+200*i, 200+200*i, func(g *GroupRead) {
				if c.share {
					g.Type = Share
				}
			})
			if i == 10 { // by now the log is known for as long as it matters
				f.h.groups["g"].lateness = lateness{}
			}
		}
		if r.JudgedTotal != c.judged || r.LateTotal != c.late {
			t.Errorf("%s: %d of %d late, want %d of %d", c.name, r.LateTotal, r.JudgedTotal, c.late, c.judged)
		}
		before := r
		if r = f.poll(5200, 3000); r.JudgedTotal != before.JudgedTotal || r.LateTotal != before.LateTotal {
			t.Errorf("%s: a rewind adds %d of %d", c.name, r.LateTotal-before.LateTotal, r.JudgedTotal-before.JudgedTotal)
		}
	}
}
