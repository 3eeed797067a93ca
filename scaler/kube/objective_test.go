package kube

import (
	"testing"

	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/need"
	"github.com/lagscaler/lagscaler/scaler/promise"
)

// The status says what keeps the objective, of the source that would have kept least; what is not known is absent.
func TestStatusOfAnObjective(t *testing.T) {
	outcome := func(objective float64, choices ...*promise.Choice) *scaler.Outcome {
		o := &scaler.Outcome{Promise: "why", Cheaper: "a longer target"}
		o.Decision.Policy.Objective = objective
		for _, c := range choices {
			o.Decision.Needs = append(o.Decision.Needs, need.Need{Promise: c})
		}
		return o
	}
	good := &promise.Choice{Reachable: true, Option: promise.Option{Kept: 0.99987}, Measured: new(0.9996)}
	bad := &promise.Choice{Option: promise.Option{Kept: 0.99849999}, Measured: new(0.997)}
	if s := objectiveOf(outcome(99.9, good, bad)); s == nil || s.Percent != 99.9 || *s.Reachable || s.WouldHaveKept != "99.849" || s.Kept != "99.7" || s.Message != "why" || s.Cheaper == "" {
		t.Errorf("the worse of two: %+v", s)
	}
	if s := objectiveOf(outcome(99.9, &promise.Choice{Learning: true, Option: promise.Option{Kept: 1}})); s == nil || s.Reachable != nil || s.WouldHaveKept != "" || s.Kept != "" {
		t.Errorf("in the first day: %+v", s)
	}
	if s := objectiveOf(outcome(0)); s != nil {
		t.Errorf("without an objective: %+v", s)
	}
	if s := objectiveOf(outcome(99.9, nil)); s != nil {
		t.Errorf("nothing was played: %+v", s)
	}
}
