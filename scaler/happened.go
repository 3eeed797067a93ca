package scaler

import (
	"github.com/lagscaler/lagscaler/scaler/seen"
	"github.com/lagscaler/lagscaler/scaler/timeline"
)

// happened is what the timeline is told of this poll; fresh: a decision was made at it.
func (r *recent) happened(now *seen.State, fresh bool) timeline.Poll {
	p := timeline.Poll{Now: now.Now}
	if d := r.standing; fresh && d.Decides() && d.Desired != d.Current {
		p.Decision = &timeline.Decision{At: d.At, From: d.Current, To: d.Desired, Reason: string(d.Reason()), Advised: d.Policy.Mode != Act}
	}
	for i := range now.Sources {
		if h := &now.Sources[i]; !h.Rebalance.LastEnd.IsZero() {
			p.Rebalances = append(p.Rebalances, timeline.Rebalance{
				Group: h.Group, End: h.Rebalance.LastEnd, Took: h.Rebalance.LastTook, Cause: string(h.Rebalance.LastCause),
			})
		}
	}
	return p
}
