package scaler

import (
	"testing"

	"github.com/lagscaler/lagscaler/scaler/seen"
)

// The limits that metrics and status show are those in force, and a decision is within them.
func TestBoundsInForce(t *testing.T) {
	for name, c := range map[string]struct {
		least, most, scheduled, useful, wanted int32
		want                                   Bounds
		desired                                int32
	}{
		"no schedule":                      {least: 2, most: 9, useful: 6, wanted: 1, want: Bounds{Min: 2, Max: 9, Consumers: 12, Replicas: 6}, desired: 2},
		"a window of the schedule is open": {least: 2, most: 9, scheduled: 5, useful: 6, wanted: 1, want: Bounds{Min: 5, Max: 9, Consumers: 12, Replicas: 6}, desired: 5},
		"a window that asks for less":      {least: 5, most: 9, scheduled: 2, useful: 6, wanted: 1, want: Bounds{Min: 5, Max: 9, Consumers: 12, Replicas: 6}, desired: 5},
		"more than maxReplicas":            {least: 1, most: 4, useful: 6, wanted: 20, want: Bounds{Min: 1, Max: 4, Consumers: 12, Replicas: 6}, desired: 4},
		"no maxReplicas":                   {least: 1, useful: 6, wanted: 20, want: Bounds{Min: 1, Consumers: 12, Replicas: 6}, desired: 6},
		"no limit at all":                  {wanted: 20, want: Bounds{Consumers: 12}, desired: 20},
	} {
		f := limitFacts{
			policy: &Policy{MinReplicas: c.least, MaxReplicas: c.most}, target: &seen.Workload{}, current: 3,
			consumers: 12, useful: c.useful, scheduled: c.scheduled,
		}
		d := limit(Decision{Verdict: Steady, Current: 3, Wanted: c.wanted}, f)
		if d.Bounds != c.want || d.Desired != c.desired {
			t.Errorf("%s: %+v, desired %d; want %+v, %d", name, d.Bounds, d.Desired, c.want, c.desired)
		}
	}
}
