package scaler

import (
	"slices"
	"time"
)

// view is one source and the target it runs on, as the rules look at them. Counts are replicas.
type view struct {
	now    time.Time
	clk    Clock
	policy *Policy
	target *Workload
	src    *Source
	need   *Need
	crew   crew
	fresh  fresh
	hurry  bool // between two decisions: the fast lane

	n                int32 // what the target is set to
	up, byRate, down int32
	useful           int32 // 0: no limit
	settled          bool
	high             bool // lag is above a fixed threshold
	frozen           bool // nothing moves
	pause            time.Duration
	fights, downs    int32
	foreign          Write

	outage, from, missing, below, idle time.Time // since when; zero: not
	oldestDown                         time.Time

	order   int // of the rule that held
	verdict Reason
	wants   int32
}

// judge finds the first rule that holds.
func (v *view) judge() {
	for i := range rules {
		if wants, holds := rules[i].wants(v); holds {
			v.order, v.verdict, v.wants = i, rules[i].reason, wants
			return
		}
	}
}

// combine takes the source that wants the most, so that the target goes down only when all agree. Of those that want
// the same, one that forbids going up decides, then the one with the greatest need, then the first.
func combine(in *Input, views []view) Decision {
	d := Decision{
		At: in.Now, Target: in.Workload.Ref, Current: in.Workload.Spec, Desired: in.Workload.Spec,
		Wanted: in.Workload.Spec, Verdict: Steady, Policy: in.Policy, Decider: -1,
	}
	for i := range views {
		v := &views[i]
		d.Needs = append(d.Needs, *v.need)
		if d.Decider < 0 || v.before(&views[d.Decider]) {
			d.Decider = i
		}
	}
	if d.Decider >= 0 {
		v := &views[d.Decider]
		d.Verdict, d.Wanted, d.Why = v.verdict, v.wants, v.evidence()
		d.Notes = notes(views, v.verdict)
	}
	limitTo(&d, in, views)
	return d
}

func (v *view) before(o *view) bool {
	switch {
	case v.wants != o.wants:
		return v.wants > o.wants
	case v.verdict.ForbidsUp() != o.verdict.ForbidsUp():
		return v.verdict.ForbidsUp()
	}
	return v.up > o.up
}

// evidence are the numbers of the target that lines print.
func (v *view) evidence() Evidence {
	e := Evidence{
		Ready: v.target.Ready, Joined: v.crew.joined, Foreign: v.crew.foreign, PerReplica: v.crew.perReplica,
		Unschedulable: v.target.Unschedulable, Fights: v.fights, Downs: v.downs,
		From: v.foreign.From, To: v.foreign.To, PauseSeconds: v.pause.Seconds(),
	}
	if v.src.Rebalance.Active {
		e.RebalanceSeconds = v.since(v.src.Rebalance.Since).Seconds()
	}
	if !v.outage.IsZero() {
		e.OutageSeconds = v.since(v.outage).Seconds()
	}
	return e
}

// notes are conditions that hold but did not decide, sorted.
func notes(views []view, verdict Reason) []Reason {
	var out []Reason
	add := func(r Reason, holds bool) {
		if holds && r != verdict && !slices.Contains(out, r) {
			out = append(out, r)
		}
	}
	for i := range views {
		v := &views[i]
		add(DataPartial, v.fresh == partial && verdict != Fallback)
		add(DataStale, v.fresh == stale && verdict != Fallback)
		add(PartitionBound, v.need.bound())
		add(PartitionStalled, len(v.need.Stalled) > 0 && verdict != Stalled)
		add(CapacityUnknown, !v.need.Capacity.known())
	}
	slices.Sort(out)
	return out
}

// limited is what the limits look at.
type limited struct {
	policy    *Policy
	target    *Workload
	current   int32
	useful    int32 // replicas that can have a partition; 0: no limit
	windowMin int32
}

// limitTo applies the limits to what the verdict asks for.
func limitTo(d *Decision, in *Input, views []view) {
	l := limited{policy: &in.Policy, target: &in.Workload, current: in.Workload.Spec}
	limitless := len(views) == 0
	for i := range views {
		l.useful = max(l.useful, views[i].useful)
		limitless = limitless || views[i].useful == 0
		d.Bounds.Partitions = max(d.Bounds.Partitions, views[i].need.Useful)
	}
	if limitless {
		l.useful = 0
	}
	for _, w := range in.Policy.Schedule {
		if w.Open(in.Now) {
			l.windowMin = max(l.windowMin, w.MinReplicas)
		}
	}
	d.Bounds.Min, d.Bounds.Max, d.Bounds.Useful = max(in.Policy.MinReplicas, l.windowMin), in.Policy.MaxReplicas, l.useful
	d.Desired = d.Wanted
	if d.Verdict == TargetNotFound {
		return
	}
	for _, limit := range limits {
		if to := limit.to(&l, d.Desired); to != d.Desired {
			d.Steps = append(d.Steps, Step{Reason: limit.reason, From: d.Desired, To: to})
			d.Desired = to
		}
	}
}
