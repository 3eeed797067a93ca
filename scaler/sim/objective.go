package sim

import (
	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/promise"
)

// Promised runs our policy with an objective through a trace, and returns what it says of the objective at the end; nil: nothing yet.
func Promised(t Trace, w World, spec scaler.Spec) (*promise.Choice, Result, error) {
	policy, err := newOurs(ours{name: OurName}, Declare(spec, w))
	if err != nil {
		return nil, Result{}, err
	}
	result := Simulate(t, w, policy)
	play := policy.memory.Play(viewCluster, viewGroup)
	return play.Choice(promise.Share(policy.policy.Objective), policy.policy.ObjectiveBudget), result, nil
}

// InRoom is our policy with one of [promise.Rooms] in force all the time, instead of the one that it would choose for its objective.
func InRoom(name string, spec scaler.Spec, room int) (Policy, error) {
	return newOurs(ours{name: name, forget: func(m *scaler.Memory) {
		for i := range m.Sources {
			m.Sources[i].Promise = m.Sources[i].Promise.InRoom(room)
		}
	}}, spec)
}
