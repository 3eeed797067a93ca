package scaler

import (
	"time"

	"github.com/lagscaler/lagscaler/scaler/bill"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

// longestUnread is the longest time between two polls in which the size is taken to be the one that was read.
const longestUnread = 90 * time.Second

// billed is what the bill is told of this poll.
func (r *recent) billed(in *Input, now *seen.State) bill.Poll {
	wl, d := &in.Workload, r.standing
	p := bill.Poll{
		Now: in.Now, Longest: max(longestUnread, 3*now.Clock.Poll), Sized: wl.Sized(), Replicas: float64(min(wl.Spec, wl.Status)),
		Ours: in.Policy.Mode == Act && (wl.Followed || !wl.Owner.Owns()), Written: !wl.LastWrite.At.IsZero(),
	}
	p.Decided = p.Replicas
	if d.Decides() {
		p.Decided = float64(d.Desired)
	}
	if wl.Owner.Owns() {
		p.Other = wl.Owner.Kind
	}
	for i := range now.Sources {
		h := &now.Sources[i]
		if p.Judged.Within == 0 {
			p.Judged.Within = h.JudgedWithin
		}
		if h.JudgedWithin == p.Judged.Within {
			p.Judged.Records, p.Judged.Late, p.Judged.Read = p.Judged.Records+h.Judged, p.Judged.Late+h.Late, p.Judged.Read || h.New
		}
	}
	return p
}
