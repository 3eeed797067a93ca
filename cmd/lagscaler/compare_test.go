package main

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/internal/web"
)

// The last six hours of a day and the first of the next: on the first day an owner kept 10 replicas and was late for an hour, on the second 4 and was not.
func TestCompareDays(t *testing.T) {
	per, partitions := 100.0, int32(12)
	page := web.ComparePage{Name: "shop/orders", TargetLag: 30, Preset: "balanced", MinReplicas: 1, PerConsumer: &per, Partitions: &partitions}
	start := time.Date(2026, 1, 5, 18, 0, 0, 0, time.UTC)
	for i := range 2 * 72 {
		s := web.Step{Time: start.Add(time.Duration(i) * 5 * time.Minute), Rate: 300, Replicas: 10, Desired: 6, Late: new(2.0)}
		if i < 12 {
			s.Late = new(90.0)
		}
		if i >= 72 {
			s.Replicas, s.Desired = 4, 6
		}
		page.Steps = append(page.Steps, s)
	}
	rows := compareDays(page)
	want := []compared{
		{Day: "2026-01-05", Hours: 6, ActualHours: 60, DesiredHours: 36, ActualLate: new(100.0 / 6)},
		{Day: "2026-01-06", Hours: 6, ActualHours: 24, DesiredHours: 36, ActualLate: new(0.0)},
		{Day: "all", Hours: 12, ActualHours: 84, DesiredHours: 72, ActualLate: new(100.0 / 12)},
	}
	if len(rows) != len(want) {
		t.Fatalf("%d rows", len(rows))
	}
	near := func(a, b float64) bool { return math.Abs(a-b) < 1e-6 }
	for i, w := range want {
		r := rows[i]
		if r.Day != w.Day || !near(r.Hours, w.Hours) || !near(r.ActualHours, w.ActualHours) || !near(r.DesiredHours, w.DesiredHours) || !near(*r.ActualLate, *w.ActualLate) {
			t.Errorf("got %+v, want %+v", r, w)
		}
	}
	all := rows[2]
	if all.SimulatedLate == nil || all.SimulatedHours == nil {
		t.Fatal("nothing was simulated")
	}
	if late, hours := *all.SimulatedLate, *all.SimulatedHours; late > 1 || hours < 3*12 || hours > 6*12 {
		t.Errorf("300/s on consumers of 100/s, simulated: late %.2f %% of the time, %.0f replica hours of 12 h", late, hours)
	}
	page.PerConsumer = nil
	if all := compareDays(page)[2]; all.SimulatedLate != nil || all.SimulatedHours != nil {
		t.Error("simulated without knowing a consumer's speed")
	}
}

// A step of five minutes is late as a whole, and the first and the last step count in full: the legend and the help say so.
func TestCompareSaysWhatAStepIs(t *testing.T) {
	page := web.ComparePage{TargetLag: 30, Steps: []web.Step{{Time: time.Date(2026, 1, 5, 18, 0, 0, 0, time.UTC), Replicas: 12, Desired: 6, Late: new(31.0)}}}
	if r := compareDays(page)[0]; math.Abs(*r.ActualLate-100) > 1e-6 || math.Abs(r.Hours-1./12) > 1e-6 || math.Abs(r.ActualHours-1) > 1e-6 {
		t.Errorf("one step: %+v", r)
	}
	for text, want := range map[string]string{
		compareLegend:     "the share of the recorded steps whose greatest time lag was above targetLag",
		newCompare().Long: "steps of\nfive minutes in which the greatest measured time lag was above the target",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	if want := "counts in full here and in HOURS, also one that was read only in part: the first and the last one"; !strings.Contains(compareLegend, want) {
		t.Errorf("no %q in\n%s", want, compareLegend)
	}
}
