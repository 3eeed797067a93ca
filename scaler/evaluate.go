package scaler

import (
	"github.com/lagscaler/lagscaler/scaler/learn"
	"github.com/lagscaler/lagscaler/scaler/need"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

// Evaluate decides how many replicas the target should have. It is called at every poll and decides at every third;
// in between the last decision stands, unless arrivals exceed nine tenths of the capacity of the replicas: the fast lane
// (lane.go). It is pure: the same Input gives the same Result, and the Input's Memory is left as it was.
func Evaluate(in Input) Result {
	next := in.Memory.last()
	now := seen.See(next.seen, in.poll())                                                  // see
	learned := learn.State{Memory: in.Memory.Memory, Progress: next.progress}.AtPoll(&now) // learn
	zero := next.atZero(&in, &now, &learned)                                               // asleep.go
	learned.Memory.Asleep = zero.state
	lane, fresh := next.lane(&now, &learned), false
	if lane != noDecision {
		next.sources = next.update(&now, &learned)
		learned = learned.AtDecision(&now, mappings(next.sources), lane == fastLane)
		next.sources = count(next.sources, &now, &learned)
		next.playAlong(&in, &now, &learned)
		estimates := estimate(&in, &now, &learned, next.sources) // estimate
		learned = learned.WithForecasts(&now, forecasts(estimates))
		all := gatherer{&in, &now, &learned, lane, &zero, next.play}.gather(next.sources, estimates)
		next.sources = conditions(next.sources, all)
		verdicts := judge(all)                                            // judge
		decision := limit(combine(&in, verdicts), gatherLimits(&in, all)) // limit
		if fresh = lane.accepts(&decision, next.standing); fresh {
			next.verdict = next.verdict.next(&decision)
			decision = wait(decision, verdicts, next.verdict.since)
			next.standing, next.play = &decision, next.play.after(&decision)
			if zero.acts && decision.Desired == 0 && decision.Current > 0 {
				learned.Memory.Asleep = zero.state.Intend(zero.look)
			}
			if lane == regular {
				next.regularAt = decision.At
			}
		}
	}
	late, lateKnown := next.standing.timeLag()
	learned = learned.WithWeek(&now, next.standing.Desired, late, lateKnown)
	next.seen, next.progress = now, learned.Progress
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
func estimate(in *Input, now *seen.State, learned *learn.State, sources []sourceState) []need.Estimate {
	list := make([]need.Estimate, len(sources))
	for i := range sources {
		known := learned.Source(&now.Sources[i])
		list[i] = need.Of(need.Input{
			Now: now.Now, Clock: now.Clock, Seen: &now.Sources[i], Learned: known, Targets: in.Policy.targets(),
			Horizon:   learned.Memory.Horizon(known, now.Clock),
			HourPeak:  learned.Peak(i, now, now.Clock.Scale(need.ReserveWindow)),
			IdleSince: sources[i].idle, Played: sources[i].played,
			Consumers: sources[i].members.Consumers(now.Workload.Spec),
		})
	}
	return list
}

func forecasts(estimates []need.Estimate) []learn.Forecast {
	list := make([]learn.Forecast, len(estimates))
	for i := range estimates {
		list[i] = estimates[i].Forecast
	}
	return list
}
