package sim

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// Polls keep their interval, from a second of their own on; in a world in step they begin with the first second.
func TestPhase(t *testing.T) {
	begins := map[int32]bool{}
	for seed := range uint64(40) {
		for _, inStep := range []bool{false, true} {
			p := newRun(flat(1), World{Seed: seed, InStep: inStep}.filled()).every(pollSeconds)
			var seconds []int32
			for second := range int32(600) {
				if p.due(second) {
					seconds = append(seconds, second)
				}
			}
			if inStep && (seconds[0] != 0 || seconds[1] != pollSeconds) {
				t.Fatalf("in step it acts at %v", seconds[:2])
			}
			if !inStep {
				begins[seconds[0]] = true
			}
			for i := range seconds[1:] {
				if d := seconds[i+1] - seconds[i]; d < pollSeconds-1 || d > pollSeconds+1 {
					t.Fatalf("seed %d: it acts at %v", seed, seconds)
				}
			}
			if len(seconds) < 59 || len(seconds) > 60 {
				t.Fatalf("seed %d: it acts %d times in 600 s", seed, len(seconds))
			}
		}
	}
	if len(begins) < 8 {
		t.Errorf("40 seeds begin in %d seconds only", len(begins))
	}
}

// However the rate changes between steps, the same number of records arrives, as nearly as a moved step allows.
func TestSteps(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		tr := Trace{Step: time.Minute, Counts: rapid.SliceOfN(rapid.Float64Range(1, 100), 2, 20).Draw(rt, "counts")}
		w := World{Steps: rapid.SampledFrom([]Steps{Cliffs, Interpolated}).Draw(rt, "steps")}.filled()
		exact := tr.Rates(w.PeakLoad * float64(w.Partitions) * w.PerConsumer)
		got := w.rates(tr, rand.New(rand.NewPCG(1, 2)))
		if len(got) != len(exact) || slices.Min(got) < slices.Min(exact)-1e-9 || slices.Max(got) > slices.Max(exact)+1e-9 {
			rt.Fatalf("%v became %v", exact, got)
		}
		for i := range got {
			if w.Steps == Cliffs && got[i] != exact[i] && got[i] != exact[max(0, i-5)] && got[i] != exact[min(len(exact)-1, i+5)] {
				rt.Fatalf("second %d: %v, but %v within five seconds", i, got[i], exact[max(0, i-5):min(len(exact), i+6)])
			}
			if w.Steps == Interpolated && i > 0 && math.Abs(got[i]-got[i-1]) > (slices.Max(exact)-slices.Min(exact))/60+1e-9 {
				rt.Fatalf("second %d: from %v to %v", i, got[i-1], got[i])
			}
		}
	})
}

// What was not committed is processed again after an eager rebalance, takes its time, and is counted once.
func TestProcessedTwice(t *testing.T) {
	for _, commits := range []bool{true, false} {
		r := newRun(flat(10), World{Seed: 1, Initial: 4, PeakLoad: 0.05, Pause: time.Second, CommitOnRevoke: commits, Commit: 50 * time.Second}.filled())
		most := int64(0)
		for second := range int32(300) {
			r.step(second)
			if second == 60 {
				r.fleet.resize(5, second, r)
			}
			for p := range r.queues {
				most = max(most, r.queues[p].again)
			}
		}
		if again := most > 0; again == commits {
			t.Errorf("members that commit before a rebalance: %v, but at most %d records of a partition are processed again", commits, most)
		}
		for p := range r.queues {
			if q := &r.queues[p]; q.again > 0 || q.position+q.waiting != q.end {
				t.Errorf("partition %d: %d again, %d done, %d wait, %d arrived", p, q.again, q.position, q.waiting, q.end)
			}
		}
	}
}
