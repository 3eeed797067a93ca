package tryout

import (
	"context"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lagscaler/lagscaler/internal/record"
	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/brakes"
	"github.com/lagscaler/lagscaler/scaler/seen"
	"github.com/lagscaler/lagscaler/scaler/sim"
)

const orders = "shop/orders"

// waves go up and down: 45 minutes of 1 000/s, then as long of 300/s.
func waves(hours int) sim.Trace {
	t := sim.Trace{Name: "waves", Step: time.Minute, Begins: time.Date(2026, 11, 30, 9, 0, 0, 0, time.UTC)}
	for m := range hours * 60 {
		rate := 1000.0
		if m%90 >= 45 {
			rate = 300
		}
		t.Counts = append(t.Counts, 60*rate)
	}
	return t
}

// world is that of waves: 24 partitions, consumers of 100/s.
func world() sim.World {
	return sim.World{Partitions: 24, PerConsumer: 100, PeakLoad: 1000.0 / 2400, Target: 30 * time.Second, Seed: 3}
}

func settings(t *testing.T, change func(*scaler.Spec)) Settings {
	t.Helper()
	spec := scaler.Spec{Sources: []seen.SourceSpec{{Cluster: "sim", Group: "sim", ProcessingTime: 10 * time.Millisecond}}}
	if change != nil {
		change(&spec)
	}
	s, err := SettingsOf(spec)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// simulated plays the cases of what is tried.
func simulated(t *testing.T, tried *Tried) map[string]Outcome {
	t.Helper()
	out := map[string]Outcome{}
	for _, c := range tried.Cases() {
		p := NewPlayer(c, true)
		r := sim.Simulate(waves(4), world(), p.Policy(orders, tried.Labels))
		out[c.Name] = p.Simulated(orders, &r)
	}
	return out
}

// What is proposed makes a difference, and so does each brake that held; one that never held makes none.
func TestSimulatedCases(t *testing.T) {
	t.Parallel()
	proposed := settings(t, func(s *scaler.Spec) {
		s.MaxReplicas = new(int32(8))
		s.Schedule = []scaler.WindowSpec{{Start: "0 3 * * *", End: "0 4 * * *", MinReplicas: 20}} // not within the trace
	})
	rows := simulated(t, &Tried{Scaler: orders, Present: settings(t, nil), Proposed: &proposed})
	present, at8, free := rows["present"], rows["proposed"], rows["proposed without maxReplicas"]
	if *at8.LateRecords < 100*max(1, *present.LateRecords) || at8.ConsumerHours >= present.ConsumerHours {
		t.Errorf("with 8 replicas at most %d records are late in %.1f h, now %d in %.1f h", *at8.LateRecords, at8.ConsumerHours, *present.LateRecords, present.ConsumerHours)
	}
	if len(at8.Held) == 0 || at8.Held[0].Reason != scaler.MaxReplicas || at8.Held[0].Seconds < 600 || len(free.Held) > 0 {
		t.Errorf("held %+v, without it %+v", at8.Held, free.Held)
	}
	if *free.LateRecords != *present.LateRecords || free.StepsUp != present.StepsUp {
		t.Errorf("without the only brake that held, it is not the present: %+v, %+v", free, present)
	}
	if never := rows["proposed without schedule"]; *never.LateRecords != *at8.LateRecords || never.ConsumerHours != at8.ConsumerHours {
		t.Errorf("a brake that never held makes a difference: %+v, %+v", never, at8)
	}
}

// Limits and freezes of the configuration hold in the simulator as in the engine: by the name and the labels of the scaler, and at the
// time of day of the traffic.
func TestSimulatedBrakesOfTheConfiguration(t *testing.T) {
	t.Parallel()
	window, err := scaler.WindowSpec{Start: "0 10 * * *", End: "0 11 * * *", MinReplicas: 1}.Parse()
	if err != nil {
		t.Fatal(err)
	}
	set := &brakes.Settings{
		Limits: []brakes.Limit{
			{Name: "slow", AddedPerMinute: 2},
			{Name: "other", Selector: brakes.Selector{Labels: map[string]string{"tier": "batch"}}, Replicas: 1},
		},
		Windows: []brakes.Window{{Name: "peak", Stops: seen.StopsAll, Times: window}},
	}
	tried := Tried{Scaler: orders, Labels: map[string]string{"tier": "web"}, Present: settings(t, nil), Brakes: set}
	var base sim.Result
	for _, c := range tried.Cases() {
		p := NewPlayer(c, true)
		r := sim.Simulate(waves(4), world(), p.Policy(orders, tried.Labels))
		frozen := slices.ContainsFunc(r.Moves, func(m sim.Move) bool { // 10 to 11 o'clock is the second hour
			return m.Second >= 3600 && m.Second < 7200
		})
		if fast := most(r.Moves) > 2; fast != (c.Name == "present without limit slow") || frozen != (c.Name == "present without freeze peak") {
			t.Errorf("%s: %d replicas were added within a minute, changed within the window: %v", c.Name, most(r.Moves), frozen)
		}
		switch held := p.Simulated(orders, &r).Held; c.Name {
		case "present":
			base = r
			want := []brakeName{{scaler.Frozen, ""}, {scaler.FleetUpLimit, "slow"}}
			for _, w := range want {
				if !slices.ContainsFunc(held, func(h Held) bool { return h.Reason == w.reason && h.Limit == w.limit && h.Seconds > 0 }) {
					t.Errorf("%+v does not say that %v held", held, w)
				}
			}
		case "present without limit other":
			if r.ConsumerHours != base.ConsumerHours {
				t.Error("a limit of other labels makes a difference")
			}
		}
	}
}

// most is how many replicas were added within any minute.
func most(moves []sim.Move) (added int32) {
	for i := range moves {
		n := int32(0)
		for _, m := range moves[i:] {
			if m.Second < moves[i].Second+60 {
				n += max(0, m.To-m.From)
			}
		}
		added = max(added, n)
	}
	return added
}

// recorded records a simulated run, and returns the file and the result.
func recorded(t *testing.T, c Case) (file string, result sim.Result) {
	t.Helper()
	file = filepath.Join(t.TempDir(), "polls.jsonl.gz")
	synctest.Test(t, func(t *testing.T) {
		r := record.New(record.Options{Path: file, MaxBytes: 1 << 30, Keep: 1, Log: slog.New(slog.DiscardHandler)})
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- r.Run(ctx) }()
		p := NewPlayer(c, true)
		policy := sim.Tried("recorded", c.Settings.Policy, c.Settings.Sources[0], func(in scaler.Input) scaler.Result {
			polls := []Poll{{Scaler: orders, In: in}}
			results := p.Evaluate(polls)
			r.Record(orders, polls[0].In, results[0])
			synctest.Wait()
			return results[0]
		})
		result = sim.Simulate(waves(3), world(), policy)
		cancel()
		if err := <-ended; err != nil {
			t.Fatal(err)
		}
	})
	return file, result
}

func read(t *testing.T, file string, replays ...*record.Replay) {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }() // only read
	if err := record.Read(file, f, replays...); err != nil {
		t.Fatal(err)
	}
	for _, r := range replays {
		r.Flush()
	}
}

// The present settings, played on a recording, ask for the changes that were made, no more and no fewer.
func TestRecordedCases(t *testing.T) {
	t.Parallel()
	c := Case{Name: "recorded", Settings: new(settings(t, func(s *scaler.Spec) { s.MaxReplicas = new(int32(9)) }))}
	file, result := recorded(t, c)
	history := History{}
	read(t, file, history.Replay())
	tried, err := history.Tried("")
	if err != nil {
		t.Fatal(err)
	}
	proposed := settings(t, func(s *scaler.Spec) { s.MinReplicas = new(int32(6)) })
	tried.Scaler, tried.Proposed = orders, &proposed
	r := Recorded{History: &history, Tried: tried}
	read(t, file, r.Replays()...)
	rows := map[string]Outcome{}
	for _, o := range r.Outcomes() {
		rows[o.Case] = o
	}
	up := 0
	for _, m := range result.Moves {
		if m.To > m.From {
			up++
		}
	}
	was, present, least := rows["as it was"], rows["present"], rows["proposed"]
	if up == 0 || was.StepsUp != up || present.StepsUp != up || present.StepsDown != len(result.Moves)-up {
		t.Errorf("%d up of %d changes; the recording %+v, played %+v", up, len(result.Moves), was, present)
	}
	if math.Abs(was.ConsumerHours-result.ConsumerHours) > 0.02*result.ConsumerHours || math.Abs(present.ConsumerHours-was.ConsumerHours) > 0.02*was.ConsumerHours {
		t.Errorf("%.2f consumer hours; the recording %.2f, played %.2f", result.ConsumerHours, was.ConsumerHours, present.ConsumerHours)
	}
	if present.Held[0].Reason != scaler.MaxReplicas || least.ConsumerHours <= present.ConsumerHours || !strings.HasPrefix(string(least.Held[0].Reason), "MinReplicas") {
		t.Errorf("present %+v, with 6 replicas at least %+v", present, least)
	}
	if without := rows["proposed without minReplicas"]; without.ConsumerHours >= least.ConsumerHours || len(without.Held) > 0 {
		t.Errorf("without minReplicas %+v", without)
	}
}

// A recording has enough to simulate its run again: traffic, partitions, and what a consumer processes.
func TestRecordingAsTraffic(t *testing.T) {
	t.Parallel()
	c := Case{Name: "recorded", Settings: new(settings(t, nil))}
	file, result := recorded(t, c)
	history := History{}
	read(t, file, history.Replay())
	past, err := history.Past("")
	if err != nil {
		t.Fatal(err)
	}
	trace, err := past.Trace()
	if err != nil {
		t.Fatal(err)
	}
	w, err := past.World(trace, sim.World{Seed: 9})
	if err != nil {
		t.Fatal(err)
	}
	if w.Partitions != 24 || math.Abs(w.PerConsumer-100) > 10 || math.Abs(trace.Peak()-1000) > 100 {
		t.Errorf("%d partitions, %.1f/s a consumer, %.0f/s at most", w.Partitions, w.PerConsumer, trace.Peak())
	}
	p := NewPlayer(Case{Name: "present", Settings: &past.Present}, true)
	again := sim.Simulate(trace, w, p.Policy(orders, nil))
	if math.Abs(again.ConsumerHours-result.ConsumerHours) > 0.1*result.ConsumerHours || math.Abs(float64(again.Records-result.Records)) > 0.02*float64(result.Records) {
		t.Errorf("%.1f consumer hours and %d records; simulated again %.1f and %d", result.ConsumerHours, result.Records, again.ConsumerHours, again.Records)
	}
	if _, err := history.Past("shop/other"); err == nil || !strings.Contains(err.Error(), orders) {
		t.Errorf("a scaler that is not recorded: %v", err)
	}
}
