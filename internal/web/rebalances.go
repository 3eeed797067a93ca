package web

import (
	"net/http"

	"github.com/lagscaler/lagscaler/internal/api"
	"github.com/lagscaler/lagscaler/internal/engine"
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
	q := req.URL.Query()
	out := &RebalancesPage{List: listOf(q, "start"), Causes: []CauseCount{}}
	found := p.events.Search(r, events.Query{Words: out.words(), Groups: q["group"]})
	for _, cause := range rebalancemon.Causes {
		if n := found.Causes[cause]; n > 0 {
			out.Causes = append(out.Causes, CauseCount{string(cause), n})
		}
	}
	out.Events = api.RebalancesOf(found.Newest(out.cut(found.Total)), r.At)
	return out, nil
}
