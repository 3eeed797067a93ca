package web

import (
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
	wanted := q["group"] // exactly these groups, if any are named
	var found []rebalancemon.Event
	for _, e := range eventsOf(r) {
		if eventMatches(&e, out.Query, wanted) {
			found = append(found, e)
		}
	}
	for _, cause := range rebalancemon.Causes {
		n := 0
		for i := range found {
			if found[i].Cause == cause {
				n += found[i].Count
			}
		}
		if n > 0 {
			out.Causes = append(out.Causes, CauseCount{string(cause), n})
		}
	}
	if q.Get("page") == "all" {
		out.Total, out.Page, out.Pages = len(found), 1, 1
		out.Events = api.RebalancesOf(found, r.At)
		return out, nil
	}
	out.Events = api.RebalancesOf(cut(found, &out.List), r.At)
	return out, nil
}

func eventMatches(e *rebalancemon.Event, query string, groups []string) bool {
	if len(groups) > 0 && !slices.Contains(groups, e.Group) {
		return false
	}
	for _, word := range strings.Fields(strings.ToLower(query)) {
		if !strings.Contains(strings.ToLower(e.Group), word) && !strings.Contains(string(e.Cause), word) &&
			!strings.Contains(string(e.Outcome), word) && !strings.Contains(strings.ToLower(e.Cluster), word) {
			return false
		}
	}
	return true
}
