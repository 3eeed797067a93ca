package scaler

import (
	"time"

	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/scaler/breaker"
	"github.com/lagscaler/lagscaler/scaler/learn"
	"github.com/lagscaler/lagscaler/scaler/need"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

// watchStep takes this poll into the circuit breaker: what became of our last step down.
func watchStep(in *Input, now *seen.State, learned *learn.State) breaker.State {
	b := learned.Memory.Breaker
	if !in.Fleet.Until.IsZero() {
		b.Fleet = in.Fleet
	}
	if !now.Workload.Sized() {
		return b
	}
	look := breaker.Look{
		Now: now.Now, Clock: now.Clock, Window: in.Policy.StabilizationWindow, Replicas: now.Workload.Spec,
		Write: now.Replicas.LastWrite, Foreign: now.Replicas.LastExternal().At.Equal(now.Now),
	}
	if b.Step != nil {
		probation{in, now, learned, b.Step, &look}.look()
	}
	return b.Next(&look)
}

// probation is the look at a step down.
type probation struct {
	in      *Input
	now     *seen.State
	learned *learn.State
	step    *breaker.Step
	out     *breaker.Look
}

func (p probation) look() {
	wl := &p.now.Workload
	p.out.Void = wl.RolloutInProgress || wl.Unschedulable > 0 || wl.Ready < p.step.To
	var sources []*seen.History
	for i := range p.now.Sources {
		if h := &p.now.Sources[i]; !h.StandsBy {
			sources = append(sources, h)
		}
	}
	for _, h := range sources {
		if p.out.Void = p.out.Void || p.voids(h); p.out.Void {
			return
		}
	}
	for _, h := range sources {
		p.out.Unsound = p.out.Unsound || h.Rebalance.Active || len(p.now.Removed(h)) > 0 || p.learned.Source(h).Recovering(p.now)
	}
	for _, h := range sources {
		p.out.Late = p.out.Late || !p.step.Late && !p.out.Unsound && p.late(h)
	}
}

// voids reports whether something else than the step explains what a source shows, or may do so.
func (p probation) voids(h *seen.History) bool {
	madeFor, ok := p.step.RateOf(h.Cluster, h.Group)
	known := p.learned.Source(h)
	if !ok || known == nil || h.Quality != seen.Complete || !h.Rated() || known.Downstream != nil {
		return true
	}
	last := h.Readings.Last()
	if h.New && last.Rate > p.most(madeFor) {
		return true
	}
	missing := !h.Rebalance.Active && last.Members < p.step.To
	if !p.step.UndoneAt.IsZero() && !p.step.Late && h.Shifted(p.step.At, madeFor, p.now.Clock) {
		return true
	}
	return missing || p.foreign(h.Rebalance) || h.Halts()
}

// most is how many records/s may arrive: what the step was made for, and what counting adds by chance as far as the planned utilization
// has room for it.
func (p probation) most(madeFor float64) float64 {
	return min(madeFor+seen.ArrivalNoise(madeFor, p.now.Clock), madeFor/p.in.Policy.DownUtilization)
}

// foreign reports whether a rebalance since the step is not its own. One that begins soon after it is: pods end one after another. So
// is each that follows the step that undoes it.
func (p probation) foreign(r seen.Rebalance) bool {
	if !p.step.UndoneAt.IsZero() {
		return false
	}
	own := p.step.At.Add(p.now.Clock.Scale(settleAfter))
	return r.Active && r.Since.After(own) || r.LastEnd.Add(-r.LastTook).After(own)
}

// late reports whether a record waits for longer than the target lag, and than the rebalance of the step took or was expected to take,
// though it arrived after that.
func (p probation) late(h *seen.History) bool {
	pause := time.Duration(p.step.Pause * float64(time.Second))
	if h.Rebalance.LastEnd.After(p.step.At) {
		pause = max(pause, h.Rebalance.LastTook)
	}
	madeFor, _ := p.step.RateOf(h.Cluster, h.Group)
	return h.Waits(seen.Waiting{
		Step: p.step.At, Since: lag.Later(p.step.WholeAt, p.step.At.Add(pause)), For: max(p.in.Policy.TargetLag, pause), MadeFor: madeFor,
	}, p.now.Clock)
}

// proposed notes a fresh decision that changes the replicas. Only steps down of ScaleDown were made for arrivals: idle members have
// none, an experiment downstream begins with a backlog, and a limit that goes further is its owner's.
func proposed(b breaker.State, in *Input, d *Decision) breaker.State {
	step := breaker.Step{At: d.At, From: d.Current, To: d.Desired, Pause: d.Why.PauseSeconds}
	switch {
	case in.Policy.Mode != Act:
		return b
	case d.Verdict == ScaleUp && d.Desired > d.Current:
		return b.Propose(step)
	case d.Verdict != ScaleDown || d.Desired >= d.Current || d.Desired < d.Wanted:
		return b
	}
	for i := range d.Needs {
		n := &d.Needs[i]
		if n.StandsBy {
			continue
		}
		if n.Hot() {
			return b
		}
		step.Trial = step.Trial || n.Capacity == learn.Tried
		step.MadeFor = append(step.MadeFor, breaker.Rate{Cluster: n.Cluster, Group: n.Group, PerSecond: madeFor(n)})
	}
	return b.Propose(step)
}

// madeFor is the greatest arrival rate that fewer consumers were derived for: the peak of the window, what is expected, or what the
// reserve, or the room for the objective, can process for long.
func madeFor(n *need.Need) float64 {
	kept := n.Reserve
	if n.Promise != nil {
		kept = max(kept, n.Promise.PerSecond)
	}
	return max(n.Peak, n.Forecast, kept*n.DownUtilization)
}
