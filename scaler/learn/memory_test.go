package learn

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/lagscaler/lagscaler/scaler/bill"
	"github.com/lagscaler/lagscaler/scaler/promise"
	"github.com/lagscaler/lagscaler/scaler/timeline"
)

// aWeek is a memory of a source after a week of traffic that never rests, with a play of all its rooms.
func aWeek(r *rand.Rand) (m Memory, at time.Time) {
	m = Memory{Sources: []Source{{Cluster: "main", Group: "orders"}}}
	at = time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC)
	for i := range seriesMost {
		day := math.Sin(float64(i) / 288 * 2 * math.Pi)
		v := (1000 + 800*day) * (0.9 + 0.2*r.Float64())
		s := &m.Sources[0].Season.Maxima
		*s = s.put(at, v)
		m.Week.Rate, m.Week.Actual = m.Week.Rate.put(at, v*0.9), m.Week.Actual.put(at, v/100*(0.9+0.2*r.Float64()))
		m.Week.Desired, m.Week.Late = m.Week.Desired.put(at, v/90*(0.9+0.2*r.Float64())), m.Week.Late.put(at, 40*r.Float64())
		m.Sources[0].Promise = m.Sources[0].Promise.Next(played(at, v, r))
		for range 30 {
			at = at.Add(10 * time.Second)
			m.Sources[0].Promise = m.Sources[0].Promise.Next(played(at, v*(0.5+r.Float64()), r))
			m.Bill = m.Bill.Next(bill.Poll{
				Now: at, Longest: time.Minute, Sized: true, Replicas: math.Ceil(v / 100), Decided: math.Ceil(v / 90), Ours: i > 500, Written: i > 500,
				Judged: bill.Judged{Within: 30 * time.Second, Records: uint64(at.Unix()) * uint64(v/2), Late: uint64(at.Unix()), Read: true},
			})
		}
		d := timeline.Decision{At: at, From: int32(r.IntN(50)), To: int32(r.IntN(50)), Reason: "ScaleUp"}
		rebalance := timeline.Rebalance{Group: "orders", End: at.Add(-time.Duration(r.IntN(60)) * time.Second), Took: time.Duration(r.IntN(20_000)) * time.Millisecond, Cause: "scaling"}
		m.Timeline = m.Timeline.Next(timeline.Poll{Now: at, Decision: &d, Rebalances: []timeline.Rebalance{rebalance}})
	}
	for range durationsKept {
		m.Startup, m.Sources[0].Rebalances = append(m.Startup, 60*r.Float64()), append(m.Sources[0].Rebalances, 20*r.Float64())
	}
	m.Version = MemoryVersion
	return m, at
}

// All that is saved of a source stays under 16 KB after such a week, also when it is saved again.
func TestMemoryIsSmall(t *testing.T) {
	m, _ := aWeek(rand.New(rand.NewPCG(1, 2)))
	data, err := m.Save()
	t.Logf("%d bytes", len(data))
	if err != nil || len(data) > 16_000 {
		t.Errorf("%d bytes, %v", len(data), err)
	}
	back, err := Load(data)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := back.Save(); err != nil || len(again) > 16_000 {
		t.Errorf("saved again: %d bytes, %v", len(again), err)
	}
}

func played(at time.Time, rate float64, r *rand.Rand) promise.Poll {
	return promise.Poll{
		Now: at, Seconds: 10, Arrived: 10 * rate, Rate: rate, Expected: rate, Peak: rate * (1 + r.Float64()),
		Decides: at.Unix()%30 == 0, SinceDecision: 30, PerConsumer: 100, Partitions: 48, Consumers: 12, Least: 1,
		Starts: []float64{40}, Pauses: []float64{8}, Longest: 8, Horizon: 63, Commit: 5, Target: 45 * time.Second, Drain: 120, Window: 240, Covered: 3600,
		Utilization: 0.92, DownUtilization: 0.87, KeepsReserve: true, Objective: 0.999, Budget: 1.5,
	}
}

// What is saved of a week is a mean for each quarter of an hour, or hour. Unknown stays unknown, the greatest time lag stays, a part that is
// not over stays as it is, and saving again changes nothing.
func TestAThinnedWeek(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var w Week
		step := int64(5_900_000 + rapid.IntRange(0, 5).Draw(t, "first"))
		for range rapid.IntRange(1, 2500).Draw(t, "steps") {
			at := stepTime(step)
			if rapid.IntRange(0, 9).Draw(t, "known") > 0 {
				w.Rate, w.Late = w.Rate.put(at, rapid.Float64Range(0, 1e6).Draw(t, "rate")), w.Late.put(at, float64(rapid.IntRange(0, 100).Draw(t, "late")))
			}
			step++
		}
		thin := w.thinned()
		before, after := w.Rate.Points(), thin.Rate.Points()
		if len(before) != len(after) {
			t.Fatalf("%d points, then %d", len(before), len(after))
		}
		sum := func(points []Point) (total float64) {
			for _, p := range points {
				total += p.Value
			}
			return total
		}
		if a, b := sum(before), sum(after); math.Abs(a-b) > 0.004*a+0.01*float64(len(before)) {
			t.Fatalf("the sum was %v, and is %v", a, b)
		}
		year := 365 * 24 * time.Hour
		was, _ := w.Late.Greatest(stepTime(step).Add(-year), year)
		if is, _ := thin.Late.Greatest(stepTime(step).Add(-year), year); math.Abs(is-was) > 0.03*was+0.03 {
			t.Fatalf("the greatest time lag was %v, and is %v", was, is)
		}
		if !reflect.DeepEqual(thin.thinned(), thin) {
			t.Fatal("thinning again changes it")
		}
	})
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

// For how long the time lag was above a target is the same after it was saved, if it rose above it as peaks do.
func TestThinnedPeaksLastAsLong(t *testing.T) {
	var w Week
	above := func(s Series) (steps int) {
		for _, p := range s.Points() {
			if p.Value > 30 {
				steps++
			}
		}
		return steps
	}
	for i := range int64(seriesMost) {
		late := 3 + float64(i%7)
		if i%50 < 4 {
			late = 45 + float64(i%13)
		}
		w.Late = w.Late.put(stepTime(5_900_000+i), late)
	}
	if was, is := above(w.Late), above(w.thinned().Late); is != was || was < 100 {
		t.Errorf("%d steps above 30 s, then %d", was, is)
	}
}
