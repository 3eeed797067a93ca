package scaler

import (
	"slices"
	"time"

	"github.com/lagscaler/lagscaler/scaler/learn"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

// Answer is the number of replicas that another autoscaler is given for a decision; last is the number that it was given before.
// The target may be larger than our number, because another trigger wants more: its size is never ours to ask for. A hold is a
// gate, and what is needed meanwhile may be a lower bound: so a hold never gives less than was given last.
//
//	decision                                      size   needed   given last   answer
//	up                                            4      12       4            12
//	up, on the way to 12                          8      9        12           12
//	any, and a limit of all scalers left 6        4      12       4            6: also of minReplicas and of a fixed number
//	down                                          12     5        12           5: the decision has passed its gates
//	down, another trigger made 20 of 5            20     5        5            5
//	hold, fewer would be enough                   12     5        12           12
//	hold, another trigger made 20                 20     5        5            5
//	hold, on the way to 12                        8      12       12           12
//	hold, more is needed and something blocks it  5      14       5            5
//	hold, partial: 36 of 48 unanswered            12     3        12           12
//	hold, nothing was given yet                   12     3        none         12
//	hold at one replica or more                   1      0        0            1: the cool-down of KEDA must not pass our gates
//	any, frozen                                   12     5        12           12
//	any, nothing goes down                        12     5        12           12
func (d *Decision) Answer(w *seen.Workload, last *learn.Given) int32 {
	before := d.Current
	if last != nil {
		before = last.Replicas
	}
	switch {
	case w.Freeze != nil && w.Freeze.Stops == seen.StopsAll:
		return before
	case w.FixedReplicas != nil:
		return w.Freeze.Limit(before, d.braked(before, *w.FixedReplicas))
	case w.Paused:
		return before
	}
	n := d.Desired
	switch needed := d.needed(); {
	case d.Direction() == Up:
		n = max(n, before)
	case d.Direction() == Down && last != nil:
		n = min(d.Desired, max(needed, before))
	case d.Direction() == Hold:
		n = max(before, min(needed, d.Current), min(1, d.Desired))
	}
	if w.PauseScaleIn {
		n = max(n, before)
	}
	if w.PauseScaleOut {
		n = min(n, before)
	}
	return w.Freeze.Limit(before, d.braked(before, d.Bounds.within(n, d.Verdict)))
}

// braked is how far a step goes that the brakes of the decision cut.
func (d *Decision) braked(from, to int32) int32 {
	for i := range d.Steps {
		if d.Steps[i].ofBrake() {
			to = within(from, to, d.Steps[i].To)
		}
	}
	return to
}

// cut reports whether a brake cut the decision.
func (d *Decision) cut() bool {
	for i := range d.Steps {
		if d.Steps[i].ofBrake() {
			return true
		}
	}
	return false
}

func (s *Step) ofBrake() bool {
	return slices.ContainsFunc(limits, func(l limitRule) bool { return l.brake && l.reason == s.Reason })
}

// within applies the bounds. Neither minReplicas nor a schedule resumes what somebody stopped.
func (b Bounds) within(n int32, verdict Reason) int32 {
	if b.Max > 0 {
		n = min(n, b.Max)
	}
	if verdict.byHand() {
		return n
	}
	return max(n, b.Min)
}

// needed is how many replicas the sources need, as far as that is known.
func (d *Decision) needed() (replicas int32) {
	for i := range d.Needs {
		if n := &d.Needs[i]; n.RateKnown && !n.StandsBy {
			replicas = max(replicas, d.Replicas(n.Up))
		}
	}
	if d.Bounds.Replicas > 0 {
		replicas = min(replicas, d.Bounds.Replicas)
	}
	return replicas
}

// Unanswered says why a decision has no number that may be given to another autoscaler; empty: it has one. At zero, what is not
// known for long is no zero.
func (d *Decision) Unanswered(now time.Time, clk seen.Clock) string {
	switch {
	case d.At.IsZero():
		return "nothing is decided yet"
	case d.Verdict == TargetNotFound:
		return TargetNotFound.Doc()
	case d.Verdict == ZeroUnread && d.Wait != nil && now.Sub(d.Wait.Since) >= clk.Filled().Scale(unreadFor):
		return ZeroUnread.Doc()
	}
	return ""
}

// unreadFor is how long the last zero stands while it cannot be read whether records wait: two failed polls are no outage.
const unreadFor = 60 * time.Second

// given is the number that is remembered as given. Without one, the present size is given until a decision is complete: it is then
// not remembered, because another trigger may have made it.
func given(in *Input, fresh bool, last *learn.Given, d *Decision) *learn.Given {
	if last != nil && in.Now.Sub(last.At) > in.Clock.Filled().Scale(learn.GivenFor) {
		last = nil
	}
	complete := d.Direction() != Hold || !d.Verdict.Hold()
	if !in.Workload.Followed || !fresh || !d.Decides() || last == nil && !complete {
		return last
	}
	return &learn.Given{Replicas: d.Answer(&in.Workload, last), At: in.Now}
}
