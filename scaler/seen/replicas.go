package seen

import (
	"slices"
	"time"
)

// Replicas are the changes of the target's replicas that were noticed in the last minutes.
type Replicas struct {
	LastWrite    Write     // the write of ours that this poll noticed; zero: none
	LastIncrease Write     // zero: none, or a later change made it void
	External     []Write   // changes by others, oldest first
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
	if !wl.Found || !wl.HasScale {
		return r
	}
	if wrote := wl.LastWrite; wrote.At.After(r.written) {
		if r.known {
			r.LastWrite = wrote
			r.changed(wrote)
		}
		r.written = wrote.At
	}
	if r.known && wl.Spec != r.spec {
		other := Write{At: p.Now, From: r.spec, To: wl.Spec}
		r.External = append(slices.Clip(r.External), other)
		r.changed(other)
	}
	for len(r.External) > 0 && p.Now.Sub(r.External[0].At) > p.Clock.Scale(ConflictWindow) {
		r.External = r.External[1:]
	}
	r.spec, r.known = wl.Spec, true
	return r
}

func (r *Replicas) changed(w Write) {
	r.spec, r.LastIncrease = w.To, Write{}
	if w.To > w.From {
		r.LastIncrease = w
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
