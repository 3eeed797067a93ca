package scaler

import (
	"cmp"
	"slices"
	"time"

	"github.com/lagscaler/lagscaler/scaler/seen"
)

// limitFacts are everything that the limits may look at. They are built once, by gatherLimits, and never written.
type limitFacts struct {
	policy    *Policy
	target    *seen.Workload
	current   int32
	consumers int32 // that can have a partition; 0: no limit
	useful    int32 // replicas in which these consumers run
	shared    int32 // replicas whose consumers may be members of a share group; 0: no limit
	scheduled int32 // at least so many, while a window of the schedule is open
	brakes    []Brake
}

func gatherLimits(in *Input, all []facts) limitFacts {
	consumers := int32(0)
	all = slices.DeleteFunc(slices.Clone(all), func(f facts) bool { return f.standsBy })
	for i := range all {
		consumers = max(consumers, all[i].need.Useful)
	}
	return limitFacts{
		policy: &in.Policy, target: &in.Workload, current: in.Workload.Spec, consumers: consumers, useful: mostUseful(all),
		shared: shareGroupReplicas(&in.Policy, all), scheduled: in.Policy.scheduled(in.Now), brakes: in.Brakes,
	}
}

// shareGroupReplicas is the number of replicas whose consumers can be members of the target's share groups; 0: no limit. The
// default of Kafka, which is assumed where no coordinator says its limit, applies only without maxReplicas: with it, the user has
// chosen the limit.
func shareGroupReplicas(p *Policy, all []facts) (replicas int32) {
	share := false
	for i := range all {
		f := &all[i]
		switch n := f.need; {
		case n.MaxShareMembers == 0 && f.useful() == 0:
			return 0
		case n.MaxShareMembers == 0:
			replicas = max(replicas, f.useful())
		case p.MaxReplicas > 0 && !n.DeclaredMaxShareMembers && !n.ReadMaxShareMembers:
			return 0
		default:
			share, replicas = true, max(replicas, 1, f.members.Replicas(n.MaxShareMembers))
		}
	}
	if !share {
		return 0
	}
	return replicas
}

// mostUseful is the greatest of the sources' useful replicas; 0 when one has no limit.
func mostUseful(all []facts) (replicas int32) {
	for i := range all {
		useful := all[i].useful()
		if useful == 0 {
			return 0
		}
		replicas = max(replicas, useful)
	}
	return replicas
}

// useful is how many replicas can have a partition; 0: no limit is known, or members elsewhere could have all.
func (f *facts) useful() int32 {
	switch useful := f.need.Useful; {
	case f.members.Elsewhere >= useful && f.members.Place.Share == 0:
		return 0
	case f.members.By == seen.ByRatio: // the ratio may include members elsewhere, and must not prevent scaling up
		return f.members.Holding(useful)
	default:
		return f.members.Replicas(useful)
	}
}

// scheduled is how many replicas the windows that are open ask for.
func (p *Policy) scheduled(now time.Time) (replicas int32) {
	for _, w := range p.Schedule {
		if w.Open(now) {
			replicas = max(replicas, w.MinReplicas)
		}
	}
	return replicas
}

// limit applies the limits, in order, to the replicas that the verdict asks for.
func limit(d Decision, f limitFacts) Decision {
	d.Bounds = Bounds{
		Min: max(f.policy.MinReplicas, f.scheduled), Max: f.policy.MaxReplicas, Consumers: f.consumers, Replicas: f.useful,
	}
	d.Desired = d.Wanted
	if d.Verdict == TargetNotFound {
		return d
	}
	for i := range limits {
		if d.Verdict.byHand() && limits[i].reason != FixedReplicas && !limits[i].brake {
			continue // neither minReplicas nor a schedule resumes what somebody stopped
		}
		if to := limits[i].to(&f, d.Desired); to != d.Desired {
			d.Steps = append(d.Steps, Step{Reason: limits[i].reason, From: d.Desired, To: to, Why: f.why(limits[i].reason)})
			d.Desired = to
		}
	}
	return d
}

func (f *limitFacts) partitionLimit(n int32) int32 {
	if f.useful == 0 {
		return n
	}
	return min(n, max(f.useful, f.current))
}

func (f *limitFacts) shareGroupLimit(n int32) int32 {
	if f.shared == 0 {
		return n
	}
	return min(n, max(f.shared, f.current))
}

func (f *limitFacts) schedule(n int32) int32 { return max(n, f.scheduled) }

func (f *limitFacts) least(n int32) int32 { return max(n, f.policy.MinReplicas) }

func (f *limitFacts) most(n int32) int32 { return min(n, cmp.Or(f.policy.MaxReplicas, n)) }

func (f *limitFacts) pauseScaleIn(n int32) int32 {
	if f.target.PauseScaleIn {
		return max(n, f.current)
	}
	return n
}

func (f *limitFacts) pauseScaleOut(n int32) int32 {
	if f.target.PauseScaleOut {
		return min(n, f.current)
	}
	return n
}

func (f *limitFacts) fixed(n int32) int32 { return deref(f.target.FixedReplicas, n) }
