package scaler

import (
	"cmp"
	"time"

	"github.com/lagscaler/lagscaler/scaler/seen"
)

// bounds are everything that the limits may look at.
type bounds struct {
	policy     *Policy
	target     *seen.Workload
	current    int32
	partitions int32 // consumers that can have one; 0: no limit
	useful     int32 // replicas that can have a partition; 0: no limit
	scheduled  int32 // what the open windows ask for at least
}

func boundsOf(in *Input, all []facts) bounds {
	b := bounds{policy: &in.Policy, target: &in.Workload, current: in.Workload.Spec, scheduled: in.Policy.scheduled(in.Now)}
	limitless := len(all) == 0
	for i := range all {
		b.useful = max(b.useful, all[i].useful)
		limitless = limitless || all[i].useful == 0
		b.partitions = max(b.partitions, all[i].need.Useful)
	}
	if limitless {
		b.useful = 0
	}
	return b
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

// limit applies the limits, in order, to what the verdict asks for.
func limit(d Decision, b bounds) Decision {
	d.Bounds = Bounds{
		Min: max(b.policy.MinReplicas, b.scheduled), Max: b.policy.MaxReplicas, Partitions: b.partitions, Useful: b.useful,
	}
	d.Desired = d.Wanted
	if d.Verdict == TargetNotFound {
		return d
	}
	for i := range limits {
		if to := limits[i].to(&b, d.Desired); to != d.Desired {
			d.Steps = append(d.Steps, Step{Reason: limits[i].reason, From: d.Desired, To: to})
			d.Desired = to
		}
	}
	return d
}

func (b *bounds) partitionLimit(n int32) int32 {
	if b.useful == 0 {
		return n
	}
	return min(n, max(b.useful, b.current))
}

func (b *bounds) schedule(n int32) int32 { return max(n, b.scheduled) }

func (b *bounds) least(n int32) int32 { return max(n, b.policy.MinReplicas) }

func (b *bounds) most(n int32) int32 { return min(n, cmp.Or(b.policy.MaxReplicas, n)) }

func (b *bounds) pauseScaleIn(n int32) int32 {
	if b.target.PauseScaleIn {
		return max(n, b.current)
	}
	return n
}

func (b *bounds) pauseScaleOut(n int32) int32 {
	if b.target.PauseScaleOut {
		return min(n, b.current)
	}
	return n
}

func (b *bounds) fixed(n int32) int32 { return deref(b.target.FixedReplicas, n) }
