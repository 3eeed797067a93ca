package web

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/lagscaler/lagscaler/internal/engine"
	"github.com/lagscaler/lagscaler/lag"
)

// Row is one group on the groups page.
type Row struct {
	Cluster     string   `json:"cluster"`
	Group       string   `json:"group"`
	State       string   `json:"state"`
	Status      string   `json:"status"`
	Lag         *int64   `json:"lag"`         // records; null: unknown
	Complete    bool     `json:"complete"`    // false: lag is a lower bound
	LateSeconds *float64 `json:"lateSeconds"` // time lag of the worst partition
	LateAtLeast bool     `json:"lateAtLeast"` // it is at least that
	Target      *float64 `json:"targetSeconds"`
	Direction   string   `json:"direction"` // growing, shrinking, steady, unknown
	Trend       *float64 `json:"trend"`     // records/s
	Drain       *float64 `json:"drainSeconds"`
	Produced    *float64 `json:"produced"`
	Consumed    *float64 `json:"consumed"`
	Members     int      `json:"members"`
	Partitions  int      `json:"partitions"`
	Error       string   `json:"error,omitempty"`
	AgeSeconds  float64  `json:"ageSeconds"` // of what is shown
	Rebalancing bool     `json:"rebalancing"`
	Advice      int      `json:"advice"`
	Scaler      *Scaled  `json:"scaler"` // null: nothing scales it

	code    lag.ErrorCode // of Error
	partial bool          // it was read, but some of its partitions did not answer
}

// Scaled is what a scaler says of a group, in short.
type Scaled struct {
	Name        string `json:"name"`
	Replicas    int32  `json:"replicas"`
	Desired     int32  `json:"desired"`
	LimitedBy   string `json:"limitedBy,omitempty"`
	Line        string `json:"line"`
	Disposition string `json:"disposition"`
}

func rowsOf(r *engine.Report) []Row {
	scaled := scaledGroups(r)
	var rows []Row
	for _, c := range r.Clusters {
		for i := range c.Groups {
			row := rowOf(r, c.Name, &c.Groups[i])
			if s, ok := scaled[[2]string{c.Name, row.Group}]; ok {
				row.scaledBy(s)
			}
			rows = append(rows, row)
		}
	}
	return rows
}

func rowOf(r *engine.Report, cluster string, g *engine.GroupReport) Row {
	sum, rates := &g.Summary, &g.Rates
	row := Row{
		Cluster: cluster, Group: g.Lag.Group, State: string(g.Lag.State), Status: string(rates.Status), Complete: sum.Complete,
		Direction: string(rates.Direction), Members: len(g.Lag.Members), Partitions: sum.Partitions,
		Error: g.Lag.Err.String(), AgeSeconds: r.Age(g.Lag).Seconds(),
		Rebalancing: g.Rebalances.Rebalancing || g.Lag.State.Rebalancing(), Advice: len(g.Rebalances.Advice),
		code: g.Lag.Err, partial: g.Lag.Err == lag.OK && sum.Unknown > 0,
	}
	if sum.Known > 0 || sum.Partitions == 0 && sum.Complete {
		row.Lag = &sum.Total
	}
	if late, atLeast, ok := rates.TimeLag.Value(); ok {
		row.LateSeconds, row.LateAtLeast = &late, atLeast
	}
	if slo := g.SLO.LagTime.Seconds(); slo > 0 {
		row.Target = &slo
	}
	row.Trend, row.Produced, row.Consumed = rate(rates.Trend), rate(rates.Produced), rate(rates.Consumed)
	if s, ok := rates.Drain.Value(); ok {
		row.Drain = &s
	}
	return row
}

func rate(r lag.Rate) *float64 {
	if v, ok := r.Value(); ok {
		return &v
	}
	return nil
}

// scaledGroups are the groups that a scaler decides for. A refused scaler decides nothing, and must not stand in the place
// of one that does.
func scaledGroups(r *engine.Report) map[[2]string]*engine.ScalerReport {
	scaled := map[[2]string]*engine.ScalerReport{}
	for i := range r.Scalers {
		if r.Scalers[i].Refused() {
			continue
		}
		for _, src := range r.Scalers[i].Sources {
			scaled[[2]string{src.Cluster, src.Group}] = &r.Scalers[i]
		}
	}
	return scaled
}

// scaledBy adds what a scaler says of the group. Its target lag goes before the group's threshold.
func (row *Row) scaledBy(s *engine.ScalerReport) {
	target := s.Policy.TargetLag.Seconds()
	row.Target = &target
	row.Scaler = &Scaled{
		Name: s.Name, Replicas: s.Workload.Spec, Desired: s.Decision.Desired,
		Line: s.Line, Disposition: string(s.Disposition),
	}
	if n := len(s.Decision.Steps); n > 0 {
		row.Scaler.LimitedBy = string(s.Decision.Steps[n-1].Reason)
	}
}

const pageSize = 50

// List is how a list is asked for: searched, sorted and paged on the server.
type List struct {
	Query string `json:"query"`
	Sort  string `json:"sort"`
	Desc  bool   `json:"desc"`
	Page  int    `json:"page"` // from 1
	Pages int    `json:"pages"`
	Total int    `json:"total"` // that match the query

	all bool // asked for on one page
}

// Before is the page before this one.
func (l List) Before() int { return l.Page - 1 }

// After is the next page.
func (l List) After() int { return l.Page + 1 }

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
	rows := p.digests.at(r).rows()
	out := &GroupsPage{List: listOf(req.URL.Query(), "status"), Groups: len(rows), Counts: countStatuses(rows)}
	words := out.words()
	found := make([]*Row, 0, len(rows))
	for i := range rows {
		if matches(&rows[i], words) {
			found = append(found, &rows[i])
		}
	}
	by, ok := orders[out.Sort]
	if !ok {
		return nil, failure{http.StatusBadRequest, "sort: " + strconv.Quote(out.Sort) + " is no column"}
	}
	slices.SortStableFunc(found, func(a, b *Row) int {
		c := by(a, b)
		if out.Desc {
			c = -c
		}
		return cmp.Or(c, strings.Compare(a.Cluster, b.Cluster), strings.Compare(a.Group, b.Group))
	})
	first, end := out.cut(len(found))
	out.Rows = found[first:end]
	return out, nil
}

// matches looks for every word, which is in lower case, in what a row shows as text.
func matches(r *Row, words []string) bool {
	for _, word := range words {
		if !strings.Contains(strings.ToLower(r.Group), word) && !strings.Contains(strings.ToLower(r.Cluster), word) &&
			!strings.Contains(r.Status, word) && !strings.Contains(strings.ToLower(r.State), word) {
			return false
		}
	}
	return true
}

// orders are the columns that a list of groups can be sorted by. What is unknown sorts as the least.
var orders = map[string]func(a, b *Row) int{
	"status":  func(a, b *Row) int { return cmp.Or(cmp.Compare(severity(a), severity(b)), -compare(a.Lag, b.Lag)) },
	"cluster": func(a, b *Row) int { return strings.Compare(a.Cluster, b.Cluster) },
	"group":   func(a, b *Row) int { return strings.Compare(a.Group, b.Group) },
	"lag":     func(a, b *Row) int { return compare(a.Lag, b.Lag) },
	"late":    func(a, b *Row) int { return compare(a.LateSeconds, b.LateSeconds) },
	"trend":   func(a, b *Row) int { return compare(a.Trend, b.Trend) },
	"rate":    func(a, b *Row) int { return compare(a.Produced, b.Produced) },
	"members": func(a, b *Row) int { return cmp.Compare(a.Members, b.Members) },
}

// severity sorts statuses from the one that needs somebody most.
func severity(r *Row) int {
	return slices.Index([]lag.Status{
		lag.StatusNoMembers, lag.StatusStalled, lag.StatusWarning, lag.StatusRewound, lag.StatusUnknown, lag.StatusRebalancing, lag.StatusOK,
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

// listOf reads how a list is asked for. A page that is no number is the first; "all" is everything on one.
func listOf(q url.Values, sort string) List {
	l := List{all: q.Get("page") == "all", Query: q.Get("q"), Sort: cmp.Or(q.Get("sort"), sort), Desc: q.Get("desc") == "1", Page: 1}
	if n, err := strconv.Atoi(q.Get("page")); err == nil {
		l.Page = n
	}
	return l
}

// cut notes how many were found in all, and says which of them are on the page: from first up to before end.
func (l *List) cut(found int) (first, end int) {
	l.Total, l.Pages = found, max(1, (found+pageSize-1)/pageSize)
	if l.all {
		l.Page, l.Pages = 1, 1
		return 0, found
	}
	l.Page = min(max(1, l.Page), l.Pages)
	first = (l.Page - 1) * pageSize
	return first, min(first+pageSize, found)
}

// words are what a query looks for, in lower case.
func (l List) words() []string { return strings.Fields(strings.ToLower(l.Query)) }
