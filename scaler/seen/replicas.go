package seen

import (
	"slices"
	"time"
)

// Replicas are the changes of the target's replicas that were noticed in the last minutes.
type Replicas struct {
	LastWrite    Write     // the write of ours that this poll noticed; zero: none
	LastIncrease Write     // zero: none, or a later change made it void
	LastDecrease Write     // the same; steps down within 30 min count as one
	Growing      time.Time // of the first increase since all replicas were ready for the last time; zero: they are
	External     []Write   // changes by others, oldest first; not those of an autoscaler that asks for our number
	written      time.Time // of our last write that was noticed
	spec         int32     // replicas at the last poll
	known        bool      // spec is known
}

// ConflictWindow is how long a change by somebody else counts as a conflict with a write of ours.
const ConflictWindow = 600 * time.Second

// next notices changes of the replicas, ours and others'.
func (r Replicas) next(p *Poll) Replicas {
	r.LastWrite = Write{}
	wl := p.Workload
	if !wl.Sized() {
		return r
	}
	if wrote := wl.LastWrite; wrote.At.After(r.written) {
		switch {
		case r.known:
			r.LastWrite = wrote
			r.changed(wrote, p.Clock)
		case wrote.To < wrote.From && wrote.To == wl.Spec: // this process has just started
			r.LastDecrease = wrote
		}
		r.written = wrote.At
	}
	if r.known && wl.Spec != r.spec {
		other := Write{At: p.Now, From: r.spec, To: wl.Spec}
		r.External = append(slices.Clip(r.External), other)
		r.changed(other, p.Clock)
	}
	if wl.Followed { // it sets the greatest number of all its triggers, and did so before it asked for ours
		r.External = nil
	}
	if wl.Ready >= wl.Spec {
		r.Growing = time.Time{}
	}
	for len(r.External) > 0 && p.Now.Sub(r.External[0].At) > p.Clock.Scale(ConflictWindow) {
		r.External = r.External[1:]
	}
	r.spec, r.known = wl.Spec, true
	return r
}

func (r *Replicas) changed(w Write, clk Clock) {
	before := r.LastDecrease
	r.spec, r.LastIncrease, r.LastDecrease = w.To, Write{}, Write{}
	switch {
	case w.To > w.From:
		r.LastIncrease = w
		if r.Growing.IsZero() {
			r.Growing = w.At
		}
	case w.To < w.From && !before.At.IsZero() && w.At.Sub(before.At) < clk.Scale(SessionMost):
		r.LastDecrease = Write{At: before.At, From: before.From, To: w.To}
	case w.To < w.From:
		r.LastDecrease = w
	}
}

// Conflicts counts the changes by others of the last minutes that came after a write of ours.
func (r *Replicas) Conflicts(clk Clock) (n int32) {
	for _, f := range r.External {
		if !r.written.IsZero() && f.At.Sub(r.written) < clk.Scale(ConflictWindow) {
			n++
		}
	}
	return n
}

// LastExternal is the last change by somebody else; zero: none in the last minutes.
func (r *Replicas) LastExternal() Write {
	if len(r.External) == 0 {
		return Write{}
	}
	return r.External[len(r.External)-1]
}
