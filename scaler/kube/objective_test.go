package kube

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/need"
	"github.com/lagscaler/lagscaler/scaler/promise"
	"github.com/lagscaler/lagscaler/scaler/say"
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

// onAndOff is a play of two days of traffic that comes back at once, at times that nothing foretells, after pauses of 75 min on average.
func onAndOff(budget float64) (p promise.Play) {
	r, on, until := rand.New(rand.NewPCG(3, 4)), false, 0.0
	now := time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC)
	for second := 0.0; second < 48*3600; second += 10 {
		if second >= until {
			on = !on
			until = second + r.ExpFloat64()*map[bool]float64{true: 1800, false: 4500}[on]
		}
		rate := map[bool]float64{true: 1500}[on]
		p = p.Next(promise.Poll{
			Now: now.Add(time.Duration(second) * time.Second), Seconds: 10, Arrived: 10 * rate, Rate: rate, Expected: rate, Peak: rate,
			Decides: int(second)%30 == 0, SinceDecision: 30, PerConsumer: 100, Partitions: 48, Consumers: 12, Least: 1,
			Starts: []float64{40}, Pauses: []float64{8}, Longest: 8, Horizon: 63, Commit: 5, Target: 30 * time.Second, Drain: 120, Window: 240, Covered: 3600,
			Utilization: 0.92, DownUtilization: 0.87, KeepsReserve: true, Objective: 0.999, Budget: budget,
		})
	}
	return p
}

// Where no room within the budget keeps the objective, the status says so, with what the best within it would have kept; the one in force
// is that one. A budget that pays for replicas that stand ready brings it into reach.
func TestStatusOfAnObjectiveOutOfReach(t *testing.T) {
	status := func(budget float64) (*promise.Choice, string, bool) {
		p := onAndOff(budget)
		c := p.Choice(0.999, budget)
		o := &scaler.Outcome{Promise: say.Promise(c)}
		o.Decision.Policy.Objective, o.Decision.Needs = 99.9, []need.Need{{Promise: c}}
		s := objectiveOf(o)
		if s == nil || s.Reachable == nil || s.WouldHaveKept != percent(c.Kept) || s.Message != o.Promise {
			t.Fatalf("%+v", s)
		}
		return c, s.Message, *s.Reachable
	}
	c, message, reachable := status(1.2)
	if reachable || c.Kept >= 0.999 || c.RunnerUp == nil || c.RunnerUp.Kept > c.Kept {
		t.Errorf("reachable %v, %+v, runner-up %+v", reachable, c, c.RunnerUp)
	}
	for _, want := range []string{"objective 99.9 % is out of reach within 1.2 times the cheapest room", "would have kept most, " + percent(c.Kept) + " %"} {
		if !strings.Contains(message, want) {
			t.Errorf("%q does not say %q", message, want)
		}
	}
	if c, message, reachable := status(4); !reachable || c.Kept < 0.999 {
		t.Errorf("within four times the cheapest room: %s", message)
	}
}
