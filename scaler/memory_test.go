package scaler

import (
	"encoding/json"
	"math"
	"os"
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// run lets the world go on for a time, polling every ten seconds.
func (w *world) run(d time.Duration, each func(second int)) {
	for second := range int(d.Seconds()) {
		w.second()
		if each != nil {
			each(second)
		}
		if w.now.Unix()%10 == 0 {
			w.poll()
		}
	}
}

func TestMemorySurvives(t *testing.T) {
	w := newWorld()
	w.rate, w.source.ProcessingTime = 900, 10*time.Millisecond
	if err := w.start(12); err != nil {
		t.Fatal(err)
	}
	w.run(3*time.Hour, func(second int) { w.rate = 900 + 600*float64(second/900%2) })
	data, err := w.memory.Save()
	if err != nil {
		t.Fatal(err)
	}
	loaded, err := LoadMemory(data)
	if err != nil {
		t.Fatal(err)
	}
	want := w.memory
	want.work = nil
	if !reflect.DeepEqual(normal(t, loaded), normal(t, want)) {
		t.Errorf("loaded another memory than was saved:\n%s\n%+v", data, loaded)
	}
	if len(loaded.Startup) == 0 || len(loaded.Sources[0].Rebalances) == 0 || len(loaded.Sources[0].Season.Maxima.Points()) < 30 || len(loaded.Week.Rate.Points()) < 30 {
		t.Errorf("something was not learned: %s", data)
	}
}

// normal is a memory as JSON has it: times without their monotonic part, empty slices as nothing.
func normal(t *testing.T, m Memory) string {
	t.Helper()
	data, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// A week of seasons and comparison is a few KB.
func TestMemoryIsSmall(t *testing.T) {
	m := Memory{Sources: []SourceMemory{{Cluster: "main", Group: "orders"}}}
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

func TestLoadMemoryRefuses(t *testing.T) {
	for name, data := range map[string]string{
		"nothing":         "",
		"another version": `{"version":2}`,
		"no base64":       `{"version":1,"sources":[{"season":{"maxima":{"end":1,"codes":"?"}}}]}`,
		"negative rates":  `{"version":1,"sources":[{"cluster":"a","group":"b","perConsumer":-1}]}`,
		"more than all":   `{"version":1,"sources":[{"cluster":"a","group":"b","brokenJumps":1.1}]}`,
		"unsorted":        `{"version":1,"sources":[{"cluster":"b","group":"b"},{"cluster":"a","group":"b"}]}`,
		"negative times":  `{"version":1,"startupSeconds":[-3]}`,
	} {
		if _, err := LoadMemory([]byte(data)); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// Whatever is loaded, if it is accepted, Evaluate can live with it and save it again.
func FuzzLoadMemory(f *testing.F) {
	w := newWorld()
	w.source.ProcessingTime = 10 * time.Millisecond
	if err := w.start(4); err != nil {
		f.Fatal(err)
	}
	w.rate = 300
	w.run(20*time.Minute, nil)
	data, err := w.memory.Save()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add([]byte(`{"version":1,"downs":["2026-01-01T00:00:00Z"],"sources":[{"cluster":"main","group":"orders","residual":[{"topic":"a","partition":1,"records":2}]}]}`))
	seed, err := os.ReadFile("testdata/scale-up-and-down.timeline")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(seed)
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := LoadMemory(data)
		if err != nil {
			return
		}
		in := w.input()
		in.Memory = m
		d, next := Evaluate(in)
		if d.Desired < 0 || d.Line() == "" {
			t.Errorf("%+v", d)
		}
		if _, err := next.Save(); err != nil {
			t.Error(err)
		}
	})
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
		if got, ok := s.most(start.Add(tt.from), tt.span); ok != tt.ok || math.Abs(got-tt.want) > tt.want*0.0005 {
			t.Errorf("most(%v, %v) = %v, %v, want %v, %v", tt.from, tt.span, got, ok, tt.want, tt.ok)
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
			if got, ok := s.most(at, 0); s.end > before && (!ok || math.Abs(got-v) > 0.0005*v+0.0005) {
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
