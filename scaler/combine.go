package scaler

import "slices"

// verdict is the rule that held for a source.
type verdict struct {
	*facts
	rule     *rule
	replicas int32 // that it asks for
}

// judge finds for every source the first rule that matches.
func judge(all []facts) []verdict {
	list := make([]verdict, len(all))
	for i := range all {
		list[i] = verdictOn(&all[i])
	}
	return list
}

func verdictOn(f *facts) verdict {
	for i := range rules {
		if replicas, holds := rules[i].when(f); holds {
			return verdict{f, &rules[i], replicas}
		}
	}
	return verdict{f, &rules[len(rules)-1], f.current} // not reached: the last rule always matches
}

// combine takes the source that wants the most, so that the target goes down only when all agree. Of those that want
// the same, one that blocks scaling up decides, then the one with the greatest need, then the first.
func combine(in *Input, verdicts []verdict) Decision {
	d := Decision{
		At: in.Now, Target: in.Workload.Ref, Current: in.Workload.Spec, Desired: in.Workload.Spec,
		Wanted: in.Workload.Spec, Verdict: Steady, Policy: in.Policy, Decider: -1,
	}
	for i := range verdicts {
		v := &verdicts[i]
		d.Needs = append(d.Needs, *v.need)
		if v.counts() && (d.Decider < 0 || v.before(&verdicts[d.Decider])) {
			d.Decider = i
		}
	}
	if d.Decider >= 0 {
		v := &verdicts[d.Decider]
		d.Verdict, d.Wanted, d.Why = v.rule.reason, v.replicas, v.evidence()
		d.Notes = notes(verdicts, v.rule.reason)
	}
	return d
}

// counts reports whether a verdict is one of the target's: what stands by only wakes it.
func (v *verdict) counts() bool { return !v.standsBy || v.rule.reason == Activate }

func (v *verdict) before(o *verdict) bool {
	switch {
	case v.replicas != o.replicas:
		return v.replicas > o.replicas
	case v.rule.reason.BlocksUp() != o.rule.reason.BlocksUp():
		return v.rule.reason.BlocksUp()
	}
	return v.up > o.up
}

// evidence are the numbers of the target that lines print.
func (f *facts) evidence() Evidence {
	e := Evidence{
		Ready: f.target.Ready, Joined: f.members.Joined, Elsewhere: f.members.Elsewhere, PerReplica: f.members.PerReplica,
		MembersBy: f.members.By, Gone: f.members.Gone, Idle: f.members.Idle, Expected: f.members.Expected(f.target.Ready),
		LeastPerReplica: f.members.Least.PerReplica, LeastElsewhere: f.members.Least.Elsewhere,
		Unschedulable: f.target.Unschedulable, Fights: f.conflicts, Downs: int32(len(f.downs)),
		Advised: f.advised, ChangedFrom: f.external.From, ChangedTo: f.external.To, PauseSeconds: f.rebalanceTime.Seconds(),
	}
	e.Waiting, e.Keeps, e.ByHand, e.WaitingSince = f.waiting, f.keeps, f.asleep.ByHand, f.asleep.WaitingSince
	if stop := f.breaker.Stop; f.stopped() {
		e.Stopped = &stop
	}
	if stop := f.breaker.Fleet; f.fleetStopped() {
		e.Fleet = &stop
	}
	e.Failover = f.failover
	e.Share, e.Alone = f.members.Place.Share, f.members.Place.Alone
	if f.source.Rebalance.Active {
		e.RebalanceSeconds = f.age(f.source.Rebalance.Since).Seconds()
	}
	if !f.source.OutageSince.IsZero() {
		e.OutageSeconds = f.age(f.source.OutageSince).Seconds()
	}
	return e
}

// notes are conditions that hold but did not decide, sorted.
func notes(verdicts []verdict, decided Reason) []Reason {
	var list []Reason
	for i := range verdicts {
		for k := range rules {
			r := &rules[k]
			if r.note != nil && verdicts[i].counts() && r.note(verdicts[i].facts) && r.reason != decided && r.unless != decided && !slices.Contains(list, r.reason) {
				list = append(list, r.reason)
			}
		}
	}
	slices.Sort(list)
	return list
}
