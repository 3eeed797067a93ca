package scaler

import (
	"testing"

	"github.com/lagscaler/lagscaler/scaler/seen"
)

// Records that are late while something else than the policy keeps the target small say nothing about the objective: neither then, nor
// until what waited has been processed.
func TestHindered(t *testing.T) {
	for _, c := range []struct {
		name string
		set  func(*seen.Workload, *Decision)
		want bool
	}{
		{"nothing", func(*seen.Workload, *Decision) {}, false},
		{"a brake", func(_ *seen.Workload, d *Decision) { d.Steps = []Step{{Reason: PartitionLimit}, {Reason: PoolFull}} }, true},
		{"limits of the policy", func(_ *seen.Workload, d *Decision) { d.Steps = []Step{{Reason: PartitionLimit}, {Reason: MaxReplicas}} }, false},
		{"a freeze", func(w *seen.Workload, _ *Decision) { w.Freeze = &seen.Freeze{Stops: seen.StopsAll} }, true},
		{"a pause", func(w *seen.Workload, _ *Decision) { w.Paused = true }, true},
		{"a fixed number", func(w *seen.Workload, _ *Decision) { w.FixedReplicas = new(int32(2)) }, true},
		{"an HPA", func(w *seen.Workload, _ *Decision) { w.Owner = seen.Owner{Kind: "HorizontalPodAutoscaler"} }, true},
		{"an HPA that asks for our number", func(w *seen.Workload, _ *Decision) {
			w.Owner, w.Followed = seen.Owner{Kind: "HorizontalPodAutoscaler"}, true
		}, false},
	} {
		in, d := Input{}, &Decision{}
		c.set(&in.Workload, d)
		if got := in.hindered(d); got != c.want {
			t.Errorf("%s: %t", c.name, got)
		}
	}
	var state waiting
	for i, c := range []struct {
		hindered     bool
		judged, late uint64
		want         bool
	}{
		{false, 100, 5, false},
		{true, 200, 90, true},
		{false, 300, 190, true}, // what waited is still late
		{false, 300, 190, true}, // nothing was committed
		{false, 400, 190, false},
		{false, 500, 200, false},
		{true, 600, 200, true},
		{false, 0, 0, false}, // counted anew
	} {
		now := &seen.State{Sources: []seen.History{{}}}
		now.Sources[0].Judged, now.Sources[0].Late = c.judged, c.late
		if state = state.next(c.hindered, now); state.hindered != c.want {
			t.Errorf("poll %d: %+v", i, state)
		}
	}
}
