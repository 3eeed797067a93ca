package sim

import "time"

// Trouble is something that goes wrong for a while.
type Trouble struct {
	Kind     TroubleKind
	From, To time.Duration // since the start of the trace
	Size     float64       // see the kinds
}

// TroubleKind is what goes wrong.
type TroubleKind string

// The troubles.
const (
	Outage     TroubleKind = "outage"     // a third of the partitions does not answer polls
	Poison     TroubleKind = "poison"     // partition 0 is not processed
	Downstream TroubleKind = "downstream" // all consumers together do at most Size records/s
	Rollout    TroubleKind = "rollout"    // at From, pods are replaced one after another, one each Size seconds
	SlowStart  TroubleKind = "slow-start" // pods take Size times as long to start
)

type troubles struct {
	all    []Trouble
	second int32
	pods   []int // ids still to be rolled out
}

func newTroubles(all []Trouble) troubles { return troubles{all: all} }

// at moves to a second, and goes on with a rollout.
func (t *troubles) at(second int32, r *run) {
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

// now is the trouble of a kind that is on.
func (t *troubles) now(k TroubleKind) (Trouble, bool) {
	for _, tr := range t.all {
		if tr.Kind == k && int32(tr.From/time.Second) <= t.second && t.second < int32(tr.To/time.Second) {
			return tr, true
		}
	}
	return Trouble{}, false
}

func (t *troubles) poisoned(p int) bool {
	if p != 0 || len(t.all) == 0 {
		return false
	}
	_, ok := t.now(Poison)
	return ok
}

// downstream is the share of their speed that consumers may use.
func (t *troubles) downstream(r *run) float64 {
	tr, ok := t.now(Downstream)
	if !ok {
		return 1
	}
	able := 0.0
	for i := range r.group.members {
		if len(r.group.members[i].partitions) > 0 {
			able += r.group.members[i].rate
		}
	}
	return min(1, tr.Size/max(able, 1))
}

func (t *troubles) slowness() float64 {
	if tr, ok := t.now(SlowStart); ok {
		return tr.Size
	}
	return 1
}

// silent reports whether a partition does not answer polls.
func (t *troubles) silent(p int) bool {
	if p%3 != 2 || len(t.all) == 0 {
		return false
	}
	_, ok := t.now(Outage)
	return ok
}
