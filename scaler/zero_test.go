package scaler_test

import (
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/asleep"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

// A zero is by hand only when nobody else could have written it. Each step happens before a minute of polls.
func TestWhoWroteTheZero(t *testing.T) {
	keda, paused := seen.Owner{Kind: "ScaledObject", Name: "orders"}, seen.Owner{Kind: "ScaledObject", Name: "orders", Paused: true}
	owner := func(o seen.Owner) func(w *world) { return func(w *world) { w.wl.Owner = o } }
	scaled := func(to int32) func(w *world) { return func(w *world) { w.scale(to) } }
	wrote := func(w *world) { w.wl.LastWrite = seen.Write{At: w.now, From: 3, To: 2}; w.scale(2) }
	follows := func(is bool) func(w *world) { return func(w *world) { w.follows = is } }
	for _, c := range []struct {
		name   string
		steps  []func(w *world)
		byHand bool
	}{
		{"by hand", []func(w *world){scaled(0)}, true},
		{"twin: by an HPA or KEDA", []func(w *world){owner(keda), scaled(0), owner(seen.Owner{})}, false},
		{"twin: by KEDA, whose ScaledObject was deleted a moment before", []func(w *world){owner(keda), owner(seen.Owner{}), scaled(0)}, false},
		{"twin: by a paused ScaledObject, before our first change", []func(w *world){owner(paused), scaled(0)}, false},
		{"by hand, beside a paused ScaledObject, after our first change", []func(w *world){wrote, owner(paused), scaled(0)}, true},
		{"twin: while another replica of ours leads", []func(w *world){follows(true), scaled(0), follows(false)}, false},
		{"twin: while an annotation pauses us", []func(w *world){func(w *world) { w.wl.Paused = true }, scaled(0), func(w *world) { w.wl.Paused = false }}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld()
			w.source.ProcessingTime, w.rate = 10*time.Millisecond, 100
			if err := w.start(3); err != nil {
				t.Fatal(err)
			}
			var last scaler.Result
			minute := func() {
				for s := range 60 {
					if w.second(); s%10 == 9 {
						last = w.poll()
					}
				}
			}
			minute()
			w.noWrites = true
			for _, step := range c.steps {
				step(w)
				minute()
			}
			if got := !last.Memory.Asleep.ByHand.IsZero(); got != c.byHand {
				t.Errorf("by hand: %v, want %v; %s", got, c.byHand, last.Decision.Verdict)
			}
		})
	}
}

// The status says what the leader saved: a follower that becomes the leader goes on from there, and so does a new process.
func TestTheNextLeaderGoesOn(t *testing.T) {
	at := newWorld().now.Add(-time.Hour)
	for _, c := range []struct {
		name  string
		saved asleep.State
		want  scaler.Reason
	}{
		{"somebody had stopped it", asleep.State{Since: at, ByHand: at}, scaler.ZeroByHandWaiting},
		{"twin: the leader died after its write", asleep.State{Intent: at}, scaler.Activate},
		{"twin: nothing was saved", asleep.State{}, scaler.Activate},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld()
			w.source.ProcessingTime, w.rate, w.follows = 10*time.Millisecond, 100, true
			if err := w.start(0); err != nil {
				t.Fatal(err)
			}
			w.noWrites = true
			for i := range 12 {
				w.follows = i < 6
				for range 10 {
					w.second()
				}
				w.readAgain()
				in := w.input()
				in.Asleep = &c.saved
				r := scaler.Evaluate(in)
				if w.memory = r.Memory; i > 2 && r.Decision.Verdict != c.want {
					t.Errorf("poll %d: %s, want %s", i, r.Decision.Verdict, c.want)
				}
			}
		})
	}
}
