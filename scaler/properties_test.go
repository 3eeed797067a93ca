package scaler_test

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/say"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

// anything is what may happen in a random world, weighted by how often it is listed.
var anything = []string{
	"rate", "rate", "rate", "rate 0", "replay", "speed", "downstream", "hot", "stuck", "stuck all", "moving", "scaled", "rebalance",
	"absent", "silent", "silent", "unread", "answered", "answered", "rollout begins", "rollout ends", "nodes",
	"annotated none", "annotated pause-scale-in", "annotated pause-scale-out", "annotated fixed-replicas", "fought-to", "target gone",
	"target back", "target back",
}

// randomWorld draws a world.
func randomWorld(t *rapid.T) *world {
	w := newWorld()
	w.each = rapid.SampledFrom([]int{1, 7, 12, 24}).Draw(t, "partitions")
	w.assignor = rapid.SampledFrom([]string{"range", "roundrobin"}).Draw(t, "assignor")
	if rapid.Bool().Draw(t, "declared") {
		w.source.ProcessingTime = 10 * time.Millisecond
	}
	w.spec.Kind = rapid.SampledFrom([]scaler.PolicyKind{scaler.Capacity, scaler.Capacity, scaler.Thresholds}).Draw(t, "policy")
	w.spec.Preset = rapid.SampledFrom([]scaler.Preset{scaler.Balanced, scaler.Economy, scaler.Latency}).Draw(t, "preset")
	w.spec.MinReplicas = new(rapid.Int32Range(0, 4).Draw(t, "min"))
	if rapid.Bool().Draw(t, "bounded") {
		w.spec.MaxReplicas = new(rapid.Int32Range(max(1, *w.spec.MinReplicas), 30).Draw(t, "max"))
	}
	if w.spec.Kind == scaler.Capacity && rapid.Bool().Draw(t, "objective") {
		w.spec.Objective, w.spec.ObjectiveBudget = new(99.9), new(4.0)
		var err error
		if w.memory, err = scaler.LoadMemory(memoryOfADay()); err != nil {
			t.Fatal(err)
		}
	}
	w.perPod = rapid.IntRange(1, 2).Draw(t, "per pod")
	w.rate = rapid.Float64Range(0, 6000).Draw(t, "rate")
	if err := w.start(rapid.Int32Range(0, 20).Draw(t, "replicas")); err != nil {
		t.Fatal(err)
	}
	return w
}

// disturb lets something random happen.
func (w *world) disturb(t *rapid.T) { w.disturbBy(t, anything) }

// disturbBy lets one of some things happen.
func (w *world) disturbBy(t *rapid.T, some []string) {
	what := rapid.SampledFrom(some).Draw(t, "what")
	n := strconv.Itoa(rapid.IntRange(0, 40).Draw(t, "n"))
	words := map[string][]string{
		"rate": {"rate", n + "00"}, "rate 0": {"rate", "0"}, "replay": {"replay", n + "000"}, "speed": {"speed", n + "0"},
		"downstream": {"downstream", n + "00"}, "hot": {"hot", "0", "0.4"}, "stuck": {"stuck", "0"}, "stuck all": {"stuck", "all"},
		"moving": {"moving"}, "scaled": {"scaled", n}, "rebalance": {"rebalance", n + "0"}, "absent": {"absent", n},
		"silent": {"silent", "3", strconv.Itoa(len(w.end) / 2)}, "unread": {"unread"}, "answered": {"answered"},
		"rollout begins": {"rollout", "begins"}, "rollout ends": {"rollout", "ends"}, "nodes": {"nodes", n},
		"annotated none": {"annotated", "none"}, "annotated pause-scale-in": {"annotated", "pause-scale-in"},
		"annotated pause-scale-out": {"annotated", "pause-scale-out"}, "annotated fixed-replicas": {"annotated", "fixed-replicas", n},
		"fought-to": {"fought-to", n}, "target gone": {"target", "gone"}, "target back": {"target", "back"},
	}[what]
	if err := w.happen(words); err != nil {
		t.Fatal(err)
	}
}

// live lets a random world live for a while and shows every poll's input and decision.
func live(t *rapid.T, check func(w *world, in scaler.Input, r scaler.Result)) {
	w := randomWorld(t)
	for range rapid.IntRange(1, 8).Draw(t, "events") {
		for range rapid.SampledFrom([]int{1, 3, 9, 40, 120}).Draw(t, "polls") {
			for range 10 {
				w.second()
			}
			w.readAgain()
			in := w.input()
			r := scaler.Evaluate(in)
			w.memory = r.Memory
			check(w, in, r)
			w.write(r)
		}
		w.disturb(t)
	}
}

// Partial or stale data never scales down; only the operator's own limits may.
func TestBlindNeverScalesDown(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		live(t, func(w *world, in scaler.Input, r scaler.Result) {
			d := r.Decision
			if !r.Fresh || d.Wanted >= d.Current || d.Verdict == scaler.TargetNotFound {
				return
			}
			if w.unknown > 0 || w.unread {
				t.Fatalf("blind: %s", say.Line(d))
			}
		})
	})
}

// Limits hold, whatever the verdict.
func TestLimitsHold(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		live(t, func(_ *world, in scaler.Input, r scaler.Result) {
			d := r.Decision
			if !r.Fresh || d.Verdict == scaler.TargetNotFound {
				return
			}
			wl, p := in.Workload, in.Policy
			switch {
			case wl.FixedReplicas != nil:
				if d.Desired != *wl.FixedReplicas {
					t.Fatalf("fixed to %d: %s", *wl.FixedReplicas, say.Line(d))
				}
				return
			case wl.PauseScaleIn && d.Desired < d.Current, wl.PauseScaleOut && d.Desired > d.Current:
				t.Fatalf("paused: %s", say.Line(d))
			case wl.PauseScaleIn || wl.PauseScaleOut:
				return
			case d.Verdict == scaler.ZeroByHand || d.Verdict == scaler.ZeroByHandWaiting:
				if d.Desired != 0 {
					t.Fatalf("somebody stopped it: %s", say.Line(d))
				}
				return
			}
			if d.Desired < p.MinReplicas || p.MaxReplicas > 0 && d.Desired > p.MaxReplicas {
				t.Fatalf("outside %d to %d: %s", p.MinReplicas, p.MaxReplicas, say.Line(d))
			}
			if useful := d.Bounds.Replicas; useful > 0 && d.Desired > max(useful, d.Current, p.MinReplicas) {
				t.Fatalf("grows above the %d useful: %s", useful, say.Line(d))
			}
			to := d.Wanted
			for _, s := range d.Steps {
				if s.From != to || s.To == s.From {
					t.Fatalf("steps do not follow from each other: %s", say.Line(d))
				}
				to = s.To
			}
			if to != d.Desired {
				t.Fatalf("steps do not lead to the answer: %s", say.Line(d))
			}
		})
	})
}

// The same input gives the same decision and memory, also after the memory was used for something else, and nothing
// that was given is changed.
func TestEvaluateIsPure(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		live(t, func(_ *world, in scaler.Input, r scaler.Result) {
			if in.Now.Unix()%70 != 0 { // writing it all down is slow, and 70 s meets decisions and the polls between them
				return
			}
			before := written(in.Memory)
			other := in
			other.Now = in.Now.Add(3 * time.Second)
			kept := *in.Sources[0].Lag
			kept.ReadAt, kept.Topics = other.Now, nil
			other.Sources = []seen.Source{in.Sources[0]}
			other.Sources[0].Lag = &kept
			scaler.Evaluate(other)
			again := scaler.Evaluate(in)
			if !reflect.DeepEqual(r.Decision, again.Decision) || r.Fresh != again.Fresh {
				t.Fatalf("two decisions:\n%+v\n%+v", r.Decision, again.Decision)
			}
			third := scaler.Evaluate(in)
			if !reflect.DeepEqual(third.Decision, again.Decision) || written(third.Memory) != written(again.Memory) {
				t.Fatal("a third decision or memory")
			}
			if written(in.Memory) != before {
				t.Fatal("the memory that was given is another now")
			}
		})
	})
}

// A hold that has a deadline is reported once it is over.
func TestOverdueIsReported(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		verdict, since := scaler.Reason(""), time.Time{}
		live(t, func(_ *world, in scaler.Input, r scaler.Result) {
			d := r.Decision
			if !r.Fresh {
				return
			}
			if d.Verdict != verdict {
				verdict, since = d.Verdict, in.Now
			}
			after, ok := verdict.Deadline()
			if !ok || d.Wanted > d.Current {
				if d.Overdue {
					t.Fatalf("no hold, but overdue: %s", say.Line(d))
				}
				return
			}
			late := in.Now.Sub(since) > after && (d.Wait.Until == nil || in.Now.After(*d.Wait.Until))
			if late != d.Overdue {
				t.Fatalf("since %v, overdue %v: %s", since, d.Overdue, say.Line(d))
			}
		})
	})
}

// What measured arrivals justify is held back only by what is marked (both) or (up).
func TestArrivalsAreBlockedOnlyByWhatMay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		live(t, func(_ *world, in scaler.Input, r scaler.Result) {
			d := r.Decision
			n, ok := d.Need()
			if !r.Fresh || !ok || d.Current == 0 || !n.RateKnown || in.Policy.Kind != scaler.Capacity {
				return
			}
			needed := d.Replicas(n.ByRate)
			if needed <= d.Current || d.Verdict.BlocksUp() || in.Now.Sub(in.Workload.LastWrite.At) < 20*time.Second {
				return
			}
			if d.Wanted < needed {
				t.Fatalf("arrivals need %d: %s", needed, say.Line(d))
			}
		})
	})
}

// written is all that a memory holds but for its readings, which no two evaluations share.
func written(m scaler.Memory) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%+v %+v %+v", m.Startup, m.Downs, m.Week)
	for _, s := range m.Sources {
		if s.Downstream != nil {
			fmt.Fprintf(&b, "%+v", *s.Downstream)
		}
		s.Downstream = nil // a pointer would say where it is, not what
		fmt.Fprintf(&b, "%+v", s)
	}
	return b.String()
}

// No verdict scales up on a rate that is not known.
func TestAnUnknownRateNeverScalesUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		live(t, func(_ *world, _ scaler.Input, r scaler.Result) {
			d := r.Decision
			if d.Decider >= 0 && d.Verdict == scaler.ScaleUp && d.Policy.Kind == scaler.Capacity && !d.Needs[d.Decider].RateKnown {
				t.Fatalf("arrivals are not known: %s", say.Line(d))
			}
		})
	})
}
