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
	fastLane               // between two decisions, when arrivals exceed nine tenths of the capacity of the replicas
)

// fastLaneAfter is how long after the last write the fast lane opens.
const fastLaneAfter = 20 * time.Second

func (r *recent) lane(now *seen.State, learned *learn.State) lane {
	switch {
	case r.standing == nil || now.Clock.Due(now.Now, r.standing.At, now.Clock.Decide):
		return regular
	case r.exceeded(now, learned):
		return fastLane
	}
	return noDecision
}

// exceeded reports whether more arrives than nine tenths of the capacity of the replicas, 20 s after the last write.
func (r *recent) exceeded(now *seen.State, learned *learn.State) bool {
	if !now.Clock.Due(now.Now, now.Workload.LastWrite.At, now.Clock.Scale(fastLaneAfter)) {
		return false
	}
	for i := range now.Sources {
		h := &now.Sources[i]
		known := learned.Source(h)
		if !h.Rated() || known == nil {
			continue
		}
		per, from := known.Capacity()
		capacity := 0.9 * float64(r.source(h).members.Consumers(now.Workload.Spec)) * per
		if last := h.Readings.Last(); from.Known() && max(last.Rate, known.TrustedJump(last)) > capacity {
			return true
		}
	}
	return false
}

// accepts reports whether a lane's decision counts: the fast lane only scales up.
func (l lane) accepts(d *Decision) bool {
	return l == regular || d.Desired > d.Current && (d.Verdict == ScaleUp || d.Verdict == Activate)
}
