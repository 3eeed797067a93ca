package scaler

import (
	"math"
	"testing"
	"time"
)

// What became of forecasts is smoothed in, a horizon later.
//
//	foretold            came         broken
//	300 -> 700          700, 900     0
//	300 -> 700          420          0.3 * 0.7
//	300 -> 700          300, 100     0.3
//	300 -> 700, twice   300          0.3 + 0.7 * 0.3
//	nothing             whatever     0
func TestPromises(t *testing.T) {
	for _, c := range []struct {
		to, now float64
		times   int
		want    float64
	}{
		{700, 700, 1, 0},
		{700, 900, 1, 0},
		{700, 420, 1, 0.21},
		{700, 300, 1, 0.3},
		{700, 100, 1, 0.3},
		{700, 300, 2, 0.51},
		{0, 900, 1, 0},
		{300, 100, 1, 0},
	} {
		broken := 0.0
		for range c.times {
			promised(&broken, 300, c.to, c.now)
		}
		if math.Abs(broken-c.want) > 1e-9 {
			t.Errorf("300 to %v, and %v came, %d times: broken %v, want %v", c.to, c.now, c.times, broken, c.want)
		}
	}
}

func TestJumped(t *testing.T) {
	for _, c := range []struct{ jump, broken, want float64 }{
		{700, 0, 700}, {700, 0.5, 500}, {700, 1, 300}, {0, 0, 0}, {0, 1, 0},
	} {
		if got := (&row{rate: 400, sustained: 300, jump: c.jump}).jumped(c.broken); got != c.want {
			t.Errorf("a jump from 300 to %v, %v of the last were broken: %v, want %v", c.jump, c.broken, got, c.want)
		}
	}
}

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
				_, w.memory = Evaluate(w.input())
			}
		}
		if got := w.memory.Sources[0].BrokenJumps; got < c.least || got > c.most {
			t.Errorf("%s: %v of the jumps were broken, want %v to %v", c.name, got, c.least, c.most)
		}
	}
}
