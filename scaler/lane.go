package scaler

import (
	"time"

	"github.com/lagscaler/lagscaler/scaler/learn"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

// lane is whether a poll decides.
type lane uint8

const (
	noDecision lane = iota // the last decision stands
	regular                // every third poll
	fastLane               // an early decision, between two regular ones: exceeded has the cases
)

// nearlyFull is the share of the capacity of the replicas above which arrivals cause an early decision.
const nearlyFull = 0.9

// fastLaneAfter is how long after the last write a step up for arrivals is possible that the members can still process: the pods of
// that write have no effect yet.
const fastLaneAfter = 20 * time.Second

func (r *recent) lane(now *seen.State, learned *learn.State) lane {
	switch {
	case r.standing == nil || now.Clock.Due(now.Now, r.paceFrom(now), now.Clock.Decide):
		return regular
	case r.exceeded(now, learned):
		return fastLane
	}
	return noDecision
}

// paceFrom is the time from which the interval until the next regular decision counts: that of the standing decision. An
// early decision that nobody wrote, as in advise, does not put it off: early decisions would be made at every
// poll while arrivals exceed the capacity.
func (r *recent) paceFrom(now *seen.State) time.Time {
	written := !now.Workload.LastWrite.At.Before(r.standing.At.Truncate(time.Second)) // times of writes are saved in whole seconds
	if written || r.regularAt.IsZero() {
		return r.standing.At
	}
	return r.regularAt
}

// exceeded reports whether a source needs more consumers at once:
//
//	a trial of fewer consumers has just failed                                   the consumers of before
//	more arrives than the members that joined can process                        consumers for arrivals and backlog
//	20 s after the last write, more arrives than nine tenths of what all can do  consumers for arrivals
func (r *recent) exceeded(now *seen.State, learned *learn.State) bool {
	due := now.Clock.Due(now.Now, now.Workload.LastWrite.At, now.Clock.Scale(fastLaneAfter))
	for i := range now.Sources {
		h := &now.Sources[i]
		known := learned.Source(h)
		if h.StandsBy || !h.Rated() || known == nil {
			continue
		}
		m := r.source(h).members
		if back := known.GoesBack(now.Now, now.Clock); back > m.Consumers(now.Workload.Spec) {
			return true
		}
		if r.play.fleet(h, m, now, learned).Behind(known, h.Readings.Last()) {
			return true
		}
		per, from := known.Capacity()
		capacity := nearlyFull * float64(m.Consumers(now.Workload.Spec)) * per
		if last := h.Readings.Last(); due && from.Known() && max(last.Rate, known.ExpectedJump(last)) > capacity {
			return true
		}
	}
	return false
}

// accepts reports whether a lane's decision counts: an early one only scales up. Where nothing is written, it does not replace
// an answer that asks for as much: in act the replicas of that answer would run by now.
func (l lane) accepts(d, standing *Decision) bool {
	if l == regular {
		return true
	}
	answered := d.Policy.Mode != Act && standing != nil && standing.Current == d.Current && standing.Desired >= d.Desired
	return d.Desired > d.Current && !answered && (d.Verdict == ScaleUp || d.Verdict == Activate)
}
