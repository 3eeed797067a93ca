package tryout

import (
	"slices"

	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/brakes"
	"github.com/lagscaler/lagscaler/scaler/breaker"
)

// brake is a restriction: something that can keep the replicas from the number that is needed, and that can be removed to see its effect.
type brake struct {
	name     string
	removes  func(in *scaler.Input)                  // from what a decision may know; nil: nothing
	settings func(s brakes.Settings) brakes.Settings // the brakes of the configuration without it; nil: it is not one of them
}

// brakesOf are the restrictions of a scaler, in the order of docs/safety.md: those of its policy, those that every scaler has, and those of
// the configuration. set is nil when the brakes of the configuration are those of a recording, of which used says what they did.
func brakesOf(p *scaler.Policy, set *brakes.Settings, used Used) []brake {
	var all []brake
	add := func(when bool, name string, removes func(in *scaler.Input)) {
		if when {
			all = append(all, brake{name: name, removes: removes})
		}
	}
	add(p.MinReplicas > 1, "minReplicas", func(in *scaler.Input) { in.Policy.MinReplicas = 1 })
	add(p.MaxReplicas > 0, "maxReplicas", func(in *scaler.Input) { in.Policy.MaxReplicas = 0 })
	add(len(p.Schedule) > 0, "schedule", func(in *scaler.Input) { in.Policy.Schedule = nil })
	add(true, "the budget of steps down", func(in *scaler.Input) { in.Memory.Downs = nil })
	add(true, "stopping itself", func(in *scaler.Input) { in.Memory.Breaker, in.Fleet = breaker.State{}, breaker.Stop{} })
	add(used.Annotations, "annotations", func(in *scaler.Input) {
		w := &in.Workload
		w.PauseScaleIn, w.PauseScaleOut, w.FixedReplicas = false, false, nil
	})
	if set != nil {
		return append(all, configured(set)...)
	}
	add(used.Limits, "the limits of all scalers", func(in *scaler.Input) { in.Brakes = nil })
	add(used.Freeze, "freezes", func(in *scaler.Input) { in.Workload.Freeze = nil })
	return all
}

// configured are the brakes of a configuration.
func configured(set *brakes.Settings) []brake {
	var all []brake
	for i, l := range set.Limits {
		all = append(all, brake{name: "limit " + l.Name, settings: func(s brakes.Settings) brakes.Settings {
			s.Limits = slices.Delete(slices.Clone(s.Limits), i, i+1)
			return s
		}})
	}
	for i, w := range set.Windows {
		all = append(all, brake{name: "freeze " + w.Name, settings: func(s brakes.Settings) brakes.Settings {
			s.Windows = slices.Delete(slices.Clone(s.Windows), i, i+1)
			return s
		}})
	}
	if set.Switch != nil {
		all = append(all, brake{name: "freeze", settings: func(s brakes.Settings) brakes.Settings {
			s.Switch = nil
			return s
		}})
	}
	return all
}
