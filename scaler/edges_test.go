package scaler

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/scaler/asleep"
	"github.com/lagscaler/lagscaler/scaler/breaker"
	"github.com/lagscaler/lagscaler/scaler/learn"
	"github.com/lagscaler/lagscaler/scaler/need"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// ordinary are facts of which no rule but Steady holds: five replicas run, and five are needed.
func ordinary() *facts {
	return &facts{
		now: noon, clk: seen.Clock{}.Filled(), lane: regular,
		policy: &Policy{Kind: Capacity, Mode: Act, TargetLag: 60 * time.Second, StabilizationWindow: 240 * time.Second, IdleTime: 600 * time.Second, MinReplicas: 1},
		target: &seen.Workload{Found: true, HasScale: true, Spec: 5, Ready: 5, Status: 5},
		source: &seen.History{Quality: seen.Complete, Since: noon.Add(-time.Hour)},
		need: &need.Need{
			RateKnown: true, LagKnown: true, Rate: 400, PerConsumer: 100, Capacity: learn.Declared, Members: 5, Useful: 48,
		},
		members: seen.Members{PerReplica: 1, Joined: 5}, current: 5, up: 5, byRate: 5, down: 5, settled: true, asleep: &asleep.State{},
	}
}

// Each documented time of a rule, to the nanosecond: whether the rule holds just before it has passed, when it has, and just after.
func TestTimesOfRules(t *testing.T) {
	for _, c := range []struct {
		name              string
		of                time.Duration
		set               func(f *facts, then time.Time)
		holds             func(f *facts) (int32, bool)
		before, at, after bool
	}{
		{"pods that find no node: 180 s", 180 * time.Second, func(f *facts, then time.Time) {
			f.target.Unschedulable, f.target.UnschedulableSince, f.up = 1, then, 6
		}, (*facts).unschedulable, false, false, true},
		{"a rebalance is waited for: 60 s", 60 * time.Second, func(f *facts, then time.Time) {
			f.source.Rebalance = seen.Rebalance{Active: true, Since: then}
		}, (*facts).rebalancing, true, false, false},
		{"a rebalance is stuck: 300 s", 300 * time.Second, func(f *facts, then time.Time) {
			f.source.Rebalance = seen.Rebalance{Active: true, Since: then}
		}, (*facts).rebalanceStuck, false, false, true},
		{"an outage: 300 s", 300 * time.Second, func(f *facts, then time.Time) {
			f.source.Quality, f.source.OutageSince = seen.Stale, then
		}, (*facts).fallback, false, false, true},
		{"members that are missing: 120 s", 120 * time.Second, func(f *facts, then time.Time) {
			f.missingSince = then
		}, (*facts).membersMissing, false, true, true},
		{"a change by somebody else: 600 s", 600 * time.Second, func(f *facts, then time.Time) {
			f.down, f.up, f.external.At = 4, 4, then
		}, gate((*facts).externalChange), true, false, false},
		{"nothing to do: idleTime", 600 * time.Second, func(f *facts, then time.Time) {
			f.policy.MinReplicas, f.current, f.idleSince = 0, 1, then
		}, (*facts).scaleToZero, false, true, true},
		{"fewer would do: half of the stabilization", 120 * time.Second, func(f *facts, then time.Time) {
			f.down, f.up, f.fewerSince = 4, 4, then
		}, gate((*facts).stabilizing), true, false, false},
		{"the readings began: the stabilization, a poll less", 230 * time.Second, func(f *facts, then time.Time) {
			f.down, f.up, f.fewerSince, f.source.Since = 4, 4, noon.Add(-time.Hour), then
		}, gate((*facts).stabilizing), true, false, false},
		{"a step up for arrivals that the members can process: 20 s after a write, half a poll less", 15 * time.Second, func(f *facts, then time.Time) {
			f.lane, f.byRate, f.up, f.target.LastWrite.At = fastLane, 6, 6, then
		}, (*facts).scaleUp, false, true, true},
	} {
		for _, edge := range []struct {
			passed time.Duration
			want   bool
		}{{c.of - 1, c.before}, {c.of, c.at}, {c.of + 1, c.after}} {
			f := ordinary()
			c.set(f, noon.Add(-edge.passed))
			if _, holds := c.holds(f); holds != edge.want {
				t.Errorf("%s: after %v it holds: %v", c.name, edge.passed, holds)
			}
		}
	}
}

// Until when a verdict lasts, where time alone ends it: the moment at which its rule ceases to hold.
func TestEndsOfRules(t *testing.T) {
	f := ordinary()
	f.source.Rebalance = seen.Rebalance{Active: true, Since: noon.Add(-10 * time.Second)}
	f.external.At, f.target.LastWrite.At = noon.Add(-20*time.Second), noon.Add(-30*time.Second)
	f.downs = []time.Time{noon.Add(-40 * time.Second), noon}
	f.fewerSince, f.source.Since = noon.Add(-50*time.Second), noon.Add(-200*time.Second)
	late := ordinary()
	late.fewerSince, late.source.Since = noon.Add(-200*time.Second), noon.Add(-50*time.Second)
	settled := ordinary()
	settled.target.LastWrite.At = noon.Add(-60 * time.Second)
	for _, c := range []struct {
		name  string
		until func() (time.Time, bool)
		in    time.Duration
		known bool
	}{
		{"a rebalance that is waited for", f.patienceEnds, 50 * time.Second, true},
		{"another's change that is accepted", f.adoptionEnds, 580 * time.Second, true},
		{"the last write settles", f.settlesAt, 30 * time.Second, true},
		{"it has had its time", settled.settlesAt, 0, false},
		{"the oldest of the steps down is forgotten", f.budgetFrees, learn.DownsWindow - 40*time.Second, true},
		{"stabilizing, since fewer would do", f.stabilizesAt, 70 * time.Second, true},
		{"stabilizing, since the readings began", late.stabilizesAt, 190 * time.Second, true},
		{"not stabilizing", ordinary().stabilizesAt, 0, false},
	} {
		at, known := c.until()
		if known != c.known || known && at.Sub(noon) != c.in {
			t.Errorf("%s: in %v, known %v; want %v, %v", c.name, at.Sub(noon), known, c.in, c.known)
		}
	}
}

// What each rule asks for: the cases of its comment in scaler/rules.go or of docs/scaling.md, with their twins.
func TestWhatRulesAskFor(t *testing.T) {
	type set = func(f *facts)
	fewer := func(from, to int32) set { return func(f *facts) { f.current, f.down, f.up = from, to, to } }
	stopped := func(well int32) breaker.State {
		return breaker.State{Stop: breaker.Stop{Since: noon.Add(-time.Minute), Until: noon.Add(time.Minute), Well: well}}
	}
	for _, c := range []struct {
		name  string
		rule  func(f *facts) (int32, bool)
		set   set
		to    int32
		holds bool
	}{
		{"no target", (*facts).targetNotFound, func(f *facts) { f.target.Found = false }, 5, true},
		{"no scale subresource", (*facts).targetNotFound, func(f *facts) { f.target.HasScale = false }, 5, true},
		{"twin: a target", (*facts).targetNotFound, func(*facts) {}, 5, false},

		{"a zero by hand", (*facts).byHand, func(f *facts) { f.current, f.asleep.ByHand, f.policy.OnZeroByHand = 0, noon, KeepZero }, 0, true},
		{"twin: the policy undoes it", (*facts).byHand, func(f *facts) { f.current, f.asleep.ByHand, f.policy.OnZeroByHand = 0, noon, Wake }, 0, false},
		{"twin: one replica", (*facts).byHand, func(f *facts) { f.current, f.asleep.ByHand, f.policy.OnZeroByHand = 1, noon, KeepZero }, 1, false},
		{"twin: our own zero", (*facts).byHand, func(f *facts) { f.current, f.policy.OnZeroByHand = 0, KeepZero }, 0, false},
		{"records wait at a zero by hand", (*facts).byHandWaiting, func(f *facts) {
			f.current, f.asleep.ByHand, f.asleep.WaitingSince, f.policy.OnZeroByHand = 0, noon, noon, KeepZero
		}, 0, true},
		{"twin: none wait", (*facts).byHandWaiting, func(f *facts) { f.current, f.asleep.ByHand, f.policy.OnZeroByHand = 0, noon, KeepZero }, 0, false},
		{"twin: it is no zero by hand", (*facts).byHandWaiting, func(f *facts) { f.current, f.asleep.WaitingSince, f.policy.OnZeroByHand = 0, noon, KeepZero }, 0, false},

		{"more wait than activationLag", (*facts).activate, func(f *facts) { f.current, f.up, f.waiting.Beyond, f.policy.ActivationLag = 0, 3, 8, 7 }, 3, true},
		{"twin: as many", (*facts).activate, func(f *facts) { f.current, f.up, f.waiting.Beyond, f.policy.ActivationLag = 0, 3, 7, 7 }, 3, false},
		{"twin: a replica runs", (*facts).activate, func(f *facts) { f.current, f.up, f.waiting.Beyond = 1, 3, 8 }, 3, false},
		{"a record waits, and no rate", (*facts).activate, func(f *facts) { f.current, f.up, f.waiting.Beyond = 0, 0, 1 }, 1, true},
		{"at a copy: for arrivals", (*facts).activate, func(f *facts) { f.current, f.standsBy, f.up, f.byRate, f.waiting.Own = 0, true, 9, 4, 1 }, 4, true},
		{"at a copy without arrivals", (*facts).activate, func(f *facts) { f.current, f.standsBy, f.up, f.byRate, f.waiting.Own = 0, true, 9, 0, 1 }, 1, true},

		{"not known whether anything waits", (*facts).zeroUnread, func(f *facts) { f.current, f.waiting.Unread = 0, []string{"orders"} }, 0, true},
		{"twin: a replica runs", (*facts).zeroUnread, func(f *facts) { f.current, f.waiting.Unread = 1, []string{"orders"} }, 1, false},
		{"twin: it is known", (*facts).zeroUnread, func(f *facts) { f.current = 0 }, 0, false},

		{"some stand, and nothing moves", (*facts).stalled, func(f *facts) { f.need.Stalled, f.frozen = []need.Partition{{}}, true }, 5, true},
		{"twin: others move", (*facts).stalled, func(f *facts) { f.need.Stalled = []need.Partition{{}} }, 5, false},
		{"twin: none stands", (*facts).stalled, func(f *facts) { f.frozen = true }, 5, false},

		{"three changes by others", (*facts).fought, func(f *facts) { f.conflicts = 3 }, 5, true},
		{"twin: two", (*facts).fought, func(f *facts) { f.conflicts = 2 }, 5, false},
		{"twin: nothing is written", (*facts).fought, func(f *facts) { f.conflicts, f.policy.Mode = 3, Advise }, 5, false},

		{"downstream: the cap is below what is needed", (*facts).downstreamBound, func(f *facts) { f.need.Up, f.need.Downstream = 9, &learn.Downstream{CapN: 7} }, 7, true},
		{"twin: as many are needed", (*facts).downstreamBound, func(f *facts) { f.need.Up, f.need.Downstream = 7, &learn.Downstream{CapN: 7} }, 0, false},
		{"twin: no cap", (*facts).downstreamBound, func(f *facts) { f.need.Up = 9 }, 0, false},
		{"downstream: fewer than run", (*facts).downstreamBound, func(f *facts) { f.need.Up, f.need.Downstream = 9, &learn.Downstream{CapN: 3} }, 3, true},
		{"downstream: fewer than run, and more consumers in one replica than at least", (*facts).downstreamBound, func(f *facts) {
			f.members.PerReplica, f.members.Least.PerReplica = 2, 1
			f.need.Up, f.need.Downstream = 19, &learn.Downstream{CapN: 8}
		}, 5, true},
		{"downstream: fewer than run on a poll that is not complete", (*facts).downstreamBound, func(f *facts) {
			f.source.Quality, f.need.Up, f.need.Downstream = seen.Partial, 9, &learn.Downstream{CapN: 3}
		}, 5, true},
		{"downstream: more than run on a poll that is not complete", (*facts).downstreamBound, func(f *facts) {
			f.source.Quality, f.need.Up, f.need.Downstream = seen.Partial, 9, &learn.Downstream{CapN: 7}
		}, 7, true},
		{"downstream: fewer while steps down are stopped", (*facts).downstreamBound, func(f *facts) {
			f.breaker, f.need.Up, f.need.Downstream = stopped(0), 9, &learn.Downstream{CapN: 3}
		}, 5, true},
		{"downstream: fewer while all scalers are stopped", (*facts).downstreamBound, func(f *facts) {
			f.breaker.Fleet, f.need.Up, f.need.Downstream = stopped(0).Stop, 9, &learn.Downstream{CapN: 3}
		}, 5, true},
		{"downstream: fewer during a failover", (*facts).downstreamBound, func(f *facts) {
			f.failover, f.need.Up, f.need.Downstream = &Failover{}, 9, &learn.Downstream{CapN: 3}
		}, 5, true},
		{"downstream: more during a failover", (*facts).downstreamBound, func(f *facts) {
			f.failover, f.need.Up, f.need.Downstream = &Failover{}, 9, &learn.Downstream{CapN: 7}
		}, 7, true},

		{"pods find no node, and more are needed", (*facts).unschedulable, func(f *facts) { f.target.Unschedulable, f.up = 1, 6 }, 5, true},
		{"and more arrives than the members can process", (*facts).unschedulable, func(f *facts) { f.target.Unschedulable, f.need.Behind = 1, true }, 5, true},
		{"twin: no more are needed", (*facts).unschedulable, func(f *facts) { f.target.Unschedulable = 1 }, 5, false},
		{"twin: all have a node", (*facts).unschedulable, func(f *facts) { f.up = 6 }, 5, false},

		{"twin: no rebalance", (*facts).rebalancing, func(f *facts) { f.source.Rebalance.Since = noon }, 5, false},
		{"stuck, and as many are needed", (*facts).rebalanceStuck, func(f *facts) {
			f.source.Rebalance = seen.Rebalance{Active: true, Since: noon.Add(-time.Hour)}
		}, 5, true},
		{"twin: arrivals alone need more", (*facts).rebalanceStuck, func(f *facts) {
			f.source.Rebalance, f.byRate = seen.Rebalance{Active: true, Since: noon.Add(-time.Hour)}, 6
		}, 5, false},
		{"twin: it has ended", (*facts).rebalanceStuck, func(f *facts) { f.source.Rebalance.Since = noon.Add(-time.Hour) }, 5, false},

		{"the backlog, at a regular decision that is settled", (*facts).scaleUp, func(f *facts) { f.up = 7 }, 7, true},
		{"twin: the last step has not settled", (*facts).scaleUp, func(f *facts) { f.up, f.settled = 7, false }, 5, false},
		{"twin: an early decision", (*facts).scaleUp, func(f *facts) { f.up, f.lane = 7, fastLane }, 5, false},
		{"more arrives than the members can process", (*facts).scaleUp, func(f *facts) { f.up, f.lane, f.settled, f.need.Behind = 7, fastLane, false, true }, 7, true},
		{"a trial has failed", (*facts).scaleUp, func(f *facts) { f.up, f.lane, f.settled, f.need.GoesBack = 7, fastLane, false, 1 }, 7, true},
		{"twin: as many are needed", (*facts).scaleUp, func(f *facts) { f.need.Behind = true }, 5, false},
		{"twin: none runs", (*facts).scaleUp, func(f *facts) { f.current, f.up, f.byRate = 0, 7, 7 }, 0, false},
		{"twin: another kind", (*facts).scaleUp, func(f *facts) { f.policy.Kind, f.up = Thresholds, 7 }, 0, false},

		{"advice whose pods would start", (*facts).scaleUp, func(f *facts) { f.advised, f.starting, f.up, f.byRate = 7, true, 9, 9 }, 7, true},
		{"and arrivals exceed nine tenths of it", (*facts).scaleUp, func(f *facts) { f.advised, f.starting, f.byRate, f.need.Rate = 7, true, 9, 631 }, 9, true},
		{"twin: nine tenths", (*facts).scaleUp, func(f *facts) { f.advised, f.starting, f.byRate, f.need.Rate = 7, true, 9, 630 }, 7, true},
		{"and arrivals need fewer than the advice", (*facts).scaleUp, func(f *facts) { f.advised, f.starting, f.byRate, f.need.Rate = 7, true, 6, 631 }, 7, true},
		{"advice whose pods would run", (*facts).scaleUp, func(f *facts) { f.advised, f.up, f.byRate = 7, 9, 8 }, 9, true},
		{"and arrivals need most", (*facts).scaleUp, func(f *facts) { f.advised, f.up, f.byRate = 7, 8, 9 }, 9, true},
		{"and fewer are needed", (*facts).scaleUp, func(f *facts) { f.advised, f.up, f.byRate = 7, 5, 5 }, 7, true},
		{"twin: at an early decision it stands", (*facts).scaleUp, func(f *facts) { f.advised, f.up, f.byRate, f.lane = 7, 9, 8, fastLane }, 7, true},
		{"advice that would be scaled down", (*facts).scaleUp, func(f *facts) { f.advised, f.lower, f.up, f.byRate, f.down = 9, true, 5, 5, 7 }, 7, true},
		{"and peaks need more than it", (*facts).scaleUp, func(f *facts) { f.advised, f.lower, f.up, f.byRate, f.down = 9, true, 5, 5, 12 }, 9, true},
		{"and arrivals need more than peaks", (*facts).scaleUp, func(f *facts) { f.advised, f.lower, f.up, f.byRate, f.down = 9, true, 6, 8, 7 }, 8, true},
		{"and the backlog", (*facts).scaleUp, func(f *facts) { f.advised, f.lower, f.up, f.byRate, f.down = 9, true, 8, 6, 7 }, 8, true},
		{"and as many as run would do", (*facts).scaleUp, func(f *facts) { f.advised, f.lower, f.up, f.byRate, f.down = 9, true, 5, 5, 5 }, 5, false},
		{"twin: advice of as many as run", (*facts).scaleUp, func(f *facts) { f.advised = 5 }, 5, false},

		{"blind: fallbackReplicas", (*facts).fallback, func(f *facts) {
			f.source.Quality, f.source.OutageSince, f.policy.FallbackReplicas = seen.Partial, noon.Add(-time.Hour), 8
		}, 8, true},
		{"blind: not fewer than run", (*facts).fallback, func(f *facts) {
			f.source.Quality, f.source.OutageSince, f.policy.FallbackReplicas = seen.Stale, noon.Add(-time.Hour), 3
		}, 5, true},
		{"blind: the only one", (*facts).fallback, func(f *facts) {
			f.current, f.source.Quality, f.source.OutageSince = 1, seen.Stale, noon.Add(-time.Hour)
		}, 1, true},
		{"twin: none runs", (*facts).fallback, func(f *facts) {
			f.current, f.source.Quality, f.source.OutageSince = 0, seen.Stale, noon.Add(-time.Hour)
		}, 0, false},
		{"twin: the poll is complete", (*facts).fallback, func(f *facts) { f.source.OutageSince = noon.Add(-time.Hour) }, 5, false},
		{"a poll that is partial", (*facts).dataPartial, func(f *facts) { f.source.Quality = seen.Partial }, 5, true},
		{"a poll that is partial, and the only one", (*facts).dataPartial, func(f *facts) { f.current, f.source.Quality = 1, seen.Partial }, 1, true},
		{"twin: stale", (*facts).dataPartial, func(f *facts) { f.source.Quality = seen.Stale }, 5, false},
		{"twin: none runs", (*facts).dataPartial, func(f *facts) { f.current, f.source.Quality = 0, seen.Partial }, 0, false},
		{"a poll that is stale", (*facts).dataStale, func(f *facts) { f.source.Quality = seen.Stale }, 5, true},
		{"twin: partial", (*facts).dataStale, func(f *facts) { f.source.Quality = seen.Partial }, 5, false},
		{"twin: none runs", (*facts).dataStale, func(f *facts) { f.current, f.source.Quality = 0, seen.Stale }, 0, false},

		{"a topic is missing", (*facts).topicNotFound, func(f *facts) { f.need.MissingTopics = []string{"orders"} }, 5, true},
		{"twin: none", (*facts).topicNotFound, func(*facts) {}, 5, false},
		{"no group though a replica is ready", (*facts).groupNotFound, func(f *facts) { f.need.NoGroup, f.target.Ready = true, 1 }, 5, true},
		{"twin: none is ready", (*facts).groupNotFound, func(f *facts) { f.need.NoGroup, f.target.Ready = true, 0 }, 5, false},
		{"twin: none is asked for", (*facts).groupNotFound, func(f *facts) { f.need.NoGroup, f.current = true, 0 }, 0, false},
		{"twin: the group is there", (*facts).groupNotFound, func(*facts) {}, 5, false},
		{"twin: no member is missing", (*facts).membersMissing, func(*facts) {}, 5, false},

		{"thresholds: lag is high", (*facts).thresholdUp, func(f *facts) { f.policy.Kind, f.high = Thresholds, true }, 6, true},
		{"and arrivals need more than one more", (*facts).thresholdUp, func(f *facts) { f.policy.Kind, f.high, f.need.Rate, f.need.PerConsumer = Thresholds, true, 800, 100 }, 8, true},
		{"and arrivals need more, before the last step has settled", (*facts).thresholdUp, func(f *facts) {
			f.policy.Kind, f.high, f.settled, f.need.Rate, f.need.PerConsumer = Thresholds, true, false, 800, 100
		}, 8, true},
		{"twin: the last step has not settled", (*facts).thresholdUp, func(f *facts) { f.policy.Kind, f.high, f.settled = Thresholds, true, false }, 6, false},
		{"twin: an early decision", (*facts).thresholdUp, func(f *facts) { f.policy.Kind, f.high, f.lane = Thresholds, true, fastLane }, 6, false},
		{"twin: none runs", (*facts).thresholdUp, func(f *facts) { f.policy.Kind, f.high, f.current = Thresholds, true, 0 }, 1, false},
		{"twin: lag is low", (*facts).thresholdUp, func(f *facts) { f.policy.Kind = Thresholds }, 6, false},
		{"twin: the capacity plan", (*facts).thresholdUp, func(f *facts) { f.high = true }, 6, false},

		{"it goes back to what was well", (*facts).goesBack, func(f *facts) { f.breaker = stopped(8) }, 8, true},
		{"and to what the backlog needs", (*facts).goesBack, func(f *facts) { f.breaker, f.up = stopped(8), 9 }, 9, true},
		{"and to what arrivals need", (*facts).goesBack, func(f *facts) { f.breaker, f.byRate = stopped(8), 9 }, 9, true},
		{"before it settles, when more arrives than can be processed", (*facts).goesBack, func(f *facts) { f.breaker, f.settled, f.need.Behind = stopped(8), false, true }, 8, true},
		{"twin: when not", (*facts).goesBack, func(f *facts) { f.breaker, f.settled = stopped(8), false }, 8, false},
		{"twin: an early decision", (*facts).goesBack, func(f *facts) { f.breaker, f.lane = stopped(8), fastLane }, 8, false},
		{"twin: as many run", (*facts).goesBack, func(f *facts) { f.breaker = stopped(5) }, 5, false},
		{"twin: it is not stopped", (*facts).goesBack, func(f *facts) { f.breaker.Stop.Well = 8 }, 8, false},
		{"twin: none runs", (*facts).goesBack, func(f *facts) { f.breaker, f.current = stopped(8), 0 }, 8, false},
		{"twin: another kind", (*facts).goesBack, func(f *facts) { f.breaker, f.policy.Kind = stopped(8), Thresholds }, 8, false},

		{"old records", gate((*facts).lagging), func(f *facts) { fewer(5, 4)(f); f.need.MovingSeconds = 35.1 }, 5, true},
		{"twin: half of the target lag and 5 s", gate((*facts).lagging), func(f *facts) { fewer(5, 4)(f); f.need.MovingSeconds = 35 }, 5, false},
		{"less than a replica is saved", gate((*facts).tolerable), fewer(30, 28), 30, true},
		{"twin: a tenth", gate((*facts).tolerable), fewer(30, 27), 30, false},
		{"twin: one of five", gate((*facts).tolerable), fewer(5, 4), 5, false},
		{"one of eleven", gate((*facts).tolerable), fewer(11, 10), 11, true},
		{"twin: one of ten", gate((*facts).tolerable), fewer(10, 9), 10, false},
		{"a rebalance that costs more than it saves", gate((*facts).costly), func(f *facts) { fewer(10, 8)(f); f.rebalanceTime = 51 * time.Second }, 10, true},
		{"twin: it fits into the target lag", gate((*facts).costly), func(f *facts) { fewer(10, 8)(f); f.rebalanceTime = 50 * time.Second }, 10, false},
		{"twin: 30 % are saved", gate((*facts).costly), func(f *facts) { fewer(10, 7)(f); f.rebalanceTime = 51 * time.Second }, 10, false},
		{"six steps down in an hour", gate((*facts).overBudget), func(f *facts) { fewer(5, 4)(f); f.downs = make([]time.Time, 6) }, 5, true},
		{"twin: five", gate((*facts).overBudget), func(f *facts) { fewer(5, 4)(f); f.downs = make([]time.Time, 5) }, 5, false},
		{"a rollout", gate((*facts).rollingOut), func(f *facts) { fewer(5, 4)(f); f.target.RolloutInProgress = true }, 5, true},
		{"twin: no fewer would do", gate((*facts).rollingOut), func(f *facts) { f.target.RolloutInProgress = true }, 5, false},
		{"twin: none runs", gate((*facts).rollingOut), func(f *facts) { f.current, f.need.RateKnown, f.target.RolloutInProgress = 0, false, true }, 0, false},
		{"and it is not known whether fewer would do", gate((*facts).rollingOut), func(f *facts) { f.need.RateKnown, f.target.RolloutInProgress = false, true }, 5, true},
		{"an external change that nobody acts beside", gate((*facts).externalChange), func(f *facts) { fewer(5, 4)(f); f.external.At, f.policy.Mode = noon, Advise }, 5, false},
		{"no rate is known: it does not stabilize", gate((*facts).stabilizing), func(f *facts) { fewer(5, 4)(f); f.need.RateKnown = false; f.fewerSince = noon.Add(-time.Hour) }, 5, true},
		{"the step to zero does not stabilize again", gate((*facts).stabilizing), func(f *facts) {
			f.policy.MinReplicas, f.current, f.up, f.down, f.idleSince, f.fewerSince = 0, 1, 1, 1, noon.Add(-time.Hour), noon
		}, 1, false},
		{"lag is not known", gate((*facts).uncommitted), func(f *facts) { fewer(5, 4)(f); f.need.LagKnown = false }, 5, true},
		{"twin: it is", gate((*facts).uncommitted), fewer(5, 4), 5, false},

		{"fewer", (*facts).scaleDown, fewer(5, 4), 4, true},
		{"fewer for peaks than for the backlog", (*facts).scaleDown, func(f *facts) { f.down, f.up = 3, 4 }, 4, true},
		{"twin: as many", (*facts).scaleDown, func(*facts) {}, 0, false},
		{"the last replica", (*facts).scaleToZero, func(f *facts) { f.policy.MinReplicas, f.current, f.idleSince = 0, 1, noon.Add(-time.Hour) }, 0, true},
		{"twin: minReplicas", (*facts).scaleToZero, func(f *facts) { f.current, f.idleSince = 1, noon.Add(-time.Hour) }, 0, false},
		{"twin: it is busy", (*facts).scaleToZero, func(f *facts) { f.policy.MinReplicas, f.current = 0, 1 }, 0, false},
		{"twin: two, of which one would do for peaks", (*facts).scaleToZero, func(f *facts) {
			f.policy.MinReplicas, f.idleSince = 0, noon.Add(-time.Hour)
			fewer(2, 1)(f)
		}, 1, false},
		{"twin: two that are needed", (*facts).scaleToZero, func(f *facts) {
			f.policy.MinReplicas, f.idleSince = 0, noon.Add(-time.Hour)
			fewer(2, 2)(f)
		}, 0, false},
		{"two of which nobody knows what they can do", (*facts).scaleToZero, func(f *facts) {
			f.policy.MinReplicas, f.idleSince, f.need.Capacity = 0, noon.Add(-time.Hour), learn.NotKnown
			fewer(2, 2)(f)
		}, 0, true},
		{"what rests may be unread", (*facts).restUnknown, func(f *facts) {
			f.policy.MinReplicas, f.current, f.idleSince, f.need.Resting = 0, 1, noon.Add(-time.Hour), 1
		}, 1, true},
		{"twin: nothing rests", (*facts).restUnknown, func(f *facts) { f.policy.MinReplicas, f.current, f.idleSince = 0, 1, noon.Add(-time.Hour) }, 1, false},
		{"twin: not the step to zero", (*facts).restUnknown, func(f *facts) { fewer(5, 4)(f); f.need.Resting = 1 }, 5, false},
		{"the backlog waits for the last step", (*facts).settling, func(f *facts) { f.up = 6 }, 5, true},
		{"twin: as many are needed", (*facts).settling, func(*facts) {}, 5, false},
		{"twin: none runs", (*facts).settling, func(f *facts) { f.current, f.up = 0, 6 }, 0, false},
		{"twin: another kind", (*facts).settling, func(f *facts) { f.policy.Kind, f.up = Thresholds, 6 }, 5, false},
	} {
		f := ordinary()
		c.set(f)
		to, holds := c.rule(f)
		if holds != c.holds || holds && to != c.to {
			t.Errorf("%s: to %d, %v; want %d, %v", c.name, to, holds, c.to, c.holds)
		}
	}
}

// What a line prints is what the facts have; what is over, or never was, is not printed.
func TestEvidence(t *testing.T) {
	f := ordinary()
	if e := f.evidence(); e.Stopped != nil || e.Fleet != nil || e.Failover != nil || e.RebalanceSeconds != 0 || e.OutageSeconds != 0 || e.Keeps != nil {
		t.Errorf("of ordinary facts: %+v", e)
	}
	f.source.Rebalance.Since = noon.Add(-time.Minute)
	f.breaker.Stop.Until, f.breaker.Fleet.Until = noon, noon
	if e := f.evidence(); e.Stopped != nil || e.Fleet != nil || e.RebalanceSeconds != 0 {
		t.Errorf("what is over: %+v", e)
	}
	stop, fleet, failover, keeps := breaker.Stop{Until: noon.Add(time.Hour), Steps: 3}, breaker.Stop{Until: noon.Add(time.Hour), Steps: 4}, &Failover{Moved: 1}, &asleep.Keeps{}
	f.breaker, f.failover, f.keeps = breaker.State{Stop: stop, Fleet: fleet}, failover, keeps
	f.source.Rebalance.Active, f.source.OutageSince = true, noon.Add(-2*time.Minute)
	f.asleep.ByHand, f.asleep.WaitingSince, f.waiting = noon.Add(-3*time.Minute), noon.Add(-4*time.Minute), asleep.Waiting{Beyond: 5}
	f.members = seen.Members{
		By: seen.ByRatio, Joined: 6, Gone: 7, Elsewhere: 8, PerReplica: 9, Needed: 2, Idle: 10, Least: seen.Least{PerReplica: 11, Elsewhere: 12}, Place: seen.Place{Share: 13, Alone: true},
	}
	f.target.Ready, f.target.Unschedulable, f.conflicts, f.downs, f.advised = 14, 15, 16, []time.Time{noon, noon}, 17
	f.external, f.rebalanceTime = seen.Write{From: 18, To: 19}, 20*time.Second
	want := Evidence{
		Ready: 14, Joined: 6, Elsewhere: 8, PerReplica: 9, Gone: 7, Idle: 10, Expected: 28, Unschedulable: 15, Fights: 16, Downs: 2, Advised: 17,
		ChangedFrom: 18, ChangedTo: 19, PauseSeconds: 20, Share: 13, Alone: true, MembersBy: seen.ByRatio, LeastPerReplica: 11, LeastElsewhere: 12,
		RebalanceSeconds: 60, OutageSeconds: 120, Stopped: &stop, Fleet: &fleet, Failover: failover,
		Waiting: asleep.Waiting{Beyond: 5}, Keeps: keeps, ByHand: noon.Add(-3 * time.Minute), WaitingSince: noon.Add(-4 * time.Minute),
	}
	if e := f.evidence(); !reflect.DeepEqual(e, want) {
		t.Errorf("%+v\nwant %+v", e, want)
	}
}

// Of several sources the one that wants the most decides, then one that blocks scaling up, then the one that needs the most, then the
// first. A source that stands by decides only that the target wakes.
func TestWhichSourceDecides(t *testing.T) {
	source := func(reason Reason, replicas, needs int32, standsBy bool) verdict {
		f := ordinary()
		f.up, f.standsBy = needs, standsBy
		return verdict{f, reason.rule(), replicas}
	}
	for _, c := range []struct {
		name    string
		all     []verdict
		decider int
	}{
		{"the first of equal ones", []verdict{source(Steady, 5, 5, false), source(Steady, 5, 5, false)}, 0},
		{"who wants the most", []verdict{source(ScaleDown, 3, 9, false), source(ScaleDown, 4, 1, false)}, 1},
		{"also beside one that blocks", []verdict{source(Unschedulable, 5, 9, false), source(ScaleUp, 6, 1, false)}, 1},
		{"who blocks scaling up", []verdict{source(Steady, 5, 9, false), source(Unschedulable, 5, 1, false)}, 1},
		{"who blocks scaling up, and comes first", []verdict{source(Unschedulable, 5, 1, false), source(Steady, 5, 9, false)}, 0},
		{"who blocks only scaling down does not come first", []verdict{source(Steady, 5, 9, false), source(Settling, 5, 1, false)}, 0},
		{"who needs the most", []verdict{source(Steady, 5, 4, false), source(Steady, 5, 6, false), source(Steady, 5, 5, false)}, 1},
		{"a copy wakes", []verdict{source(Steady, 0, 0, false), source(Activate, 1, 0, true)}, 1},
		{"twin: nothing else", []verdict{source(Steady, 5, 5, false), source(ScaleUp, 9, 9, true)}, 0},
		{"a copy alone", []verdict{source(ScaleUp, 9, 9, true)}, -1},
		{"none", nil, -1},
	} {
		in := &Input{Now: noon, Workload: seen.Workload{Spec: 5}}
		d := combine(in, c.all)
		if d.Decider != c.decider {
			t.Errorf("%s: source %d decides, want %d", c.name, d.Decider, c.decider)
			continue
		}
		reason, wanted := Steady, int32(5)
		if c.decider >= 0 {
			reason, wanted = c.all[c.decider].rule.reason, c.all[c.decider].replicas
		}
		if d.Verdict != reason || d.Wanted != wanted || d.Current != 5 || d.Desired != 5 || !d.At.Equal(noon) || len(d.Needs) != len(c.all) {
			t.Errorf("%s: %+v", c.name, d)
		}
	}
}

// What holds beside the verdict is named once, sorted, and not when the verdict says it.
func TestNotesOfADecision(t *testing.T) {
	partial := func(set func(f *facts)) verdict {
		f := ordinary()
		f.source.Quality = seen.Partial
		set(f)
		return verdict{f, Steady.rule(), 5}
	}
	missing := func(f *facts) { f.need.MissingTopics = []string{"orders"} }
	for _, c := range []struct {
		name    string
		all     []verdict
		decided Reason
		want    []Reason
	}{
		{"nothing", []verdict{{ordinary(), Steady.rule(), 5}}, Steady, nil},
		{"two", []verdict{partial(missing)}, Steady, []Reason{DataPartial, TopicNotFound}},
		{"of two sources, once", []verdict{partial(missing), partial(missing)}, Steady, []Reason{DataPartial, TopicNotFound}},
		{"the verdict itself", []verdict{partial(missing)}, TopicNotFound, []Reason{DataPartial}},
		{"what the verdict says", []verdict{partial(missing)}, Fallback, []Reason{TopicNotFound}},
		{"what stands by", []verdict{partial(func(f *facts) { f.standsBy = true })}, Steady, nil},
	} {
		if got := notes(c.all, c.decided); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}
