package rebalancemon

import (
	"slices"
	"testing"
	"time"
	"unsafe"

	"pgregory.net/rapid"

	"github.com/lagscaler/lagscaler/lag/lagtest"
)

// TestEventsArePackedWithoutLoss: what was packed comes out as it was, however many were added and forgotten, and lists that readers have
// do not change.
func TestEventsArePackedWithoutLoss(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		type read struct {
			events Events
			as     []Event
		}
		var all Events
		var want []Event
		var had []read
		began := time.Date(2026, 1, 5, 12, 0, 0, 0, time.UTC)
		for range rapid.IntRange(0, 12).Draw(t, "events") {
			e := Event{
				Cluster: "main", Group: "orders", Start: began.Add(time.Duration(rapid.Int64Range(-1e15, 1e15).Draw(t, "start"))),
				Resolution: time.Duration(rapid.Int64Range(0, 1e12).Draw(t, "resolution")), Paused: rapid.Bool().Draw(t, "paused"),
				Outcome: rapid.SampledFrom(append([]Outcome{""}, Outcomes...)).Draw(t, "outcome"), Cause: rapid.SampledFrom(append([]Cause{""}, Causes...)).Draw(t, "cause"),
				Evidence: rapid.SampledFrom([]string{"", "joined: a", "left: b"}).Draw(t, "evidence"), Generation: rapid.Int32().Draw(t, "generation"),
				Count: rapid.IntRange(1, 1000).Draw(t, "count"), Joined: rapid.IntRange(0, 1000).Draw(t, "joined"), Left: rapid.IntRange(0, 1000).Draw(t, "left"),
			}
			if rapid.IntRange(0, 9).Draw(t, "ended") > 0 {
				e.End = e.Start.Add(time.Duration(rapid.Int64Range(0, 1e14).Draw(t, "took")))
			}
			all, want = all.with(&e, began), append(want, e)
			if n := rapid.IntRange(1, 15).Draw(t, "kept"); n < len(want) {
				all, want = all.newest(n), want[len(want)-n:]
			}
			had = append(had, read{all, slices.Clone(want)})
		}
		if got := all.All(); !slices.Equal(got, want) {
			t.Fatalf("%v\nwant %v", got, want)
		}
		if last := all.Last(); (last == nil) != (len(want) == 0) || last != nil && *last != want[len(want)-1] {
			t.Fatalf("the last is %v", last)
		}
		for _, earlier := range had {
			if now := earlier.events.All(); !slices.Equal(now, earlier.as) {
				t.Fatalf("a list that was read was %v, and is %v", earlier.as, now)
			}
		}
	})
}

// TestEventsKeepTheWallClock: an older rebalance begins and ends when it did by the wall clock, to the nanosecond, though that runs a little
// faster or slower than the clock that durations are measured by. Readers tell rebalances apart by that.
func TestEventsKeepTheWallClock(t *testing.T) {
	began := time.Now()
	for _, drift := range []time.Duration{0, 137, -41, time.Second, -2 * time.Second} {
		e := Event{Start: began, End: lagtest.WallSet(began.Add(3*time.Second), drift), Count: 1}
		all := NewEvents([]Event{e, {Start: began.Add(time.Minute), End: began.Add(time.Minute)}})
		if got := all.At(0); got.Start.UnixNano() != e.Start.UnixNano() || got.End.UnixNano() != e.End.UnixNano() || all.packed[0].took != 3*time.Second {
			t.Errorf("drift of %v: %v to %v, want %v to %v", drift, got.Start, got.End, e.Start, e.End)
		}
	}
}

// There may be 200,000 of them, so each byte is 200 kB. Equal evidence is kept once.
func TestBytesOfAnEvent(t *testing.T) {
	if n := unsafe.Sizeof(packedEvent{}); n > 72 {
		t.Errorf("%d bytes", n)
	}
	text := func() string { return string([]byte("joined: a")) }
	all := NewEvents([]Event{{Evidence: text()}, {Evidence: "left: b"}, {Evidence: text()}})
	if unsafe.StringData(all.packed[0].evidence) != unsafe.StringData(all.Last().Evidence) || unsafe.StringData(all.packed[2].evidence) != unsafe.StringData(all.Last().Evidence) {
		t.Error("the same evidence is kept more than once")
	}
}

// TestAdviceOfASetClock: rebalances of the last hour count when the wall clock is set, and not when an hour has passed.
func TestAdviceOfASetClock(t *testing.T) {
	began := time.Now()
	for _, tt := range []struct {
		name   string
		now    time.Time
		advice int
	}{
		{"nothing happens", began.Add(30 * time.Minute), 1},
		{"the clock is set forward", lagtest.WallSet(began.Add(30*time.Minute), 2*time.Hour), 1},
		{"the clock is set back", lagtest.WallSet(began.Add(90*time.Minute), -time.Hour), 0},
		{"an hour passes", began.Add(90 * time.Minute), 0},
	} {
		g := &group{}
		for i := range oftenEnough {
			at := began.Add(time.Duration(i) * time.Minute)
			g.stats.add(Event{Start: at, End: at.Add(time.Second), Cause: MemberTimeout, Outcome: Success, Count: 1}, 0)
		}
		if got := advise(g, tt.now); len(got) != tt.advice {
			t.Errorf("%s: %v", tt.name, got)
		}
	}
}
