package web

import (
	"net/http"
	"slices"

	"github.com/lagscaler/lagscaler/internal/api"
	"github.com/lagscaler/lagscaler/internal/engine"
	"github.com/lagscaler/lagscaler/internal/serve"
	"github.com/lagscaler/lagscaler/internal/web/events"
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
	out, found := p.findRebalances(r, req)
	out.Events = api.RebalancesOf(slices.Collect(found.Newest(out.cut(found.Total))), r.At)
	return out, nil
}

func (p *pages) allRebalances(r *engine.Report, req *http.Request) (serve.Whole, error) {
	out, found := p.findRebalances(r, req)
	out.List.whole(found.Total)
	of := func(e rebalancemon.Event) api.Rebalance { return api.RebalanceOf(&e, r.At) }
	return serve.WholeOf(out, serve.Mapped(found.Newest(0, found.Total), of)), nil
}

// findRebalances are the rebalances that match, and the page without them.
func (p *pages) findRebalances(r *engine.Report, req *http.Request) (*RebalancesPage, *events.Found) {
	q := req.URL.Query()
	out := &RebalancesPage{List: listOf(q, "start"), Causes: []CauseCount{}, Events: []api.Rebalance{}}
	found := p.events.Search(r, events.Query{Words: out.words(), Groups: q["group"]})
	for _, cause := range rebalancemon.Causes {
		if n := found.Causes[cause]; n > 0 {
			out.Causes = append(out.Causes, CauseCount{string(cause), n})
		}
	}
	return out, found
}
