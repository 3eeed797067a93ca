package lag

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

// An endHistory answers what a full record of the past would, within the distance of the points around it.
func TestEndHistoryAgainstFullRecord(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		var h endHistory
		end, now := int64(0), int64(1_000_000)
		var full []endOffset
		for range rapid.IntRange(2, 400).Draw(rt, "polls") {
			now += 10_000
			end += rapid.Int64Range(0, 300).Draw(rt, "produced")
			h.add(now, end)
			full = append(full, endOffset{now, end})
		}
		if len(h.points) > maxPoints {
			rt.Fatalf("%d points", len(h.points))
		}
		recent := full[max(0, len(full)-12):]
		offset := rapid.Int64Range(recent[0].end, end).Draw(rt, "offset")
		age, atLeast, ok := h.age(offset)
		got := now - age.Milliseconds()
		if offset == end {
			if ok {
				rt.Fatalf("the record at the end is not there yet, got an age of %v", age)
			}
			return
		}
		if !ok || atLeast {
			rt.Fatalf("offset %d within the recent past not known (ok %v, at least %v)", offset, ok, atLeast)
		}
		after := 0
		for full[after].end <= offset {
			after++
		}
		if after == 0 {
			return
		}
		if got < full[after-1].at || got > full[after].at {
			rt.Fatalf("offset %d: %d outside [%d, %d]", offset, got, full[after-1].at, full[after].at)
		}
	})
}

func TestEndHistoryForgets(t *testing.T) {
	var h endHistory
	for i := range int64(3000) {
		h.add(i*10_000, i*100)
	}
	remembers := time.Duration(3000*10_000-h.points[0].at) * time.Millisecond
	if remembers < keepEnds || remembers > keepEnds*5/4 {
		t.Errorf("remembers %v", remembers)
	}
	for back := int64(20); back < 700; back += 7 {
		age, _, ok := h.age((3000 - 1 - back) * 100)
		if want := time.Duration(back) * 10 * time.Second; !ok || (age-want).Abs() > want/12 {
			t.Errorf("%d polls back: %v ago, want %v within a twelfth", back, age, want)
		}
	}
	h.add(3000*10_000, 5)
	if len(h.points) != 1 {
		t.Errorf("a truncated log's past is kept: %d points", len(h.points))
	}
}
