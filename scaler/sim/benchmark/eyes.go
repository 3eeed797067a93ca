package main

import (
	"github.com/lagscaler/lagscaler/scaler/sim"
)

// eyes look at the end offsets each two seconds, between two polls of the whole group, and poll early when far more arrives than the members that
// joined can process. docs/decisions/end-offsets-each-second.md
// has what that would buy.
type eyes struct {
	sim.Policy
	ends  [eyeLooks + 1]look // the last ones, the oldest first
	polls int32              // the second of the next one
	quiet int32              // no early one before that second
}

// look is how much had arrived until a second.
type look struct {
	second int32
	end    int64
}

const (
	eyeLooks = 1 // so many looks ago is what a look is compared with
	eyeEvery = 2 // s: the simulator has no second that every one acts in
	eyeQuiet = 4 // s between two early polls
)

// Every is as often as the simulator can.
func (e *eyes) Every() int32 { return eyeEvery }

// Decide polls when it is time, or when the ends tell of a jump.
func (e *eyes) Decide(v *sim.View) (replicas int32, why string) {
	now := look{second: v.Second}
	for _, p := range v.Lag.Topics[0].Partitions {
		now.end += p.End
	}
	copy(e.ends[:], e.ends[1:])
	e.ends[eyeLooks] = now
	before := e.ends[0]
	arriving := float64(now.end-before.end) / float64(max(1, now.second-before.second))
	jumps := before.end > 0 && now.second >= e.quiet && arriving > eyeJump*v.World.PerConsumer*float64(len(v.Lag.Members))
	switch {
	case now.second >= e.polls:
		e.polls = now.second + e.Policy.Every()
	case jumps:
		e.quiet = now.second + eyeQuiet
	default:
		return v.Workload.Spec, ""
	}
	return e.Policy.Decide(v)
}

// eyeJump is how many times the capacity of the members must arrive.
const eyeJump = 1.1
