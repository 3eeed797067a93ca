package events

import (
	"container/heap"
	"iter"
	"slices"
	"strings"

	"github.com/lagscaler/lagscaler/internal/engine"
	"github.com/lagscaler/lagscaler/rebalancemon"
)

// Query is what is searched for.
type Query struct {
	Words  []string // in lower case; each must be part of the cluster, the group, the cause or the outcome
	Groups []string // exactly these; empty: all
}

// Found is the result of a search.
type Found struct {
	Total  int                        // events that match
	Causes map[rebalancemon.Cause]int // rebalances that they stand for
	groups []groupEvents              // with at least one that matches
}

// Search counts the rebalances of a Report that match.
func (x *Index) Search(r *engine.Report, q Query) *Found {
	found := &Found{Causes: map[rebalancemon.Cause]int{}}
	known := x.countsOf(r)
	for _, c := range r.Clusters {
		for i := range c.Groups {
			events := c.Groups[i].Rebalances.Events
			if newest := events.Last(); newest != nil && q.includes(newest.Group) {
				found.add(groupEvents{events, events.Len(), q.left(newest)}, known[newest])
			}
		}
	}
	return found
}

func (q *Query) includes(group string) bool {
	return len(q.Groups) == 0 || slices.Contains(q.Groups, group)
}

// left are the words that are not part of the group's or the cluster's name. The events of the group must match these.
func (q *Query) left(of *rebalancemon.Event) []string {
	var left []string
	for _, word := range q.Words {
		if !strings.Contains(strings.ToLower(of.Group), word) && !strings.Contains(strings.ToLower(of.Cluster), word) {
			left = append(left, word)
		}
	}
	return left
}

func (f *Found) add(g groupEvents, c counts) {
	before := f.Total
	for _, n := range c {
		if g.matches(n.cause, n.outcome) {
			f.Causes[n.cause] += n.rebalances
			f.Total += n.events
		}
	}
	if f.Total > before {
		f.groups = append(f.groups, g)
	}
}

// Newest are the events that match, from first up to before end, counted from the newest.
func (f *Found) Newest(first, end int) iter.Seq[rebalancemon.Event] {
	return func(yield func(rebalancemon.Event) bool) {
		rest := newestFirst(slices.Clone(f.groups))
		heap.Init(&rest)
		for i := range end {
			e := rest.next()
			if i >= first && !yield(e) {
				return
			}
		}
	}
}

// groupEvents are the first events of one group. Those that contain every word left match.
type groupEvents struct {
	events rebalancemon.Events
	first  int
	left   []string
}

func (g groupEvents) matches(cause rebalancemon.Cause, outcome rebalancemon.Outcome) bool {
	for _, word := range g.left {
		if !strings.Contains(string(cause), word) && !strings.Contains(string(outcome), word) {
			return false
		}
	}
	return true
}

// last is the newest event that matches; false when there is none. It drops the newer ones.
func (g *groupEvents) last() (rebalancemon.Event, bool) {
	for ; g.first > 0; g.first-- {
		if e := g.events.At(g.first - 1); g.matches(e.Cause, e.Outcome) {
			return e, true
		}
	}
	return rebalancemon.Event{}, false
}

// newestFirst is a heap of groups with at least one match each, the newest event on top.
type newestFirst []groupEvents

// next removes the newest event.
func (h *newestFirst) next() rebalancemon.Event {
	top := &(*h)[0]
	e, _ := top.last()
	top.first--
	if _, more := top.last(); more {
		heap.Fix(h, 0)
	} else {
		heap.Pop(h)
	}
	return e
}

func (h newestFirst) Len() int      { return len(h) }
func (h newestFirst) Swap(i, j int) { h[i], h[j] = h[j], h[i] }

func (h newestFirst) Less(i, j int) bool {
	a, okA := h[i].last()
	b, okB := h[j].last()
	return okA && (!okB || a.Start.After(b.Start))
}

// Push is never called: groups are only removed.
func (h *newestFirst) Push(x any) {
	if g, ok := x.(groupEvents); ok {
		*h = append(*h, g)
	}
}

// Pop removes the last group.
func (h *newestFirst) Pop() any {
	last := (*h)[len(*h)-1]
	*h = (*h)[:len(*h)-1]
	return last
}
