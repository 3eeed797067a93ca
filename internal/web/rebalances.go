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
	out := &RebalancesPage{List: listOf(q, "start")}
	found := search{out.words(), q["group"]}.events(r)
	out.Causes = countCauses(found)
	total := 0
	for _, g := range found {
		total += len(g)
	}
	first, end := out.cut(total)
	out.Events = api.RebalancesOf(newest(found, first, end), r.At)
	return out, nil
}

// search is what is looked for among rebalances.
type search struct {
	words  []string // in lower case, all of them
	groups []string // exactly these, if any are named
}

// events are those that match, a list a group, each oldest first.
func (s search) events(r *engine.Report) [][]rebalancemon.Event {
	var found [][]rebalancemon.Event
	for ci := range r.Clusters {
		c := &r.Clusters[ci]
		for i := range c.Members {
			m := &c.Members[i]
			if len(m.Events) == 0 || len(s.groups) > 0 && !slices.Contains(s.groups, m.Events[0].Group) {
				continue
			}
			if matching := s.among(m.Events); len(matching) > 0 {
				found = append(found, matching)
			}
		}
	}
	return found
}

// among are the events of one group that match. A word that the group's name holds matches all of them.
func (s search) among(events []rebalancemon.Event) []rebalancemon.Event {
	name := strings.ToLower(events[0].Group + "\x00" + events[0].Cluster)
	open := slices.DeleteFunc(slices.Clone(s.words), func(word string) bool { return strings.Contains(name, word) })
	if len(open) == 0 {
		return events
	}
	return slices.DeleteFunc(slices.Clone(events), func(e rebalancemon.Event) bool {
		return slices.ContainsFunc(open, func(word string) bool {
			return !strings.Contains(string(e.Cause), word) && !strings.Contains(string(e.Outcome), word)
		})
	})
}

func countCauses(found [][]rebalancemon.Event) []CauseCount {
	counts := map[rebalancemon.Cause]int{}
	for _, g := range found {
		for i := range g {
			counts[g[i].Cause] += g[i].Count
		}
	}
	out := []CauseCount{}
	for _, cause := range rebalancemon.Causes {
		if n := counts[cause]; n > 0 {
			out = append(out, CauseCount{string(cause), n})
		}
	}
	return out
}

// newest are the events from first up to before end, counted from the newest of all. It merges the lists of the groups only as
// far as it has to: ten thousand groups may remember a million events.
func newest(found [][]rebalancemon.Event, first, end int) []rebalancemon.Event {
	rest := recency(slices.Clone(found))
	heap.Init(&rest)
	out := make([]rebalancemon.Event, 0, end-first)
	for i := range end {
		e := rest.take()
		if i >= first {
			out = append(out, e)
		}
	}
	return out
}

// recency is a heap of lists, none of them empty and each oldest first, with the newest event on top.
type recency [][]rebalancemon.Event

func (h recency) Len() int           { return len(h) }
func (h recency) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h recency) Less(i, j int) bool { return h[i][len(h[i])-1].Start.After(h[j][len(h[j])-1].Start) }

// Push is never called: lists only become shorter.
func (h *recency) Push(x any) { *h = append(*h, x.([]rebalancemon.Event)) }

// Pop removes the last list.
func (h *recency) Pop() any {
	last := (*h)[len(*h)-1]
	*h = (*h)[:len(*h)-1]
	return last
}

// take removes the newest event of all.
func (h *recency) take() rebalancemon.Event {
	top := (*h)[0]
	e := top[len(top)-1]
	if (*h)[0] = top[:len(top)-1]; len(top) == 1 {
		heap.Pop(h)
		return e
	}
	heap.Fix(h, 0)
	return e
}
