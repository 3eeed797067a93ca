package scaler_test

import (
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/scaler"
)

// Traffic that steps up and stays keeps its promises; bursts of ten seconds break theirs, and are believed less.
func TestBurstsAreBelievedLess(t *testing.T) {
	for _, c := range []struct {
		name  string
		burst func(second int) bool
		least float64
		most  float64
	}{
		{"bursts", func(s int) bool { return s%180 < 10 }, 0.5, 1},
		{"steps", func(s int) bool { return s/600%2 == 1 }, 0, 0.2},
	} {
		w := newWorld()
		w.source.ProcessingTime, w.noWrites = 10*time.Millisecond, true
		if err := w.start(12); err != nil {
			t.Fatal(err)
		}
		for second := range 3600 {
			w.rate = 200
			if c.burst(second) {
				w.rate = 800
			}
			w.second()
			if second%10 == 0 {
				w.reading = w.read()
				w.memory = scaler.Evaluate(w.input()).Memory
			}
		}
		if got := w.memory.Sources[0].BrokenJumps; got < c.least || got > c.most {
			t.Errorf("%s: %v of the jumps were broken, want %v to %v", c.name, got, c.least, c.most)
		}
	}
}
