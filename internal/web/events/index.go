package events

import (
	"sync"
	"weak"

	"github.com/lagscaler/lagscaler/internal/engine"
	"github.com/lagscaler/lagscaler/rebalancemon"
)

// Index holds the counts of the last Report that was searched. The zero value is ready to use, by several goroutines at once.
type Index struct {
	mu     sync.Mutex
	report weak.Pointer[engine.Report] // it is not kept because somebody searched it once
	counts countsByGroup               // of report; not changed afterwards
}

func (x *Index) countsOf(r *engine.Report) countsByGroup {
	x.mu.Lock()
	defer x.mu.Unlock()
	if of := weak.Make(r); x.report != of {
		x.report, x.counts = of, x.counts.next(r)
	}
	return x.counts
}

// counts are the rebalances of one group, by everything but its name that a query may match.
type counts []count

// count is the rebalances of one cause and outcome.
type count struct {
	cause      rebalancemon.Cause
	outcome    rebalancemon.Outcome
	events     int
	rebalances int // that the events stand for
}

func countsOf(events rebalancemon.Events) counts {
	var c counts
	for i := range events.Len() {
		e := events.At(i)
		n := c.of(e.Cause, e.Outcome)
		n.events++
		n.rebalances += e.Count
	}
	return c
}

func (c *counts) of(cause rebalancemon.Cause, outcome rebalancemon.Outcome) *count {
	for i := range *c {
		if n := &(*c)[i]; n.cause == cause && n.outcome == outcome {
			return n
		}
	}
	*c = append(*c, count{cause: cause, outcome: outcome})
	return &(*c)[len(*c)-1]
}

// countsByGroup are the counts of all groups that remember a rebalance. The key is the newest one: the counts of a group without a new
// rebalance are taken over from the last Report.
type countsByGroup map[*rebalancemon.Event]counts

func (known countsByGroup) next(r *engine.Report) countsByGroup {
	out := make(countsByGroup, len(known))
	for _, c := range r.Clusters {
		for i := range c.Groups {
			events := c.Groups[i].Rebalances.Events
			newest := events.Last()
			if newest == nil {
				continue
			}
			n, ok := known[newest]
			if !ok {
				n = countsOf(events)
			}
			out[newest] = n
		}
	}
	return out
}
