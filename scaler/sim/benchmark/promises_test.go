package main

import (
	"testing"

	"github.com/lagscaler/lagscaler/scaler/promise"
	"github.com/lagscaler/lagscaler/scaler/sim"
)

// The room that is found afterwards is the cheapest of those that keep the objective, within the budget of the cheapest of all.
func TestKeeping(t *testing.T) {
	one := func(name string, cost, late float64) *job {
		return &job{policy: name, result: sim.Result{CostOverFluid: cost, LatePercent: late}}
	}
	all := table{[]*job{one("day", 2.9, 0), one("reserve", 2, 0.5), one("hour", 2.5, 0.2), one("twice", 3.1, 0.001)}}
	for percent, want := range map[float64]string{99: "2.00 / 0.500 (reserve)", 99.8: "2.50 / 0.200 (hour)", 99.9: "2.90 / 0.000 (day)"} {
		if _, got := all.keeping(percent); got != want {
			t.Errorf("%v %%: %s, want %s", percent, got, want)
		}
	}
	dear := table{[]*job{one("reserve", 2, 0.5), one("twice", 3.1, 0)}}
	if ok, got := dear.keeping(99.9); ok || got != "none" {
		t.Errorf("above the budget: %v, %s", ok, got)
	}
}

// Objectives that were kept need no row. Of the others, those that a room could have kept are told from those of which it was said that they
// are out of reach, and from those of which nothing was said.
func TestPromiseSum(t *testing.T) {
	sum, late := promiseSum{}, func(percent float64, says *promise.Choice) *job {
		return &job{result: sim.Result{LatePercent: percent}, says: says}
	}
	reached, missed := &promise.Choice{Reachable: true}, &promise.Choice{}
	for _, c := range []struct {
		job   *job
		found bool
		shown bool
	}{
		{late(0.11, reached), true, false},
		{late(0.13, missed), true, true},
		{late(0.13, missed), false, true},
		{late(0.13, reached), false, true},
		{late(0.13, nil), false, true},
	} {
		if sum.add(c.job, 99.9, c.found) != c.shown {
			t.Errorf("%+v: shown: %v", c.job.result, !c.shown)
		}
	}
	if want := (promiseSum{all: 5, within: 1, missed: 1, told: 1}); sum != want {
		t.Errorf("%+v, want %+v", sum, want)
	}
}
