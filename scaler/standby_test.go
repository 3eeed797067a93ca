package scaler_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/say"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

// withCopy is a target of which a second cluster stands by.
func withCopy(t interface{ Fatal(...any) }, replicas int32, change func(*world)) *world {
	w := newWorld()
	w.each = 12
	w.source.ProcessingTime = 10 * time.Millisecond
	w.standsBy(30 * time.Second)
	if change != nil {
		change(w)
	}
	if err := w.start(replicas); err != nil {
		t.Fatal(err)
	}
	return w
}

// decides lets time pass, and returns the decisions that were made.
func (w *world) decides(d time.Duration) (list []scaler.Decision) {
	for second := range int(d.Seconds()) {
		if w.second(); second%10 == 9 {
			if r := w.poll(); r.Fresh {
				list = append(list, r.Decision)
			}
		}
	}
	return list
}

func lastOf(list []scaler.Decision) scaler.Decision { return list[len(list)-1] }

// A cluster that stands by changes no decision, whatever arrives there, whatever is committed there, and whether it can be read.
func TestACopyChangesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		with, without := withCopy(t, 6, nil), newWorld()
		without.each, without.source.ProcessingTime = 12, 10*time.Millisecond
		if err := without.start(6); err != nil {
			t.Fatal(err)
		}
		for range rapid.IntRange(1, 6).Draw(t, "phases") {
			with.rate = rapid.SampledFrom([]float64{0, 100, 400, 900}).Draw(t, "rate")
			without.rate = with.rate
			c := with.copy
			c.unread, c.nogroup = rapid.Bool().Draw(t, "unread"), rapid.Bool().Draw(t, "no group")
			for p := range c.end {
				c.end[p] += rapid.SampledFrom([]float64{0, 0, 1e5}).Draw(t, "burst of the mirror")
			}
			a, b := with.decides(5*time.Minute), without.decides(5*time.Minute)
			same := func(x, y scaler.Decision) bool { return x.Same(y) && x.At.Equal(y.At) }
			if !slices.EqualFunc(a, b, same) {
				t.Fatalf("with a copy:\n%s\nwithout:\n%s", lines(a), lines(b))
			}
		}
	})
}

func lines(list []scaler.Decision) string {
	var b strings.Builder
	for _, d := range list {
		b.WriteString(d.At.Format("15:04:05 ") + say.Line(d) + "\n")
	}
	return b.String()
}

// All consumers fail over at once, and read again what was not synced: that is real, and nothing more is needed for it. A restart of the
// program, and the old cluster that comes back, change nothing.
func TestFailoverAtOnce(t *testing.T) {
	for name, lost := range map[string]bool{"the old cluster is there": false, "the old cluster is gone": true} {
		w := withCopy(t, 6, nil)
		w.rate = 500
		before := lastOf(w.decides(30 * time.Minute))
		w.moved, w.unread = 6, lost
		for _, d := range w.decides(20 * time.Minute) {
			if d.Desired > before.Current+3 || d.Desired < before.Current {
				t.Errorf("%s: %s", name, say.Line(d))
			}
		}
		saved, err := w.memory.Save()
		if err != nil {
			t.Fatal(err)
		}
		if w.memory, err = scaler.LoadMemory(saved); err != nil {
			t.Fatal(err)
		}
		w.unread = false
		d := lastOf(w.decides(10 * time.Minute))
		n, _ := d.Need()
		if n.Cluster != "west" || d.Desired != before.Current || !d.Needs[0].StandsBy || d.Verdict.Hold() {
			t.Errorf("%s, after a restart: %s", name, say.Line(d))
		}
	}
}

// What was learned of the consumers goes with them: nobody declares how long a record takes.
func TestCapacityMovesWithTheConsumers(t *testing.T) {
	w := withCopy(t, 6, func(w *world) { w.source.ProcessingTime = 0 })
	w.rate = 700 // more than six consumers can process, so that they are busy
	w.decides(20 * time.Minute)
	w.rate = 500
	before, _ := lastOf(w.decides(20 * time.Minute)).Need()
	w.moved = len(w.pods)
	after, _ := lastOf(w.decides(time.Minute)).Need()
	if after.Cluster != "west" || !after.Capacity.Known() || after.PerConsumer != before.PerConsumer {
		t.Errorf("%s: %v %s, before %v", after.Cluster, after.PerConsumer, after.Capacity, before.PerConsumer)
	}
}

// While both clusters have members, nothing goes down for an hour; then the halves are what somebody wants, and the greater need counts.
func TestBothClustersHaveMembers(t *testing.T) {
	w := withCopy(t, 12, nil)
	w.rate = 1000
	w.decides(20 * time.Minute)
	w.moved, w.rate = 6, 200
	for _, d := range w.decides(59 * time.Minute) {
		if d.Desired < 12 {
			t.Fatal(say.Line(d))
		}
	}
	if d := lastOf(w.decides(30 * time.Minute)); d.Desired >= 12 {
		t.Errorf("an hour later: %s", say.Line(d))
	}
}

// At zero the cluster in use wakes, and the copy only by what its producers wrote there.
func TestWhatWakesFromACopy(t *testing.T) {
	asleep := func(copyFirst bool) *world {
		w := withCopy(t, 1, func(w *world) { w.spec.MinReplicas, w.copyFirst = new(int32(0)), copyFirst })
		w.copy.source.OffsetReset, w.source.OffsetReset = seen.Earliest, seen.Earliest
		w.rate = 0
		if w.decides(30 * time.Minute); w.wl.Spec != 0 {
			t.Fatal("not asleep")
		}
		return w
	}
	append1 := func(w *world, records float64) { w.end[0] += records }
	for name, c := range map[string]struct {
		happens func(w *world)
		wakes   bool
	}{
		"nothing":                                         {func(*world) {}, false},
		"a record in the cluster in use":                  {func(w *world) { append1(w, 1) }, true},
		"a record of producers in the copy":               {func(w *world) { append1(w.copy, 1) }, true},
		"the same, and the cluster in use cannot be read": {func(w *world) { w.unread = true; append1(w.copy, 1) }, true},
		"the copy has commits of long ago": {func(w *world) {
			for p := range w.copy.commit {
				w.copy.commit[p] -= 500
			}
		}, false},
		"the mirror copies what others read at once": {func(w *world) {
			append1(w, 5)
			w.pos[0], w.commit[0] = w.end[0], int64(w.end[0])
			w.decides(20 * time.Second)
			append1(w.copy, 5)
		}, false},
	} {
		for _, copyFirst := range []bool{false, true} {
			w := asleep(copyFirst)
			c.happens(w)
			list := w.decides(3 * time.Minute)
			if woke := w.wl.Spec > 0; woke != c.wakes {
				t.Errorf("%s: woke %v\n%s", name, woke, lines(list))
			}
			for _, d := range list { // that nobody reads the copy is nothing unknown
				if !w.unread && (d.Verdict == scaler.ZeroUnread || slices.Contains(d.Notes, scaler.ZeroUnread)) {
					t.Errorf("%s: %s", name, say.Line(d))
				}
			}
		}
	}
}

// A target that its producers have left does not go to sleep and wake again: records wait in the copy.
func TestNoFlappingWhenOnlyProducersFailOver(t *testing.T) {
	w := withCopy(t, 1, func(w *world) { w.spec.MinReplicas = new(int32(0)) })
	w.rate = 50
	w.decides(10 * time.Minute)
	w.rate = 0
	w.decides(2 * time.Minute)
	w.copy.end[3] += 40
	writes := w.writes
	if d := lastOf(w.decides(40 * time.Minute)); w.writes != writes || d.Verdict != scaler.KeptAwake {
		t.Errorf("%d writes: %s", w.writes-writes, say.Line(d))
	}
}
