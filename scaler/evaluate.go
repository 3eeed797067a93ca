package scaler

import (
	"github.com/lagscaler/lagscaler/scaler/learn"
	"github.com/lagscaler/lagscaler/scaler/need"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

// Evaluate decides how many replicas the target should have. It is called at every poll and decides at every third;
// in between the last decision stands, unless more arrives than the members can process, or will soon: then an early
// decision is made (lane.go). It is pure: the same Input gives the same Result, and the Input's Memory is left as it was.
func Evaluate(in Input) Result {
	next := in.Memory.last()
	next.seen = seen.See(next.seen, in.poll()) // see
	now := &next.seen
	markStandbys(now, in.Memory.Pairs)
	learned := learn.State{Memory: in.Memory.Memory, Progress: next.progress}.AtPoll(now) // learn
	learned.Memory.Breaker = watchStep(&in, now, &learned)                                // brake
	zero := next.atZero(&in, now, &learned)                                               // zero.go
	learned.Memory.Asleep = zero.state
	lane, fresh := next.lane(now, &learned), false
	if lane != noDecision || learned.AwaitsStart(now) {
		next.sources = next.update(now, &learned)
		learned = next.pair(now, learned)
		learned = learned.AtStart(now, mappings(next.sources))
	}
	if lane != noDecision {
		learned = learned.AtDecision(now, mappings(next.sources), lane == fastLane)
		moving := failovers(now, &learned, next.sources)
		next.sources = countBoth(count(&in, next.sources, now, &learned), moving)
		next.playAlong(&in, now, &learned)
		estimates := estimate(&in, now, &learned, next.sources, next.play) // estimate
		learned = learned.WithForecasts(now, forecasts(estimates))
		all := gatherer{&in, now, &learned, lane, &zero, next.play, moving}.gather(next.sources, estimates)
		next.sources = conditions(next.sources, all)
		verdicts, limits := judge(all), gatherLimits(&in, all) // judge
		if lane == regular {
			learned = try(now, learned, verdicts, limits)
		}
		decision := limit(combine(&in, verdicts), limits) // limit
		if fresh = lane.accepts(&decision, next.standing); fresh {
			next.verdict = next.verdict.next(&decision)
			decision = wait(decision, verdicts, next.verdict.since)
			next.standing, next.play = &decision, next.play.after(&decision)
			learned.Memory.Breaker = proposed(learned.Memory.Breaker, &in, &decision)
			if zero.acts && decision.Desired == 0 && decision.Current > 0 {
				learned.Memory.Asleep = zero.state.Intend(zero.look)
			}
			if lane == regular {
				next.regularAt = decision.At
			}
		}
	}
	learned.Memory.Given = given(&in, fresh, learned.Memory.Given, next.standing)
	learned = learned.WithPlays(now, next.plays(&in, now, &learned, lane))
	late, lateKnown := next.standing.timeLag()
	learned = learned.WithWeek(now, next.standing.Desired, late, lateKnown)
	learned.Memory.Bill = learned.Memory.Bill.Next(next.billed(&in, now))
	learned.Memory.Timeline = learned.Memory.Timeline.Next(next.happened(now, fresh))
	next.progress = learned.Progress
	return Result{Decision: *next.standing, Fresh: fresh, Memory: Memory{Memory: learned.Memory, recent: &next}}
}

func mappings(sources []sourceState) []seen.Mapping {
	list := make([]seen.Mapping, len(sources))
	for i := range sources {
		list[i] = sources[i].mapping
	}
	return list
}

// estimate returns the need of every source.
func estimate(in *Input, now *seen.State, learned *learn.State, sources []sourceState, p play) []need.Estimate {
	list := make([]need.Estimate, len(sources))
	for i := range sources {
		known := learned.Source(&now.Sources[i])
		list[i] = need.Of(need.Input{
			Now: now.Now, Clock: now.Sources[i].Paced(now.Clock), Seen: &now.Sources[i], Learned: known, Targets: in.Policy.targets(),
			Horizon:   learned.Memory.Horizon(known, now.Clock),
			Fleet:     p.fleet(&now.Sources[i], sources[i].members, now, learned),
			HourPeak:  learned.Peak(i, now, now.Clock.Scale(need.ReserveWindow)),
			IdleSince: sources[i].idle, Played: sources[i].played, Removed: removed(now, i, known),
			Consumers: sources[i].members.Consumers(now.Workload.Spec),
			Promise:   in.Policy.promised(known),
		})
	}
	return list
}

// removed is what is known of the members of a source whose replicas were removed.
func removed(now *seen.State, source int, known *learn.Source) need.Removed {
	h := &now.Sources[source]
	r := need.Removed{Recovering: known.Recovering(now), Unread: known.UnreadTime(h, now.Now, now.Clock)}
	for i, removal := range now.Removed(h) {
		if r.Holds == nil {
			r.Holds = map[int]bool{}
		}
		r.Holds[i] = removal.Known
	}
	return r
}

func forecasts(estimates []need.Estimate) []learn.Forecast {
	list := make([]learn.Forecast, len(estimates))
	for i := range estimates {
		list[i] = estimates[i].Forecast
	}
	return list
}
