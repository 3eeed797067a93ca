package sim

import "time"

// Fault is something that goes wrong for a while.
type Fault struct {
	Kind     FaultKind
	From, To time.Duration // since the start of the trace
	Size     float64       // see the kinds
}

// FaultKind is a way of going wrong.
type FaultKind string

// The kinds of faults.
const (
	Outage     FaultKind = "outage"     // a third of the partitions does not answer polls
	Poison     FaultKind = "poison"     // partition 0 is not processed
	Downstream FaultKind = "downstream" // all consumers together do at most Size records/s
	Rollout    FaultKind = "rollout"    // at From, pods are replaced one after another, one every Size seconds
	SlowStart  FaultKind = "slow-start" // pods take Size times as long to start
	Slower     FaultKind = "slower"     // consumers process Size times what they usually do
)

type faults struct {
	all    []Fault
	second int32
	pods   []int // ids still to be rolled out
}

func newFaults(all []Fault) faults { return faults{all: all} }

// at moves to a second, and continues a rollout.
func (t *faults) at(second int32, r *run) {
	t.second = second
	tr, ok := t.now(Rollout)
	if !ok {
		t.pods = nil
		return
	}
	since := second - int32(tr.From/time.Second)
	if since == 0 {
		for i := range r.fleet.pods {
			t.pods = append(t.pods, r.fleet.pods[i].id)
		}
	}
	if len(t.pods) == 0 || since%max(1, int32(tr.Size)) != 0 {
		return
	}
	for i := range r.fleet.pods {
		if r.fleet.pods[i].id == t.pods[0] {
			r.fleet.replace(i, second, r)
			break
		}
	}
	t.pods = t.pods[1:]
}

// now is the fault of a kind that is active.
func (t *faults) now(k FaultKind) (Fault, bool) {
	for _, tr := range t.all {
		if tr.Kind == k && int32(tr.From/time.Second) <= t.second && t.second < int32(tr.To/time.Second) {
			return tr, true
		}
	}
	return Fault{}, false
}

func (t *faults) poisoned(p int) bool {
	if p != 0 || len(t.all) == 0 {
		return false
	}
	_, ok := t.now(Poison)
	return ok
}

// downstream is the share of their speed that consumers may use.
func (t *faults) downstream(r *run) float64 {
	slower := 1.0
	if tr, ok := t.now(Slower); ok {
		slower = tr.Size
	}
	tr, ok := t.now(Downstream)
	if !ok {
		return slower
	}
	able := 0.0
	for i := range r.group.members {
		if len(r.group.members[i].partitions) > 0 {
			able += r.group.members[i].rate
		}
	}
	return min(slower, tr.Size/max(able, 1))
}

func (t *faults) slowness() float64 {
	if tr, ok := t.now(SlowStart); ok {
		return tr.Size
	}
	return 1
}

// silent reports whether a partition does not answer polls.
func (t *faults) silent(p int) bool {
	if p%3 != 2 || len(t.all) == 0 {
		return false
	}
	_, ok := t.now(Outage)
	return ok
}
