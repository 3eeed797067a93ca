package web

import (
	"github.com/lagscaler/lagscaler/internal/engine"
	"github.com/lagscaler/lagscaler/rebalancemon"
)

// tally counts the remembered rebalances of one group, by what they can be looked for.
type tally []kind

// kind is what rebalances of one cause and outcome have in common.
type kind struct {
	cause   rebalancemon.Cause
	outcome rebalancemon.Outcome
	events  int
	count   int // rebalances that the events stand for
}

func tallyOf(events []rebalancemon.Event) tally {
	var t tally
	for i := range events {
		e := &events[i]
		k := t.kind(e.Cause, e.Outcome)
		k.events++
		k.count += e.Count
	}
	return t
}

func (t *tally) kind(cause rebalancemon.Cause, outcome rebalancemon.Outcome) *kind {
	for i := range *t {
		if k := &(*t)[i]; k.cause == cause && k.outcome == outcome {
			return k
		}
	}
	*t = append(*t, kind{cause: cause, outcome: outcome})
	return &(*t)[len(*t)-1]
}

// tallies are those of all groups that remember anything, by the newest event. A group's events are in a new slice whenever one
// came, so a report counts only what happened since the last, and not ten thousand groups' million events.
type tallies map[*rebalancemon.Event]tally

func (known tallies) next(r *engine.Report) tallies {
	out := make(tallies, len(known))
	for _, c := range r.Clusters {
		for i := range c.Groups {
			events := c.Groups[i].Rebalances.Events
			if len(events) == 0 {
				continue
			}
			newest := &events[len(events)-1]
			t, ok := known[newest]
			if !ok {
				t = tallyOf(events)
			}
			out[newest] = t
		}
	}
	return out
}
