package web

import (
	"container/heap"
	"net/http"
	"slices"
	"strings"

	"github.com/lagscaler/lagscaler/internal/api"
	"github.com/lagscaler/lagscaler/internal/engine"
	"github.com/lagscaler/lagscaler/rebalancemon"
)

// RebalancesPage is the rebalances of all groups, the newest first.
type RebalancesPage struct {
	List
	Causes []CauseCount    `json:"causes"` // of all that match, sorted by cause
	Events []api.Rebalance `json:"events"`
}

// CauseCount is how many rebalances have a cause.
type CauseCount struct {
	Cause string `json:"cause"`
	Count int    `json:"count"`
}

func (p *pages) rebalances(r *engine.Report, req *http.Request) (any, error) {
	q := req.URL.Query()
	out := &RebalancesPage{List: listOf(q, "start"), Causes: []CauseCount{}}
	found, total := out.count(search{out.words(), q["group"]}.look(r), p.digests.tallies(r))
	first, end := out.cut(total)
	out.Events = api.RebalancesOf(newest(found, first, end), r.At)
	return out, nil
}

// count notes the causes of what was looked for, and returns where it was found and how many events that are.
func (out *RebalancesPage) count(among []past, known tallies) (found []past, total int) {
	causes := map[rebalancemon.Cause]int{}
	for _, p := range among {
		before := total
		for _, k := range known[&p.events[len(p.events)-1]] {
			if p.means(k.cause, k.outcome) {
				causes[k.cause] += k.count
				total += k.events
			}
		}
		if total > before {
			found = append(found, p)
		}
	}
	for _, cause := range rebalancemon.Causes {
		if n := causes[cause]; n > 0 {
			out.Causes = append(out.Causes, CauseCount{string(cause), n})
		}
	}
	return found, total
}

// search is what is looked for among rebalances.
type search struct {
	words  []string // in lower case, all of them
	groups []string // exactly these, if any are named
}

// past are rebalances of one group, the oldest first and at least one. Of those, the ones that hold every word left are meant.
type past struct {
	events []rebalancemon.Event
	left   []string // words that the group's name does not hold
}

// look finds the groups that may have what is looked for.
func (s search) look(r *engine.Report) []past {
	var found []past
	for _, c := range r.Clusters {
		for i := range c.Groups {
			events := c.Groups[i].Rebalances.Events
			if len(events) > 0 && (len(s.groups) == 0 || slices.Contains(s.groups, events[0].Group)) {
				found = append(found, past{events, s.left(&events[0])})
			}
		}
	}
	return found
}

// left are the words that a group's name does not hold. One that it holds matches all its events.
func (s search) left(of *rebalancemon.Event) []string {
	var left []string
	for _, word := range s.words {
		if !strings.Contains(strings.ToLower(of.Group), word) && !strings.Contains(strings.ToLower(of.Cluster), word) {
			left = append(left, word)
		}
	}
	return left
}

func (p past) means(cause rebalancemon.Cause, outcome rebalancemon.Outcome) bool {
	for _, word := range p.left {
		if !strings.Contains(string(cause), word) && !strings.Contains(string(outcome), word) {
			return false
		}
	}
	return true
}

// last is the newest event that is meant; false when there is none.
func (p *past) last() (*rebalancemon.Event, bool) {
	for n := len(p.events); n > 0; n = len(p.events) {
		if e := &p.events[n-1]; p.means(e.Cause, e.Outcome) {
			return e, true
		}
		p.events = p.events[:n-1]
	}
	return nil, false
}

// newest are the events of pasts that have some, from first up to before end, counted from the newest of all. It merges the pasts of the groups only as
// far as it has to: ten thousand groups may remember a million events.
func newest(found []past, first, end int) []rebalancemon.Event {
	rest := recency(found)
	heap.Init(&rest)
	out := make([]rebalancemon.Event, 0, end-first)
	for i := range end {
		top := &rest[0]
		e, _ := top.last()
		if i >= first {
			out = append(out, *e)
		}
		top.events = top.events[:len(top.events)-1]
		if _, some := top.last(); some {
			heap.Fix(&rest, 0)
		} else {
			heap.Pop(&rest)
		}
	}
	return out
}

// recency is a heap of pasts, none of them empty, with the newest event on top.
type recency []past

func (h recency) Len() int      { return len(h) }
func (h recency) Swap(i, j int) { h[i], h[j] = h[j], h[i] }

func (h recency) Less(i, j int) bool {
	a, okA := h[i].last()
	b, okB := h[j].last()
	return okA && (!okB || a.Start.After(b.Start))
}

// Push is never called: pasts only become shorter.
func (h *recency) Push(x any) {
	if p, ok := x.(past); ok {
		*h = append(*h, p)
	}
}

// Pop removes the last past.
func (h *recency) Pop() any {
	last := (*h)[len(*h)-1]
	*h = (*h)[:len(*h)-1]
	return last
}
