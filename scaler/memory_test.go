package scaler_test

import (
	"encoding/json"
	"os"
	"reflect"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/say"
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
	loaded, err := scaler.LoadMemory(data)
	if err != nil {
		t.Fatal(err)
	}
	want := w.memory
	want.Week = loaded.Week // thinned: learn.TestAThinnedWeek
	if !reflect.DeepEqual(normal(t, loaded), normal(t, want)) {
		t.Errorf("loaded another memory than was saved:\n%s\n%+v", data, loaded)
	}
	if again, err := loaded.Save(); err != nil || string(again) != string(data) {
		t.Errorf("saved again: %v\n%s\n%s", err, data, again)
	}
	if len(loaded.Startup) == 0 || len(loaded.Sources[0].Rebalances) == 0 || len(loaded.Sources[0].Season.Maxima.Points()) < 30 || len(loaded.Week.Rate.Points()) < 30 {
		t.Errorf("something was not learned: %s", data)
	}
}

// normal is a memory as JSON has it: times without their monotonic part, empty slices as nothing.
func normal(t *testing.T, m scaler.Memory) string {
	t.Helper()
	data, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
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
		m, err := scaler.LoadMemory(data)
		if err != nil {
			return
		}
		in := w.input()
		in.Memory = m
		r := scaler.Evaluate(in)
		d, next := r.Decision, r.Memory
		if d.Desired < 0 || say.Line(d) == "" {
			t.Errorf("%+v", d)
		}
		if _, err := next.Save(); err != nil {
			t.Error(err)
		}
	})
}
