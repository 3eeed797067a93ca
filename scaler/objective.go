package scaler

import (
	"errors"
	"fmt"
	"time"

	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/scaler/learn"
	"github.com/lagscaler/lagscaler/scaler/promise"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

// The objectives and budgets that may be set. More than 99.99 % cannot be told from 100 % by the records of a few days.
const (
	LeastObjective = 90.0
	MostObjective  = 99.99
	LeastBudget    = 1.0
	MostBudget     = 4.0
)

// wrongObjective is what is wrong with the objective.
func (s Spec) wrongObjective() []error {
	var errs []error
	if o := s.Objective; o != nil && !(*o >= LeastObjective && *o <= MostObjective) {
		errs = append(errs, fmt.Errorf("objective: must be between %v and %v percent, not %v", LeastObjective, MostObjective, *o))
	}
	if s.Objective != nil && s.Kind == Thresholds {
		errs = append(errs, errors.New("objective: has no effect with the policy thresholds, which does not compute what is needed"))
	}
	switch b := s.ObjectiveBudget; {
	case b == nil:
	case !(*b >= LeastBudget && *b <= MostBudget):
		errs = append(errs, fmt.Errorf("objectiveBudget: must be between %v and %v, not %v", LeastBudget, MostBudget, *b))
	case s.Objective == nil:
		errs = append(errs, fmt.Errorf("objectiveBudget: %v has no effect without objective", *b))
	}
	return errs
}

// share is the objective as a share of the records; 0: none is set.
func (p *Policy) share() float64 { return promise.Share(p.Objective) }

// promised is the room in force of a source; nil: no objective is set, or nothing is known yet.
func (p *Policy) promised(known *learn.Source) *promise.Choice {
	if p.Objective == 0 || known == nil {
		return nil
	}
	return known.Promise.Choice(p.share(), p.ObjectiveBudget)
}

// plays are what the plays of all sources are told of this poll.
func (r *recent) plays(in *Input, now *seen.State, learned *learn.State, lane lane) []promise.Poll {
	polls := make([]promise.Poll, len(now.Sources))
	r.waiting = r.waiting.next(in.hindered(r.standing), now)
	if in.Policy.Kind != Capacity || !now.Workload.Sized() {
		return polls
	}
	for i := range now.Sources {
		h := &now.Sources[i]
		if known := learned.Source(h); known != nil && !h.StandsBy && h.New && h.Quality == seen.Complete && h.Rated() && h.Readings.Len() > 1 {
			p := &polls[i]
			timing(p, in, now, learned, h)
			r.arriving(p, i, now, known, lane)
			r.sized(p, in, now, h, known)
		}
	}
	return polls
}

// timing fills in the times of a poll: those of the policy, and those that are learned.
func timing(p *promise.Poll, in *Input, now *seen.State, learned *learn.State, h *seen.History) {
	known := learned.Source(h)
	last, before, clk, policy := h.Readings.Last(), h.Readings.At(h.Readings.Len()-2), now.Clock, &in.Policy
	p.Now, p.Seconds = time.Unix(0, last.At).UTC(), time.Duration(last.At-before.At).Seconds()
	p.Starts, p.Pauses = learned.Memory.Starts(known, clk), known.Pauses(clk)
	p.Longest = known.RebalanceTime(clk).Seconds()
	p.Horizon, p.ReadsOn = learned.Memory.Horizon(known, clk).Seconds(), h.Rebalance.ReadsOn()
	p.Commit = lag.CommitInterval(h.CommitInterval).Seconds()
	p.Target, p.Drain, p.Window = policy.TargetLag, policy.DrainTime.Seconds(), clk.Scale(policy.StabilizationWindow).Seconds()
	p.Utilization, p.DownUtilization, p.KeepsReserve = policy.Utilization, policy.DownUtilization, policy.KeepsRoom && !known.Rhythm.Reliant
	p.Objective, p.Budget = policy.share(), policy.ObjectiveBudget
}

// arriving fills in what arrives, and what the decision expects.
func (r *recent) arriving(p *promise.Poll, i int, now *seen.State, known *learn.Source, lane lane) {
	h := &now.Sources[i]
	last := h.Readings.Last()
	p.Arrived, p.Rate, p.Peak = last.LastRate*p.Seconds, last.Rate, h.PeakRate()
	p.Covered = (now.Now.Sub(h.Since) + now.Clock.Poll).Seconds()
	p.Expected, p.Jump = max(known.TrustedRate(last), known.ExpectedJump(last)), known.TrustedJump(last)
	p.Decides, p.SinceDecision = lane == regular, now.Clock.Decide.Seconds()
	if d := r.standing; p.Decides && i < len(d.Needs) && d.At.Equal(now.Now) {
		p.Expected = d.Needs[i].Forecast
	}
}

// sized fills in what one consumer processes, and how many there are and may be.
func (r *recent) sized(p *promise.Poll, in *Input, now *seen.State, h *seen.History, known *learn.Source) {
	policy, state := &in.Policy, r.source(h)
	if per, from := known.Capacity(); from.Known() {
		p.PerConsumer = per
	}
	if seen.AssignmentOf(h.Read) != seen.Shared {
		p.Partitions = h.Useful
	}
	idle := !state.idle.IsZero() && now.Now.Sub(state.idle) >= now.Clock.Scale(policy.IdleTime)
	p.Idle, p.Consumers = idle, state.members.Consumers(now.Workload.Spec)
	p.Least = state.members.Consumers(policy.MinReplicas)
	if policy.MaxReplicas > 0 {
		p.Most = state.members.Consumers(policy.MaxReplicas)
	}
	ours := policy.Mode == Act && h.JudgedWithin == policy.TargetLag && !r.waiting.hindered
	p.Measured = promise.Measured{Judged: h.Judged, Late: h.Late, Ours: ours}
}

// hindered reports whether something else than the policy keeps the target from the number that a decision asks for: a brake, a freeze,
// a pause, or another owner.
func (in *Input) hindered(d *Decision) bool {
	w := &in.Workload
	return d.cut() || w.Freeze != nil || w.Paused || w.PauseScaleOut || w.FixedReplicas != nil || w.Owner.Owns() && !w.Followed
}

// waiting is how long a hindrance lasts: until what waited meanwhile has been processed. What is late until then says nothing about
// how many replicas the objective needs.
type waiting struct {
	hindered     bool
	judged, late uint64 // records of all sources, at the last poll
}

// next is the state after a poll.
func (w waiting) next(hindered bool, now *seen.State) waiting {
	next := waiting{hindered: hindered}
	for i := range now.Sources {
		next.judged += now.Sources[i].Judged
		next.late += now.Sources[i].Late
	}
	if w.hindered && (next.late > w.late || next.judged == w.judged) {
		next.hindered = true
	}
	return next
}

// Promised is the room that is kept for the objective: of the source that would have kept least; nil: no objective is set, or nothing
// is known yet.
func (d *Decision) Promised() *promise.Choice {
	var least *promise.Choice
	for i := range d.Needs {
		if c := d.Needs[i].Promise; c != nil && !d.Needs[i].StandsBy && (least == nil || c.Kept < least.Kept) {
			least = c
		}
	}
	return least
}
