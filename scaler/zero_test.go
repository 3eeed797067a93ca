package scaler_test

import (
	"slices"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/asleep"
	"github.com/lagscaler/lagscaler/scaler/say"
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

// The last replica stays when a poll does not know all that there is, however long the target has been idle.
func TestTheLastReplicaStaysWhileAPollIsNotComplete(t *testing.T) {
	for name, c := range map[string]struct {
		poll    func(w *world)
		verdict scaler.Reason
	}{
		"complete":                    {func(*world) {}, scaler.ScaleToZero},
		"a partition does not answer": {func(w *world) { w.unknown = 1 }, scaler.DataPartial},
		"the group cannot be read":    {func(w *world) { w.unread = true }, scaler.DataStale},
	} {
		w := newWorld()
		none := int32(0)
		w.source.ProcessingTime, w.spec.MinReplicas, w.noWrites = 10*time.Millisecond, &none, true
		if err := w.start(1); err != nil {
			t.Fatal(err)
		}
		w.run(30*time.Minute, nil)
		c.poll(w)
		w.run(time.Minute, nil)
		w.readAgain()
		d := scaler.Evaluate(w.input()).Decision
		if zero := d.Desired == 0; d.Verdict != c.verdict || zero != (c.verdict == scaler.ScaleToZero) {
			t.Errorf("%s: %d replicas, %s", name, d.Desired, d.Verdict)
		}
	}
}

// At zero, a poll that is not complete says that it is not known whether records wait: no other word, and no replica.
func TestAtZeroAPollThatIsNotComplete(t *testing.T) {
	for name, poll := range map[string]func(w *world){
		"a partition does not answer": func(w *world) { w.unknown = 1 },
		"the group cannot be read":    func(w *world) { w.unread = true },
	} {
		w := newWorld()
		none := int32(0)
		w.source.ProcessingTime, w.spec.MinReplicas = 10*time.Millisecond, &none
		if err := w.start(0); err != nil {
			t.Fatal(err)
		}
		w.run(time.Minute, nil)
		poll(w)
		w.run(time.Minute, nil)
		w.readAgain()
		if d := scaler.Evaluate(w.input()).Decision; d.Verdict != scaler.ZeroUnread || d.Desired != 0 {
			t.Errorf("%s: %d replicas, %s", name, d.Desired, d.Verdict)
		}
	}
}

// A latest group is woken for a record in partition 0, and its consumer skips it. A first commit in another partition is not one
// there: the target stays awake.
func TestTheTargetStaysAwakeForThePartition(t *testing.T) {
	for _, c := range []struct {
		name      string
		before    bool // a record came to the other partition before the target slept
		commits   int  // the partition of the first commit
		forgotten bool
		verdict   scaler.Reason
	}{
		{"a commit in another partition", false, 1, false, scaler.KeptAwake},
		{"twin: a commit in the partition", false, 0, false, scaler.Steady},
		{"a commit in the partition; the other one has a record of before", true, 0, false, scaler.Steady},
		{"a restart while it slept, a commit in another partition", false, 1, true, scaler.KeptAwake},
	} {
		w := newWorld()
		none := int32(0)
		w.source.ProcessingTime, w.source.OffsetReset, w.spec.MinReplicas = 10*time.Millisecond, seen.Latest, &none
		w.each, w.never = 2, true
		if err := w.start(1); err != nil {
			t.Fatal(err)
		}
		w.polls(time.Minute)
		if c.before {
			w.end[1]++
		}
		w.polls(20 * time.Minute)
		if w.wl.Spec != 0 {
			t.Fatalf("%s: %d replicas before anything arrived", c.name, w.wl.Spec)
		}
		w.end[0]++
		if c.forgotten {
			data, err := w.memory.Save()
			if err != nil {
				t.Fatal(err)
			}
			if w.memory, err = scaler.LoadMemory(data); err != nil {
				t.Fatal(err)
			}
		}
		w.polls(time.Minute)
		if w.wl.Spec != 1 {
			t.Fatalf("%s: %d replicas after a record", c.name, w.wl.Spec)
		}
		list := w.polls(20*time.Minute, func(_ *scaler.Input, g *lag.GroupLag) {
			g.Topics[0].Partitions = slices.Clone(g.Topics[0].Partitions)
			p := &g.Topics[0].Partitions[c.commits]
			p.Known, p.Committed = p.Known|lag.KnownCommitted, p.End
		})
		if last := list[len(list)-1]; last.Verdict != c.verdict || (w.wl.Spec > 0) != (c.verdict == scaler.KeptAwake) {
			t.Errorf("%s: %s", c.name, say.Line(last))
		}
	}
}
