package scaler

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestWindowWhenClocksChange has the minutes in which a window is open from noon before the clocks change until noon three
// days later. A day without a change is beside each.
func TestWindowWhenClocksChange(t *testing.T) {
	spring, autumn, plain := "2026-03-28 12:00", "2026-10-24 12:00", "2026-06-06 12:00"
	tests := []struct {
		zone, start, end string
		from             string
		want             int // minutes in three days
	}{
		{"Europe/Berlin", "30 2 * * *", "30 3 * * *", plain, 180},
		{"Europe/Berlin", "30 2 * * *", "30 3 * * *", spring, 30 + 120},
		{"Europe/Berlin", "30 2 * * *", "30 3 * * *", autumn, 120 + 120},
		{"Europe/Berlin", "30 1 * * *", "30 2 * * *", spring, 30 + 120},
		{"Europe/Berlin", "30 1 * * *", "30 2 * * *", autumn, 120 + 120},
		{"Europe/Berlin", "10 2 * * *", "40 2 * * *", plain, 90},
		{"Europe/Berlin", "10 2 * * *", "40 2 * * *", spring, 0 + 60},
		{"Europe/Berlin", "10 2 * * *", "40 2 * * *", autumn, 90 + 60},
		{"Europe/Berlin", "0 1 * * *", "0 4 * * *", spring, 120 + 360},
		{"Europe/Berlin", "0 1 * * *", "0 4 * * *", autumn, 240 + 360},
		{"Europe/Berlin", "0 22 * * *", "0 6 * * *", spring, 420 + 960},
		{"Europe/Berlin", "0 22 * * *", "0 6 * * *", autumn, 540 + 960},
		{"Europe/Berlin", "0 3 * * *", "0 4 * * *", spring, 180}, // the first minute after the gap
		{"Europe/Berlin", "0 2 * * *", "0 3 * * *", spring, 0 + 120},
		{"Europe/Berlin", "0 2 * * *", "0 3 * * *", autumn, 120 + 120},
		{"America/New_York", "30 1 * * *", "30 2 * * *", "2026-10-31 12:00", 120 + 120}, // 1:00 to 2:00 comes twice
		{"America/Sao_Paulo", "0 0 * * *", "30 0 * * *", "2018-11-03 12:00", 0 + 60},    // midnight does not exist
		{"Australia/Lord_Howe", "0 2 * * *", "0 3 * * *", "2026-10-03 12:00", 30 + 120}, // half an hour
		{"Pacific/Apia", "0 8 * * *", "0 9 * * *", "2011-12-29 12:00", 120},             // 30 December does not exist: two of three days
		{"", "30 2 * * *", "30 3 * * *", spring, 180},
		{"Europe/Berlin", "30 6 * * 1-5", "10 22 * * *", "2026-06-05 12:00", 610 + 330}, // Friday noon to Monday noon: closed at the weekend
		{"Europe/Berlin", "0 8,9,10 * * *", "0 18 * * *", plain, 360 + 600 + 600 + 240}, // it is open already
		{"Europe/Berlin", "0 8 * * *", "0 8,18 * * *", plain, 360 + 600 + 600 + 240},    // the end at 8:00 is of the window before
		{"Europe/Berlin", "40 2 * * *", "10 2 * * *", spring, 3*24*60 - 60 - 30 - 30},   // through the gap
		{"Europe/Berlin", "10 2 * * *", "0 2 * * *", autumn, 3*24*60 + 60 - 20},         // the end of a day comes after the start of the next one
		{"Europe/Berlin", "10 2 * * *", "0 2 * * *", spring, 3*24*60 - 60 - 20},
		{"Europe/Berlin", "0 8 29 2 *", "0 8 1 3 *", "2028-02-28 12:00", 24 * 60},
		{"Europe/Berlin", "0 8 29 2 *", "0 8 1 3 *", "2027-02-28 12:00", 0},
		{"UTC", "CRON_TZ=Europe/Berlin 30 2 * * *", "TZ=Europe/Berlin 30 3 * * *", spring, 30 + 120},
	}
	for _, tt := range tests {
		w, err := WindowSpec{Start: tt.start, End: tt.end, TimeZone: tt.zone, MinReplicas: 1}.Parse()
		if err != nil {
			t.Fatal(err)
		}
		zone, err := time.LoadLocation(tt.zone)
		if err != nil {
			t.Fatal(err)
		}
		from, err := time.ParseInLocation("2006-01-02 15:04", tt.from, zone)
		if err != nil {
			t.Fatal(err)
		}
		got := 0
		for at := from; at.Before(time.Date(from.Year(), from.Month(), from.Day()+3, 12, 0, 0, 0, zone)); at = at.Add(10 * time.Minute) {
			if w.Open(at) {
				got += 10
			}
		}
		if got != tt.want {
			t.Errorf("%s, %s to %s from %s: open for %d min, want %d", tt.zone, tt.start, tt.end, tt.from, got, tt.want)
		}
	}
}

// TestWindowInOnePiece: in the night in which 2:30 comes twice, the window opens once and closes once.
func TestWindowInOnePiece(t *testing.T) {
	w, err := WindowSpec{Start: "30 2 * * *", End: "30 3 * * *", TimeZone: "Europe/Berlin", MinReplicas: 1}.Parse()
	if err != nil {
		t.Fatal(err)
	}
	var changes []string
	open := false
	for at := time.Date(2026, 10, 24, 12, 0, 0, 0, time.UTC); at.Before(time.Date(2026, 10, 25, 12, 0, 0, 0, time.UTC)); at = at.Add(time.Second * 30) {
		if w.Open(at) != open {
			open = !open
			changes = append(changes, at.Format("15:04:05"))
		}
	}
	if got := strings.Join(changes, " "); got != "00:30:00 02:30:00" {
		t.Errorf("it changed at %s", got)
	}
}

// TestWindowsThatNeverOpen are refused with field and value.
func TestWindowsThatNeverOpen(t *testing.T) {
	for _, tt := range []struct{ start, end, want string }{
		{"0 8 30 2 *", "0 18 30 2 *", `window.start: "0 8 30 2 *": never comes`},
		{"0 8 * * *", "0 18 30 2 *", `window.end: "0 18 30 2 *": never comes`},
		{"0 8 31 4,6,9,11 *", "0 18 * * *", `window.start: "0 8 31 4,6,9,11 *": never comes`},
		{"0 8 * * *", "0 8 * * *", `window.end: "0 8 * * *": comes only when the window starts anew ("0 8 * * *"), so it never closes`},
		{"0 8 * * *", "00 08 * * 0-6", `window.end: "00 08 * * 0-6": comes only`},
		{"* * * * *", "0 8 * * *", `window.end: "0 8 * * *": comes only`},
		{"0 8 * * *", "0 8 * * 1", `window.end: "0 8 * * 1": comes only`},
		{"@every 1h", "@every 2h", `window.start: "@every 1h": must be a time of day`},
		{"0 8 * * *", "@every 2h", `window.end: "@every 2h": must be a time of day`},
		{"@reboot", "0 1 * * *", `window.start: "@reboot": `},
		{"TZ=Europe/Berlin", "0 1 * * *", `window.start: "TZ=Europe/Berlin": has a time zone and no time`},
		{"", "0 1 * * *", `window.start: "": `},
	} {
		_, err := WindowSpec{Start: tt.start, End: tt.end, MinReplicas: 1}.Parse()
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%q to %q: %v, want %s", tt.start, tt.end, err, tt.want)
		}
	}
	for _, ok := range [][2]string{{"0 8 29 2 *", "0 18 29 2 *"}, {"0 8 * * 1", "0 8 * * *"}, {"* 0-22 * * *", "* * * * *"}, {"*/10 8-17 * * *", "5 18 24 12 *"}, {"@daily", "0 6 * * *"}, {"0 0 31 12 *", "0 0 2 1 *"}, {"0 0 13 * 5", "59 23 13 * 5"}, {"TZ=Asia/Tokyo 0 8 * * *", "TZ=Europe/Berlin 0 8 * * *"}} {
		if _, err := (WindowSpec{Start: ok[0], End: ok[1], MinReplicas: 1}).Parse(); err != nil {
			t.Errorf("%q to %q: %v", ok[0], ok[1], err)
		}
	}
}

// TestDailyWindowFollowsTheWallClock: on every day of every zone a daily window is open while the wall clock is in
// [start, end), except on times that the clock skips or shows twice.
func TestDailyWindowFollowsTheWallClock(t *testing.T) {
	zones := []string{"UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca", "Asia/Kathmandu", "America/St_Johns"}
	rapid.Check(t, func(t *rapid.T) {
		zone, err := time.LoadLocation(rapid.SampledFrom(zones).Draw(t, "zone"))
		if err != nil {
			t.Fatal(err)
		}
		clock := rapid.Custom(func(t *rapid.T) time.Time {
			return time.Date(2026, 1, 1, rapid.IntRange(0, 23).Draw(t, "hour"), rapid.IntRange(0, 59).Draw(t, "minute"), 0, 0, time.UTC)
		})
		start, end := clock.Draw(t, "start"), clock.Draw(t, "end")
		if start.Equal(end) {
			return
		}
		w, err := WindowSpec{Start: start.Format("4 15 * * *"), End: end.Format("4 15 * * *"), TimeZone: zone.String(), MinReplicas: 1}.Parse()
		if err != nil {
			t.Fatal(err)
		}
		at := time.Date(2026, 1, 1, 0, 0, rapid.IntRange(0, 366*86400).Draw(t, "second"), 0, zone)
		if offset(at.Add(-26*time.Hour)) != offset(at) || offset(at.Add(26*time.Hour)) != offset(at) {
			return // the clocks change: TestWindowWhenClocksChange
		}
		of := func(t time.Time) int { return t.Hour()*60 + t.Minute() }
		s, e, n := of(start), of(end), of(at)
		want := n >= s && n < e
		if s > e {
			want = n >= s || n < e
		}
		if got := w.Open(at); got != want {
			t.Errorf("%s to %s at %v: open %v, want %v", w.Start, w.End, at, got, want)
		}
	})
}

// TestWindowsInNightsOfChange: a daily window is the union of its days, each from the first time that the wall clock shows the start,
// to the last time that it shows the end, or from or to the end of the gap if it shows neither. The instants are found by looking
// at the clock every ten minutes.
func TestWindowsInNightsOfChange(t *testing.T) {
	const layout, step = "2006-01-02 15:04", 10 * time.Minute
	nights := [][2]string{
		{"Australia/Lord_Howe", "2026-04-05"}, {"Australia/Lord_Howe", "2026-10-04"}, // half an hour
		{"Africa/Casablanca", "2026-02-15"}, {"Africa/Casablanca", "2026-03-22"}, // Ramadan
		{"America/Nuuk", "2026-03-28"}, {"America/Nuuk", "2026-10-24"}, // the evening before
		{"Africa/Cairo", "2026-04-24"}, {"Africa/Cairo", "2026-10-29"}, // midnight
		{"America/Havana", "2026-03-08"}, {"America/Havana", "2026-11-01"}, {"Antarctica/Troll", "2026-03-29"}, {"Antarctica/Troll", "2026-10-25"}, // two hours
		{"Europe/Berlin", "2026-03-29"}, {"Europe/Berlin", "2026-10-25"}, {"Pacific/Apia", "2011-12-30"}, // a day
	}
	rapid.Check(t, func(t *rapid.T) {
		night := rapid.SampledFrom(nights).Draw(t, "night")
		zone, err := time.LoadLocation(night[0])
		if err != nil {
			t.Fatal(err)
		}
		day, err := time.Parse(time.DateOnly, night[1])
		if err != nil {
			t.Fatal(err)
		}
		var shown []string // every ten minutes from began
		began := day.AddDate(0, 0, -4)
		for at := began; at.Before(day.AddDate(0, 0, 4)); at = at.Add(step) {
			shown = append(shown, at.In(zone).Format(layout))
		}
		// shows is when the clock shows a time of a day: at first, or at last.
		shows := func(date time.Time, clock int, last bool) int {
			wall := date.Add(time.Duration(clock) * step).Format(layout)
			i := slices.Index(shown, wall)
			for k := i + 1; last && k < len(shown) && i >= 0; k++ {
				if shown[k] == wall {
					i = k
				}
			}
			if i >= 0 {
				return i
			}
			return slices.IndexFunc(shown, func(s string) bool { return s > wall })
		}
		start := rapid.OneOf(rapid.IntRange(0, 143), rapid.IntRange(0, 20), rapid.IntRange(132, 143)).Draw(t, "start")
		length := rapid.OneOf(rapid.IntRange(1, 143), rapid.IntRange(1, 6), rapid.IntRange(138, 143)).Draw(t, "length")
		cron := func(clock int) string { return fmt.Sprintf("%d %d * * *", clock%6*10, clock/6%24) }
		w, err := WindowSpec{Start: cron(start), End: cron(start + length), TimeZone: night[0], MinReplicas: 1}.Parse()
		if err != nil {
			t.Fatal(err)
		}
		want := make([]bool, len(shown))
		for d := -3; d <= 2; d++ {
			for i := shows(day.AddDate(0, 0, d), start, false); i < shows(day.AddDate(0, 0, d), start+length, true); i++ {
				want[i] = true
			}
		}
		for i := 3 * 144; i < 5*144; i++ {
			if at := began.Add(time.Duration(i) * step); w.Open(at) != want[i] {
				t.Fatalf("%s, %s to %s at %v: open %v", night[0], w.Start, w.End, at.In(zone), !want[i])
			}
		}
	})
}

func offset(t time.Time) int {
	_, seconds := t.Zone()
	return seconds
}

// Whatever a user writes, it is a window or an error, and a window is open or not at any time.
func FuzzWindow(f *testing.F) {
	f.Add("0 8 * * 1-5", "0 18 * * 1-5", "Europe/Berlin", int64(1_774_746_000))
	f.Add("@daily", "TZ=Asia/Tokyo 30 2 29 2 *", "", int64(0))
	f.Add("TZ=", "CRON_TZ= ", "../zone", int64(-62_135_596_800))
	f.Add("*/59 0-23/5 ? JAN-DEC SUN", "0 0 31 2 *", "Local", int64(253_402_300_799))
	f.Fuzz(func(t *testing.T, start, end, zone string, at int64) {
		w, err := WindowSpec{Start: start, End: end, TimeZone: zone, MinReplicas: 1}.Parse()
		if err != nil {
			if text := err.Error(); !strings.Contains(text, "window.") {
				t.Errorf("names no field: %s", text)
			}
			return
		}
		_ = w.Open(time.Unix(at%(1<<38), 0)) // about 8,700 years around 1970
	})
}
