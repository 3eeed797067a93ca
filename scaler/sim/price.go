package sim

import (
	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/promise"
)

// Played runs our policy through a trace, and returns what it played for its price on the way, as the daemon would have at the end of
// the trace.
func Played(t Trace, w World, spec scaler.Spec) (promise.Play, Result, error) {
	policy, err := newOurs(ours{name: OurName, judges: true}, Declare(spec, w))
	if err != nil {
		return promise.Play{}, Result{}, err
	}
	result := Simulate(t, w, policy)
	return policy.memory.Play(viewCluster, viewGroup), result, nil
}
