package scaler_test

import (
	"math"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/need"
	"github.com/lagscaler/lagscaler/scaler/say"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

// newRunning is a world with 12 partitions that has been running for a while at 600/s.
func newRunning(t *testing.T, change func(w *world)) *world {
	t.Helper()
	w := newWorld()
	w.each, w.source.ProcessingTime, w.noWrites, w.rate = 12, 10*time.Millisecond, true, 600
	if change != nil {
		change(w)
	}
	if err := w.start(12); err != nil {
		t.Fatal(err)
	}
	w.run(15*time.Minute, nil)
	return w
}

// standing is the last decision.
func (w *world) standing() *scaler.Decision { return w.memory.Standing() }

func (w *world) need() need.Need { return w.standing().Needs[0] }

func near(got, want, within float64) bool { return math.Abs(got-want) <= within*want }

// A source counts the topics it names, or that match its pattern, and no others.
func TestTopicsOfASource(t *testing.T) {
	for _, tt := range []struct {
		topics     []string
		pattern    string
		rate       float64
		partitions int32
	}{
		{nil, "", 600, 36},
		{[]string{"orders"}, "", 200, 12},
		{nil, "orders|pay.*", 400, 24},
		{nil, "order", 0, 0}, // a pattern matches whole names
		{[]string{"refunds"}, "pay.*", 400, 24},
	} {
		w := newRunning(t, func(w *world) {
			w.topics = []string{"orders", "payments", "refunds"}
			w.source.Topics, w.source.TopicPattern = tt.topics, tt.pattern
		})
		if n := w.need(); !near(n.Rate, tt.rate, 0.01) || n.Partitions != tt.partitions {
			t.Errorf("%v %q: %v/s on %d partitions", tt.topics, tt.pattern, n.Rate, n.Partitions)
		}
	}
}

// More partitions change neither what is known of the old ones nor the rates.
func TestPartitionsAreAdded(t *testing.T) {
	w := newRunning(t, nil)
	w.each = 18
	for len(w.end) < 18 {
		w.end, w.pos, w.commit, w.weights = append(w.end, 0), append(w.pos, 0), append(w.commit, 0), append(w.weights, 0)
	}
	w.run(30*time.Second, nil)
	n := w.need()
	if !near(n.Rate, 600, 0.01) || n.Partitions != 18 || n.LagSeconds > 10 || n.Useful != 18 {
		t.Errorf("%+v", n)
	}
}

// A rewind, a topic that was made anew and an outage lead to no rate below zero and to none that never was.
func TestRatesAreNeverWild(t *testing.T) {
	for name, disturb := range map[string]func(w *world){
		"rewind":   func(w *world) { w.each1(func(p int) { w.pos[p] -= 5000 }) },
		"recreate": func(w *world) { w.each1(func(p int) { w.end[p], w.pos[p] = 100, 100 }) },
		"outage":   func(w *world) { w.unknown = 6; w.run(7*time.Minute, nil); w.unknown = 0 },
		"unread":   func(w *world) { w.unread = true; w.run(4*time.Minute, nil); w.unread = false },
	} {
		w := newRunning(t, nil)
		disturb(w)
		for range 12 {
			w.run(10*time.Second, nil)
			if r := w.memory.LastReading(0); r.Rate < 0 || r.Rate > 615 || r.Consumed < 0 {
				t.Errorf("%s: %v/s arriving, %v/s committed", name, r.Rate, r.Consumed)
			}
		}
		if r := w.memory.LastReading(0); !near(r.Rate, 600, 0.02) {
			t.Errorf("%s: %v/s after two minutes", name, r.Rate)
		}
	}
}

// The age of the oldest record is interpolated from when the log end was where the group is now.
func TestAgeIsInterpolated(t *testing.T) {
	for _, behind := range []float64{0, 7, 25, 64, 300, 900} { // 600 s are remembered; beyond, lag / rate
		w := newRunning(t, func(w *world) { w.every = time.Second })
		for p := range w.end {
			w.stuck[p] = true
			w.pos[p] = w.end[p] - behind*50
			w.commit[p] = int64(w.pos[p])
		}
		stood := w.now
		w.run(30*time.Second, nil)
		want := behind + w.standing().At.Sub(stood).Seconds()
		if got := w.need().LagSeconds; math.Abs(got-want) > 1 {
			t.Errorf("%v s behind: %v s old, want %v", behind, got, want)
		}
	}
}

// newSparse is one replica of a scaler that may go to zero; each partition ends with so many offsets that nobody reads.
func newSparse(t *testing.T, marker int64) *world {
	t.Helper()
	w := newWorld()
	w.each, w.source.ProcessingTime, w.spec.MinReplicas, w.marker = 12, 10*time.Millisecond, new(int32(0)), marker
	if err := w.start(1); err != nil {
		t.Fatal(err)
	}
	w.run(5*time.Minute, func(int) { w.rate = 50 })
	w.rate = 0
	return w
}

// A transaction marker leaves a rest for ever. It is no work once rests of its size were passed three times when records came.
func TestRestsThatWerePassedAreNothing(t *testing.T) {
	w := newSparse(t, 1)
	w.run(25*time.Minute, nil)
	if d := w.standing(); d.Verdict != scaler.RestUnknown || w.wl.Spec != 1 || w.need().Rest != 12 {
		t.Errorf("before it is known: %s", say.Line(*d))
	}
	burst := func() {
		w.run(20*time.Second, func(int) { w.rate = 50 })
		w.rate = 0
		w.run(25*time.Minute, nil)
	}
	for range 3 {
		burst()
	}
	if n := w.need(); n.Lag != 0 || n.Rest != 0 || w.wl.Spec != 0 {
		t.Errorf("lag %d, rest %d, %d replicas, learned %+v", n.Lag, n.Rest, w.wl.Spec, w.memory.Sources[0].Commits)
	}
	data, err := w.memory.Save()
	if err != nil {
		t.Fatal(err)
	}
	if w.memory, err = scaler.LoadMemory(data); err != nil {
		t.Fatal(err)
	}
	if w.run(25*time.Minute, nil); w.wl.Spec != 0 {
		t.Errorf("a restart of ours woke it: %s", say.Line(*w.standing()))
	}
	w.run(10*time.Second, func(int) { w.rate = 5 })
	if w.run(time.Minute, func(int) { w.rate = 0 }); w.wl.Spec != 1 {
		t.Errorf("records came, and nothing woke: %s", say.Line(*w.standing()))
	}
}

// The twin: a consumer that is stuck on its last record, where nothing was ever passed by itself.
func TestAStuckConsumerIsNotPutToSleep(t *testing.T) {
	w := newSparse(t, 0)
	w.run(time.Minute, nil)
	w.each1(func(p int) { w.stuck[p] = true })
	for range 4 { // each time somebody restarts it
		w.each1(func(p int) { w.end[p]++ })
		w.run(20*time.Minute, nil)
		w.each1(func(p int) { w.pos[p] = w.end[p] })
		w.run(10*time.Second, nil)
		w.each1(func(p int) { w.end[p]++ })
	}
	w.run(3*time.Hour, nil)
	if d := w.standing(); w.wl.Spec != 1 || d.Verdict != scaler.RestUnknown {
		t.Errorf("%d replicas: %s", w.wl.Spec, say.Line(*d))
	}
}

// Every hour opens with a peak of ten minutes: after some hours it is expected, also by a scaler that was restarted.
func TestSeasonIsExpected(t *testing.T) {
	w := newWorld()
	w.source.ProcessingTime, w.rate = 10*time.Millisecond, 500
	if err := w.start(8); err != nil {
		t.Fatal(err)
	}
	peak := func(second int) { w.rate = 500 + 2500*max(0, 1-float64((second+1800)%3600)/600) }
	w.run(12*time.Hour+29*time.Minute, peak)
	data, err := w.memory.Save()
	if err != nil {
		t.Fatal(err)
	}
	live := func() need.Need {
		for range 90 {
			w.second()
			if w.now.Unix()%10 == 0 {
				w.poll()
			}
		}
		return w.need()
	}
	kept := w.memory
	w.rate = 500
	before := live()
	if before.ForecastBy != need.FromHour || before.Forecast < 2500 {
		t.Errorf("half a minute before: %s -> %.0f/s", before.ForecastBy, before.Forecast)
	}
	if w.memory, err = scaler.LoadMemory(data); err != nil {
		t.Fatal(err)
	}
	if after := live(); after.ForecastBy != need.FromHour || !near(after.Forecast, before.Forecast, 0.1) {
		t.Errorf("restarted: %s -> %.0f/s, and %.0f/s without", after.ForecastBy, after.Forecast, before.Forecast)
	}
	if skill := kept.Sources[0].Season.Skill[0]; !skill.Useful() {
		t.Errorf("skill: %+v", skill)
	}
}

// At a tenth of the clock, all windows and gates are a tenth as long.
func TestPace(t *testing.T) {
	w := newWorld()
	w.source.ProcessingTime, w.noWrites = 10*time.Millisecond, true
	if err := w.start(24); err != nil {
		t.Fatal(err)
	}
	w.rate, w.every = 500, time.Second
	began := w.now
	for range 60 {
		w.second()
		w.reading = w.read()
		in := w.input()
		in.Clock = seen.Clock{Poll: time.Second, Pace: 10}
		r := scaler.Evaluate(in)
		d := r.Decision
		w.memory = r.Memory
		if d.Verdict == scaler.ScaleDown {
			if took := w.now.Sub(began); took < 22*time.Second || took > 28*time.Second {
				t.Errorf("down after %v, want 24 s: a window of 240 s", took)
			}
			return
		}
	}
	t.Errorf("never went down: %s", say.Line(*w.standing()))
}

// After a pause in which nobody looked, or a clock that was set back, what is known begins anew: a quiet minute is not
// taken for a quiet window.
func TestGapsBeginAnew(t *testing.T) {
	for name, jump := range map[string]time.Duration{"paused": time.Hour, "set back": -time.Hour} {
		w := newRunning(t, func(w *world) { w.rate = 300 })
		if d := w.standing(); d.Verdict != scaler.ScaleDown {
			t.Fatalf("%s: before: %s", name, say.Line(*d))
		}
		w.now = w.now.Add(jump)
		w.run(3*time.Minute+30*time.Second, nil)
		if d := w.standing(); d.Verdict != scaler.HoldStabilizing || w.now.Sub(d.At) > time.Minute {
			t.Errorf("%s: %s at %v, now %v", name, say.Line(*d), d.At, w.now)
		}
		w.run(2*time.Minute, nil)
		if d := w.standing(); d.Verdict != scaler.ScaleDown {
			t.Errorf("%s: after: %s", name, say.Line(*d))
		}
	}
}

// A sink that commits each 15 min has lag all the time, and keeps up. Once its rhythm is known, replicas follow the arrivals
// alone. Its twin commits as rarely because it cannot keep up.
func TestRareCommitsAreNoBacklog(t *testing.T) {
	most := int32(0)
	sink := func(speed float64) *world {
		w := newWorld()
		w.each, w.speed, w.every, w.source.ProcessingTime, w.rate = 12, speed, 15*time.Minute, 10*time.Millisecond, 150
		if err := w.start(2); err != nil {
			t.Fatal(err)
		}
		most = 0
		w.run(2*time.Hour, func(int) { most = max(most, w.wl.Spec) })
		return w
	}
	w := sink(100)
	for range 6 {
		w.run(10*time.Minute, nil)
		if n := w.need(); w.wl.Spec != 2 || n.LagSeconds > 60 || len(n.Stalled) > 0 {
			t.Fatalf("%d replicas, time lag %v s: %s", w.wl.Spec, n.LagSeconds, say.Line(*w.standing()))
		}
	}
	if w := sink(50); most <= 2 {
		t.Errorf("consumers that do not keep up: at most %d replicas: %s", most, say.Line(*w.standing()))
	}
}

// One partition is stuck, and the others commit every ten minutes, as said. That they have not committed for some minutes does
// not mean that nothing moves.
func TestRareCommitsAreNotFrozen(t *testing.T) {
	w := newWorld()
	w.every, w.rate, w.speed, w.each = 10*time.Minute, 100, 100, 6
	w.source.CommitsWithin, w.source.ProcessingTime = 15*time.Minute, 10*time.Millisecond
	if err := w.start(3); err != nil {
		t.Fatal(err)
	}
	run(w, 20*time.Minute)
	w.stuck[0] = true
	seen := map[scaler.Reason]bool{}
	for range 6 * 60 {
		seen[run(w, 10*time.Second).Verdict] = true
	}
	if seen[scaler.Stalled] || !seen[scaler.PartitionStalled] {
		t.Errorf("verdicts %v", seen)
	}
	for p := range w.end { // the twin: all of them
		w.stuck[p] = true
	}
	last := run(w, time.Hour)
	if last.Verdict != scaler.Stalled {
		t.Errorf("nothing moves: %s", last.Verdict)
	}
}
