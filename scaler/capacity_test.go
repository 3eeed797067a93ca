package scaler_test

import (
	"math"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/scaler/learn"
)

// Nothing but work may teach what a consumer can do: whatever is done to the offsets, mu stays within 20 % of the truth.
func TestCapacityCannotBePoisoned(t *testing.T) {
	tests := map[string]func(w *world, second int){
		"skipped forward": func(w *world, second int) {
			if second%300 == 123 {
				w.each1(func(p int) { w.pos[p] = min(w.end[p], w.pos[p]+4000) })
			}
		},
		"skipped a little each half minute": func(w *world, second int) {
			if second%30 == 7 {
				w.each1(func(p int) { w.pos[p] = min(w.end[p], w.pos[p]+150) })
			}
		},
		"reset to latest": func(w *world, second int) {
			if second%600 == 301 {
				w.each1(func(p int) { w.pos[p] = w.end[p] })
			}
		},
		"reset to an hour ago": func(w *world, second int) {
			if second == 901 {
				w.each1(func(p int) { w.pos[p] -= 60_000 })
			}
		},
		"replay after downtime": func(w *world, second int) {
			switch second {
			case 300:
				w.scale(0)
			case 1500:
				w.scale(12)
			}
		},
		"batch commits, declared": func(w *world, _ int) { w.every, w.source.CommitInterval = time.Minute, time.Minute },
		"batch commits, unknown":  func(w *world, _ int) { w.every = time.Minute },
		"bursts":                  func(w *world, second int) { w.rate = 300 + 1500*float64(second/300%2) },
	}
	for name, disturb := range tests {
		for _, declared := range []bool{true, false} {
			t.Run(name, func(t *testing.T) {
				w := newWorld()
				w.each, w.noWrites, w.rate = 12, true, 1150
				if declared {
					w.source.ProcessingTime = 10 * time.Millisecond
				}
				if err := w.start(12); err != nil {
					t.Fatal(err)
				}
				for second := range 3600 {
					w.second()
					disturb(w, second)
					if second%10 == 9 {
						w.poll()
					}
				}
				if mu, from := w.memory.Sources[0].Capacity(); from.Known() && math.Abs(mu-100) > 20 {
					t.Errorf("declared %v: mu = %.0f (%s), in truth 100", declared, mu, from)
				} else if declared && !from.Known() {
					t.Error("what was declared got lost")
				}
			})
		}
	}
}

func (w *world) each1(f func(p int)) {
	for p := range w.pos {
		f(p)
		w.commit[p] = int64(w.pos[p])
	}
}

// What is declared wrongly is corrected by what is seen, in both directions.
func TestCapacityIsLearned(t *testing.T) {
	for _, tt := range []struct {
		name     string
		declared time.Duration
		minutes  int
	}{
		{"four times too much", 2500 * time.Microsecond, 15},
		{"a quarter", 40 * time.Millisecond, 150}, // at most twice an hour's
		{"nothing", 0, 15},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld()
			w.each, w.noWrites, w.source.ProcessingTime = 12, true, tt.declared
			if err := w.start(12); err != nil {
				t.Fatal(err)
			}
			w.rate = 1300
			for second := range tt.minutes * 60 {
				w.second()
				if second%10 == 9 {
					w.poll()
				}
			}
			if mu, from := w.memory.Sources[0].Capacity(); math.Abs(mu-100) > 5 || from != learn.Learned {
				t.Errorf("mu = %.1f (%s), want 100 (learned)", mu, from)
			}
		})
	}
}
