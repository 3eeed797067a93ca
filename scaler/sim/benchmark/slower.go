package main

import (
	"time"

	"github.com/lagscaler/lagscaler/scaler/sim"
)

// slower is a policy whose steps up wait: what its reaction buys is what it loses.
type slower struct {
	sim.Policy
	waits func(v *sim.View) bool
	polls int
}

// Decide is what the policy decides, but for a step up that waits.
func (s *slower) Decide(v *sim.View) (replicas int32, why string) {
	n, why := s.Policy.Decide(v)
	s.polls++
	if n > v.Workload.Spec && s.waits(v) {
		return v.Workload.Spec, ""
	}
	return n, why
}

// betweenDecisions makes every step up wait for the poll of the next regular decision.
func betweenDecisions(p sim.Policy) sim.Policy {
	s := &slower{Policy: p}
	s.waits = func(*sim.View) bool { return s.polls%3 != 1 }
	return s
}

// unsettled makes every step up wait until a minute after the last one, as the pods of that one still start.
func unsettled(p sim.Policy) sim.Policy {
	return &slower{Policy: p, waits: func(v *sim.View) bool {
		last := v.Workload.LastWrite
		return !last.At.IsZero() && last.To > last.From && v.Now.Sub(last.At) < time.Minute
	}}
}
