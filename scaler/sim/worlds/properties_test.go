package worlds

import (
	"flag"
	"fmt"
	"os"
	"runtime/debug"
	"slices"
	"strconv"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/lag/lagtest"
)

// checks are the worlds that a property plays with one seed.
const checks = 8

// TestMain plays few of the properties' worlds, unless the command line or make worlds says how many.
func TestMain(m *testing.M) {
	debug.SetGCPercent(800) // a poll makes garbage and keeps little
	if err := flag.Set("rapid.checks", strconv.FormatUint(max(1, checks*seedsOf()/uint64(everyWorld)), 10)); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

// check is judge for a property: it fails with everything that is wrong.
func check(t *rapid.T, r *run, judges ...judge) {
	for _, j := range judges {
		for _, text := range j(r) {
			t.Errorf("%s", text)
		}
	}
}

// outages are what may make a poll read less than everything.
var outages = []func(k *lagtest.Cluster, code lag.ErrorCode){
	func(k *lagtest.Cluster, code lag.ErrorCode) { k.Fail(0, code) },
	func(k *lagtest.Cluster, code lag.ErrorCode) { k.Fail(1, code) },
	func(k *lagtest.Cluster, code lag.ErrorCode) { k.FailAll(code) },
	func(k *lagtest.Cluster, code lag.ErrorCode) { k.FailGroup(groupName, code) },
	func(k *lagtest.Cluster, code lag.ErrorCode) {
		leader := int32(2)
		if code != lag.OK {
			leader = -1
		}
		k.Lead("orders", 2, leader)
	},
}

// What is not known never becomes zero or complete, and nothing is scaled down on it.
func TestUnknownIsNeverZero(t *testing.T) {
	codes := []lag.ErrorCode{lag.Unreachable, lag.CoordinatorLoading, lag.NotCoordinator}
	rapid.Check(t, func(rt *rapid.T) {
		rate := float64(rapid.SampledFrom([]int{0, 1, 20, 150}).Draw(rt, "rate"))
		w := world{hours: 0.7, fleet: two, spec: toZero(), topics: []topicSpec{{partitions: 6, rate: constant(rate)}}}
		for range rapid.IntRange(1, 4).Draw(rt, "outages") {
			at := time.Duration(rapid.IntRange(6, 30*12).Draw(rt, "at")) * step
			lasts := time.Duration(rapid.IntRange(1, 8*12).Draw(rt, "lasts")) * step
			what, code := rapid.SampledFrom(outages).Draw(rt, "what"), rapid.SampledFrom(codes).Draw(rt, "code")
			w.events = append(w.events, event{at, func(r *run) { what(r.kafka, code) }}, event{at + lasts, func(r *run) { what(r.kafka, lag.OK) }})
			if rapid.Bool().Draw(rt, "and a restart") {
				w.events = append(w.events, event{at + lasts/2, restart})
			}
		}
		check(rt, play(t, w, rapid.Uint64Range(1, 1000).Draw(rt, "seed")), honest, noDownInTheDark)
	})
}

// said is everything that is compared of two histories.
func (r *run) said() []string {
	list := make([]string, len(r.seen))
	for i := range r.seen {
		p := &r.seen[i]
		list[i] = fmt.Sprint(p.at, p.spec, p.status, p.decision.Verdict, p.decision.Wanted, p.decision.Desired, p.measured.Lag, p.pages)
	}
	return list
}

// same fails at the first poll at which two histories were not given the same answer.
func same(t *rapid.T, a, b *run) {
	x, y := a.said(), b.said()
	for i := range x {
		if x[i] != y[i] {
			t.Fatalf("two histories that look alike:\n%s\n%s", x[i], y[i])
		}
	}
}

// The names of pods and members, their addresses and the week are no evidence of anything.
func TestNamesAreNoEvidence(t *testing.T) {
	worlds := slices.DeleteFunc(all(), func(w world) bool { return w.hours > 4 })
	rapid.Check(t, func(rt *rapid.T) {
		w := rapid.SampledFrom(worlds).Draw(rt, "world")
		w.hours = min(w.hours, 1.5)
		other := w
		other.renamed = rapid.IntRange(1, 900).Draw(rt, "renamed")
		same(rt, play(t, w, 1), play(t, other, 1))
	})
}

// A marker after the last record, and a reader that hangs on a record, look alike: nobody is paged for the one, and nothing
// goes to zero because of the other.
func TestMarkersAndRecordsLookAlike(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		rest := int64(rapid.IntRange(1, 2).Draw(rt, "rest"))
		at := time.Duration(rapid.IntRange(11, 40).Draw(rt, "minute")) * minute
		seed := rapid.Uint64Range(1, 1000).Draw(rt, "seed")
		again := rapid.Bool().Draw(rt, "restart")
		play := func(k kind) *run {
			w := world{hours: 2, fleet: one, spec: toZero(), topics: []topicSpec{{rate: between(0, 10*minute, 20)}}}
			w.events = []event{{at, func(r *run) {
				for _, p := range r.reading() {
					p.stuck = k == record
					p.append(rest, k, r.now)
				}
			}}}
			if again {
				w.events = append(w.events, event{at + 20*minute, restart})
			}
			return play(t, w, seed)
		}
		markers, hangs := play(marker), play(record)
		same(rt, markers, hangs)
		check(rt, markers, quiet)
		check(rt, hangs, neverZeroWhileHung, awake)
	})
}

// However long the consumers of removed replicas stay in the group, traffic alone scales up: what they leave unread does not.
func TestRemovedConsumersScaleNothingUp(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		partitions := rapid.IntRange(4, 24).Draw(rt, "partitions")
		first := float64(rapid.IntRange(5, 80*partitions).Draw(rt, "first"))
		then := first * rapid.Float64Range(0.02, 1).Draw(rt, "then")
		last := then * rapid.Float64Range(0.02, 1).Draw(rt, "last")
		w := world{
			name: "removed consumers stay", hours: 5, fleet: fleetSpec{replicas: int32(partitions)},
			topics: []topicSpec{{partitions: partitions, rate: steps(map[time.Duration]float64{0: first, hour: then, 3 * hour: last})}},
		}.stays(rapid.Bool().Draw(rt, "static"), time.Duration(rapid.IntRange(10, 1800).Draw(rt, "session"))*time.Second, rapid.Bool().Draw(rt, "declared"))
		if rapid.Bool().Draw(rt, "KIP-848") {
			w = w.kip848()
		}
		w.fleet.nat = rapid.Bool().Draw(rt, "nat")
		if rapid.Bool().Draw(rt, "restarts") {
			w.events = each(rapid.SampledFrom([]time.Duration{7 * minute, 23 * minute, 71 * minute}).Draw(rt, "each"), 9*minute, 5*hour, restart)
		}
		check(rt, play(t, w, rapid.Uint64Range(1, 1000).Draw(rt, "seed")), keepsUp, upForTraffic, honest)
	})
}
