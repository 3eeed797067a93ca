package web

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/lagscaler/lagscaler/internal/engine"
	"github.com/lagscaler/lagscaler/internal/serve"
	"github.com/lagscaler/lagscaler/lag"
)

// GroupsPage is the groups page.
type GroupsPage struct {
	List
	Groups int           `json:"groups"` // all of them
	Counts []StatusCount `json:"counts"` // by status
	Rows   []*Row        `json:"rows"`
}

// StatusCount is how many groups have a status.
type StatusCount struct {
	Status string `json:"status"`
	Count  int    `json:"count"`
}

func (p *pages) groups(r *engine.Report, req *http.Request) (any, error) {
	out, found, err := p.findGroups(r, req)
	if err != nil {
		return nil, err
	}
	first, end := out.cut(len(found))
	out.Rows = found[first:end]
	return out, nil
}

func (p *pages) allGroups(r *engine.Report, req *http.Request) (serve.Whole, error) {
	out, found, err := p.findGroups(r, req)
	if err != nil {
		return serve.Whole{}, err
	}
	out.List.whole(len(found))
	return serve.WholeOf(out, slices.Values(found)), nil
}

// findGroups are the rows that match, sorted, and the page without them.
func (p *pages) findGroups(r *engine.Report, req *http.Request) (*GroupsPage, []*Row, error) {
	rows := p.digests.at(r).rows()
	out := &GroupsPage{List: listOf(req.URL.Query(), "status"), Groups: len(rows), Counts: countStatuses(rows), Rows: []*Row{}}
	words := out.words()
	found := make([]*Row, 0, len(rows))
	for i := range rows {
		if matches(&rows[i], words) {
			found = append(found, &rows[i])
		}
	}
	if _, ok := orders[out.Sort]; !ok {
		return nil, nil, failure{http.StatusBadRequest, "sort: " + strconv.Quote(out.Sort) + " is no column"}
	}
	sortRows(found, out.List)
	return out, found, nil
}

func sortRows(rows []*Row, l List) { slices.SortStableFunc(rows, rowOrder(l)) }

// rowOrder is the order of a list of groups. No two groups have the same place.
func rowOrder(l List) func(a, b *Row) int {
	by := orders[l.Sort]
	return func(a, b *Row) int {
		c := by(a, b)
		if l.Desc {
			c = -c
		}
		return cmp.Or(c, strings.Compare(a.Cluster, b.Cluster), strings.Compare(a.Group, b.Group))
	}
}

// matches reports whether the row's texts contain every word. Words are in lower case.
func matches(r *Row, words []string) bool {
	for _, word := range words {
		if !strings.Contains(strings.ToLower(r.Group), word) && !strings.Contains(strings.ToLower(r.Cluster), word) &&
			!strings.Contains(r.Status, word) && !strings.Contains(strings.ToLower(r.State), word) &&
			!strings.Contains(strings.ToLower(r.Labels.String()), word) {
			return false
		}
	}
	return true
}

// orders are the columns that a list of groups can be sorted by. An unknown value sorts as the least.
var orders = map[string]func(a, b *Row) int{
	"status":  func(a, b *Row) int { return cmp.Or(cmp.Compare(severity(a), severity(b)), -compare(a.Lag, b.Lag)) },
	"cluster": func(a, b *Row) int { return strings.Compare(a.Cluster, b.Cluster) },
	"group":   func(a, b *Row) int { return strings.Compare(a.Group, b.Group) },
	"lag":     func(a, b *Row) int { return compare(a.Lag, b.Lag) },
	"late":    func(a, b *Row) int { return compare(a.LateSeconds, b.LateSeconds) },
	"trend":   func(a, b *Row) int { return compare(a.Trend, b.Trend) },
	"rate":    func(a, b *Row) int { return compare(a.Produced, b.Produced) },
	"members": func(a, b *Row) int { return compare(a.Members, b.Members) },
}

// severity sorts statuses, the most urgent first.
func severity(r *Row) int {
	return slices.Index([]lag.Status{
		lag.StatusStopped, lag.StatusStalled, lag.StatusWarning, lag.StatusRewound, lag.StatusUnknown, lag.StatusRebalancing,
		lag.StatusRest, lag.StatusOK,
	}, lag.Status(r.Status))
}

func compare[T cmp.Ordered](a, b *T) int {
	switch {
	case a == nil && b == nil:
		return 0
	case a == nil:
		return -1
	case b == nil:
		return 1
	}
	return cmp.Compare(*a, *b)
}

func countStatuses(rows []Row) []StatusCount {
	counts := map[string]int{}
	for i := range rows {
		counts[rows[i].Status]++
	}
	var out []StatusCount
	for _, s := range lag.Statuses {
		if n := counts[string(s)]; n > 0 {
			out = append(out, StatusCount{string(s), n})
		}
	}
	return out
}
