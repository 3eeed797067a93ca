package scaler

import (
	"github.com/lagscaler/lagscaler/scaler/learn"
	"github.com/lagscaler/lagscaler/scaler/need"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

// fleet are the consumers of a source that were asked for, and those that have joined. In advise they are those of the last advice,
// as if it had been written.
func (p play) fleet(h *seen.History, m seen.Members, now *seen.State, learned *learn.State) need.Fleet {
	known := learned.Source(h)
	if h.Readings.Len() == 0 || known == nil {
		return need.Fleet{}
	}
	wl, since, horizon := &now.Workload, now.Replicas.Growing, learned.Memory.Horizon(known, now.Clock)
	replicas := wl.Spec
	if pending(wl, now.Now, now.Clock) { // those do not come
		replicas = max(0, replicas-wl.Unschedulable)
	}
	f := need.Fleet{Asked: m.Consumers(replicas)}
	f.Joined = min(f.Asked, h.Readings.Last().Members+m.Beside)
	if p.size > wl.Spec {
		f.Asked, since = m.Consumers(p.size), p.since
		if f.Joined = f.Asked; p.starting(now.Now, horizon) {
			f.Joined = m.Consumers(p.before)
		}
	}
	switch age := now.Now.Sub(since); {
	case f.Joined >= f.Asked:
	case since.IsZero(): // the pods are ready, and join
		f.Wait = known.RebalanceTime(now.Clock)
	default:
		f.Wait = max(0, horizon-age)
	}
	return f
}
