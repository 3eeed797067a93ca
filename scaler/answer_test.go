package scaler_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/learn"
	"github.com/lagscaler/lagscaler/scaler/need"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

// deciding is a decision of a target with one consumer in a replica.
func deciding(verdict scaler.Reason, from, to, needed int32, known bool) scaler.Decision {
	return scaler.Decision{
		At: time.Now(), Verdict: verdict, Current: from, Wanted: to, Desired: to, Decider: 0,
		Needs: []need.Need{{RateKnown: known, Up: needed}}, Why: scaler.Evidence{PerReplica: 1, LeastPerReplica: 1},
	}
}

func frozen(stops seen.Stops) func(*scaler.Decision, *seen.Workload) {
	return func(_ *scaler.Decision, w *seen.Workload) { w.Freeze = &seen.Freeze{Stops: stops} }
}

func cut(by scaler.Reason, to int32) func(*scaler.Decision, *seen.Workload) {
	return func(d *scaler.Decision, _ *seen.Workload) {
		d.Steps = append(d.Steps, scaler.Step{Reason: by, From: d.Wanted, To: to})
	}
}

func TestAnswer(t *testing.T) {
	const none = -1
	fixed := int32(4)
	for _, c := range []struct {
		name           string
		verdict        scaler.Reason
		from, to, need int32
		unknown        bool
		last, want     int32
		change         func(*scaler.Decision, *seen.Workload)
	}{
		{"up", scaler.ScaleUp, 4, 12, 12, false, 4, 12, nil},
		{"up, less than what it walks to", scaler.ScaleUp, 8, 9, 9, false, 12, 12, nil},
		{"up, cut by a pool", scaler.ScaleUp, 4, 6, 12, false, 4, 6, cut(scaler.PoolFull, 6)},
		{"up, cut by a pool, and a minimum above it", scaler.ScaleUp, 4, 6, 12, false, 4, 6, func(d *scaler.Decision, w *seen.Workload) { d.Bounds.Min = 10; cut(scaler.PoolFull, 6)(d, w) }},
		{"cut by a pool, on the way to 12", scaler.ScaleUp, 8, 9, 14, false, 12, 12, cut(scaler.PoolFull, 9)},
		{"a fixed number, cut by a pool", scaler.ScaleUp, 4, 5, 12, false, 4, 5, func(d *scaler.Decision, w *seen.Workload) {
			w.FixedReplicas = new(int32(200))
			cut(scaler.PoolFull, 5)(d, w)
		}},
		{"a fixed number, and pods are refused", scaler.ScaleUp, 4, 4, 12, false, 4, 4, func(d *scaler.Decision, w *seen.Workload) {
			w.FixedReplicas = new(int32(200))
			cut(scaler.PodsRefused, 4)(d, w)
		}},
		{"maxReplicas below what was given, and few may step down", scaler.HoldStabilizing, 12, 10, 3, false, 12, 10, func(d *scaler.Decision, w *seen.Workload) { d.Bounds.Max = 8; cut(scaler.FleetDownLimit, 10)(d, w) }},
		{"down has passed its gates", scaler.ScaleDown, 12, 5, 5, false, 12, 5, nil},
		{"down, another trigger made 20", scaler.ScaleDown, 20, 12, 5, false, 5, 5, nil},
		{"down, nothing given yet", scaler.ScaleDown, 20, 12, 5, false, none, 12, nil},
		{"hold", scaler.HoldStabilizing, 12, 12, 5, false, 12, 12, nil},
		{"hold, another trigger made 20", scaler.HoldStabilizing, 20, 20, 5, false, 5, 5, nil},
		{"hold, another trigger made 20, and 8 are needed", scaler.HoldStabilizing, 20, 20, 8, false, 5, 8, nil},
		{"hold, on the way to 12", scaler.Settling, 8, 8, 12, false, 12, 12, nil},
		{"hold, and no pod finds a node", scaler.Unschedulable, 5, 5, 14, false, 5, 5, nil},
		{"36 of 48 partitions unanswered", scaler.DataPartial, 12, 12, 3, false, 12, 12, nil},
		{"the same right after a start", scaler.DataPartial, 12, 12, 3, false, none, 12, nil},
		{"nothing is known", scaler.DataStale, 12, 12, 0, true, 9, 9, nil},
		{"the last replica is kept", scaler.KeptAwake, 1, 1, 0, false, 0, 1, nil},
		{"to zero", scaler.ScaleToZero, 1, 0, 0, false, 1, 0, nil},
		{"to zero, KEDA cools down", scaler.ScaleToZero, 3, 0, 0, false, 0, 0, nil},
		{"at zero", scaler.Steady, 0, 0, 0, false, 0, 0, nil},
		{"by hand", scaler.ZeroByHand, 0, 0, 5, false, 0, 0, func(d *scaler.Decision, _ *seen.Workload) { d.Bounds.Min = 2 }},
		{"minReplicas", scaler.HoldStabilizing, 12, 12, 3, false, 1, 3, func(d *scaler.Decision, _ *seen.Workload) { d.Bounds.Min = 2 }},
		{"a minimum above what was given", scaler.HoldStabilizing, 12, 12, 3, false, 1, 6, func(d *scaler.Decision, _ *seen.Workload) { d.Bounds.Min = 6 }},
		{"maxReplicas below what was given", scaler.HoldStabilizing, 12, 12, 3, false, 12, 8, func(d *scaler.Decision, _ *seen.Workload) { d.Bounds.Max = 8 }},
		{"more is needed than partitions allow", scaler.HoldStabilizing, 20, 20, 40, false, 12, 12, func(d *scaler.Decision, _ *seen.Workload) { d.Bounds.Replicas = 12 }},
		{"fixed", scaler.ScaleUp, 4, 4, 12, false, 12, 4, func(_ *scaler.Decision, w *seen.Workload) { w.FixedReplicas = &fixed }},
		{"paused", scaler.ScaleUp, 4, 12, 12, false, 5, 5, func(_ *scaler.Decision, w *seen.Workload) { w.Paused = true }},
		{"no scale-in", scaler.ScaleDown, 12, 5, 5, false, 12, 12, func(_ *scaler.Decision, w *seen.Workload) { w.PauseScaleIn = true }},
		{"frozen: no write, up", scaler.ScaleUp, 4, 12, 12, false, 5, 5, frozen(seen.StopsAll)},
		{"frozen: no write, down", scaler.ScaleDown, 12, 5, 5, false, 12, 12, frozen(seen.StopsAll)},
		{"frozen: no write, and a minimum", scaler.ScaleDown, 3, 1, 1, false, 3, 3, func(d *scaler.Decision, w *seen.Workload) { d.Bounds.Min = 9; frozen(seen.StopsAll)(d, w) }},
		{"frozen: no scale down", scaler.ScaleDown, 12, 5, 5, false, 12, 12, frozen(seen.StopsDown)},
		{"frozen: no scale down, and up", scaler.ScaleUp, 4, 12, 12, false, 5, 12, frozen(seen.StopsDown)},
		{"frozen: no scale down, by maxReplicas", scaler.HoldStabilizing, 12, 12, 3, false, 12, 12, func(d *scaler.Decision, w *seen.Workload) { d.Bounds.Max = 8; frozen(seen.StopsDown)(d, w) }},
		{"frozen: no scale down, by a fixed number", scaler.ScaleUp, 4, 4, 12, false, 12, 12, func(d *scaler.Decision, w *seen.Workload) { w.FixedReplicas = &fixed; frozen(seen.StopsDown)(d, w) }},
		{"no scale-out", scaler.ScaleUp, 4, 12, 12, false, 5, 5, func(_ *scaler.Decision, w *seen.Workload) { w.PauseScaleOut = true }},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, w := deciding(c.verdict, c.from, c.to, c.need, !c.unknown), seen.Workload{Found: true, HasScale: true, Spec: c.from}
			if c.change != nil {
				c.change(&d, &w)
			}
			var last *learn.Given
			if c.last != none {
				last = &learn.Given{Replicas: c.last}
			}
			if got := d.Answer(&w, last); got != c.want {
				t.Errorf("%d, want %d", got, c.want)
			}
		})
	}
}

// Whatever size another trigger makes, a hold gives no more than was given, or than is needed; and never less than was given.
// The answer to the answer is the same: it does not matter how often KEDA asks.
func TestAnswerOfAHold(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		size, needed, last := rapid.Int32Range(1, 50).Draw(t, "size"), rapid.Int32Range(0, 50).Draw(t, "needed"), rapid.Int32Range(1, 50).Draw(t, "last")
		d, w := deciding(scaler.HoldStabilizing, size, size, needed, true), seen.Workload{Found: true, HasScale: true, Spec: size}
		got := d.Answer(&w, &learn.Given{Replicas: last})
		if got < last || got > max(last, needed) {
			t.Errorf("of %d replicas, %d needed and %d given last: %d", size, needed, last, got)
		}
		if again := d.Answer(&w, &learn.Given{Replicas: got}); again != got {
			t.Errorf("%d, then %d", got, again)
		}
	})
}

func TestUnanswered(t *testing.T) {
	now := time.Now()
	for _, c := range []struct {
		name string
		d    scaler.Decision
		has  bool
	}{
		{"nothing decided", scaler.Decision{}, false},
		{"no target", scaler.Decision{At: now, Verdict: scaler.TargetNotFound}, false},
		{"not read for 20 s", scaler.Decision{At: now, Verdict: scaler.ZeroUnread, Wait: &scaler.Wait{Since: now.Add(-20 * time.Second)}}, true},
		{"not read for 60 s", scaler.Decision{At: now, Verdict: scaler.ZeroUnread, Wait: &scaler.Wait{Since: now.Add(-60 * time.Second)}}, false},
		{"partial", scaler.Decision{At: now, Verdict: scaler.DataPartial}, true},
	} {
		if why := c.d.Unanswered(now, seen.Clock{}); (why == "") != c.has {
			t.Errorf("%s: %q", c.name, why)
		}
	}
}
