package learn

import (
	"encoding/json"
	"math"
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// A week of seasons and comparison is a few KB.
func TestMemoryIsSmall(t *testing.T) {
	m := Memory{Sources: []Source{{Cluster: "main", Group: "orders"}}}
	at := time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC)
	for i := range seriesMost {
		day := math.Sin(float64(i) / 288 * 2 * math.Pi)
		v := math.Round(1000 + 800*day + float64(i*7919%100))
		s := &m.Sources[0].Season.Maxima
		*s = s.put(at, v)
		m.Week.Rate, m.Week.Actual = m.Week.Rate.put(at, v*0.9), m.Week.Actual.put(at, math.Ceil(v/100))
		m.Week.Desired, m.Week.Late = m.Week.Desired.put(at, math.Ceil(v/90)), m.Week.Late.put(at, float64(i*31%17))
		at = at.Add(SeasonStep)
	}
	data, err := m.Save()
	if err != nil || len(data) > 20_000 {
		t.Errorf("%d bytes, %v", len(data), err)
	}
}

func TestLoadRefuses(t *testing.T) {
	for name, data := range map[string]string{
		"nothing":         "",
		"another version": `{"version":2}`,
		"no base64":       `{"version":1,"sources":[{"season":{"maxima":{"end":1,"codes":"?"}}}]}`,
		"negative rates":  `{"version":1,"sources":[{"cluster":"a","group":"b","perConsumer":-1}]}`,
		"more than all":   `{"version":1,"sources":[{"cluster":"a","group":"b","brokenJumps":1.1}]}`,
		"unsorted":        `{"version":1,"sources":[{"cluster":"b","group":"b"},{"cluster":"a","group":"b"}]}`,
		"negative times":  `{"version":1,"startupSeconds":[-3]}`,
	} {
		if _, err := Load([]byte(data)); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestSeries(t *testing.T) {
	start := time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC)
	var s Series
	for i := range 3 {
		s = s.put(start.Add(time.Duration(i)*SeasonStep), float64(100*i))
	}
	s = s.put(start.Add(5*SeasonStep), 50) // two steps unknown
	if got := len(s.Points()); got != 4 {
		t.Errorf("%d points, want 4", got)
	}
	for _, tt := range []struct {
		from time.Duration
		span time.Duration
		want float64
		ok   bool
	}{
		{0, time.Second, 0, true},
		{0, SeasonStep, 100, true},
		{4 * time.Minute, 2 * time.Minute, 100, true},
		{3 * SeasonStep, time.Minute, 0, false},
		{0, time.Hour, 200, true},
		{-time.Hour, time.Minute, 0, false},
		{2 * time.Hour, time.Minute, 0, false},
	} {
		if got, ok := s.Greatest(start.Add(tt.from), tt.span); ok != tt.ok || math.Abs(got-tt.want) > tt.want*0.0005 {
			t.Errorf("Greatest(%v, %v) = %v, %v, want %v, %v", tt.from, tt.span, got, ok, tt.want, tt.ok)
		}
	}
	if again := s.put(start, 7); !reflect.DeepEqual(again, s) {
		t.Error("a step that is over was changed")
	}
	if later := s.put(start.Add(30*24*time.Hour), 7); len(later.Points()) != 1 {
		t.Errorf("after a month away: %v", later.Points())
	}
}

func TestSeriesKeepsAWeekAndItsNumbers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var s Series
		at := time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC)
		for range rapid.IntRange(0, 50).Draw(t, "steps") {
			at = at.Add(time.Duration(rapid.IntRange(0, 500).Draw(t, "gap")) * SeasonStep)
			v := rapid.Float64Range(0, 1e12).Draw(t, "v")
			before := s.end
			s = s.put(at, v)
			if len(s.codes) > seriesMost {
				t.Fatalf("%d steps", len(s.codes))
			}
			if got, ok := s.Greatest(at, 0); s.end > before && (!ok || math.Abs(got-v) > 0.0005*v+0.0005) {
				t.Fatalf("put %v, got %v", v, got)
			}
		}
		data, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		var back Series
		if err := json.Unmarshal(data, &back); err != nil || back.end != s.end || len(back.codes) != len(s.codes) {
			t.Fatalf("%v: %v", err, back)
		}
		for i := range s.codes {
			if s.codes[i] != back.codes[i] {
				t.Fatalf("step %d: %d, %d", i, s.codes[i], back.codes[i])
			}
		}
	})
}
