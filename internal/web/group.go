package web

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/lagscaler/lagscaler/internal/api"
	"github.com/lagscaler/lagscaler/internal/engine"
	"github.com/lagscaler/lagscaler/internal/serve"
	"github.com/lagscaler/lagscaler/internal/web/recent"
	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/rebalancemon"
	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/number"
)

// GroupPage is one group.
type GroupPage struct {
	Row        Row             `json:"row"`
	Detail     api.Group       `json:"detail"`
	Rebalances []api.Rebalance `json:"rebalances"` // the newest first
	Members    MemberStats     `json:"memberStats"`
	Decision   *DecisionView   `json:"decision"` // null: nothing scales it
	Series     recent.Series   `json:"series"`
	Stuck      []string        `json:"stuckNotes,omitempty"`  // what is known of each of detail.stuck
	Commits    string          `json:"commitsNote,omitempty"` // what was learned of its commits, what was not, and whether it is saved
	Left       []string        `json:"leftNotes,omitempty"`   // what is known of the topics that the group has left

	scaler func() *ScalerPage // made for a page only; nil: nothing scales it
	owners map[string]string  // client id and host of each member, by its id
}

// OwnerOf is the client id and the host of a member, such as worker-1@10.0.0.7; its id if it is not among the members.
func (g *GroupPage) OwnerOf(memberID string) string { return cmp.Or(g.owners[memberID], memberID) }

// shortOwner is a name of an owner that fits into a table: of a long one the beginning, which says what it is, and the end, which tells it
// from others and has the host.
func shortOwner(name string) string {
	const most, end = 36, 20
	runes := []rune(name)
	if len(runes) <= most {
		return name
	}
	return string(runes[:most-end-1]) + "…" + string(runes[len(runes)-end:])
}

// Scaler is what happened to the scaler of the group; nil: nothing scales it.
func (g *GroupPage) Scaler() *ScalerPage {
	if g.scaler == nil {
		return nil
	}
	return g.scaler()
}

// MemberStats are a group's members and rebalances in numbers.
type MemberStats struct {
	PerHour        float64  `json:"rebalancesPerHour"`
	AverageSeconds *float64 `json:"averageSeconds"`
	P90Seconds     *float64 `json:"p90Seconds"`
	SuccessRatio   *float64 `json:"successRatio"`
	TimeShare      float64  `json:"timeShare"` // of the last hour spent rebalancing, 0 to 1
	Joins          uint64   `json:"joins"`
	Leaves         uint64   `json:"leaves"`
	Churn          float64  `json:"churnPerMinute"` // share of the members that changed, 0 to 1
	Stability      *float64 `json:"stability"`      // 0 to 1; null, as the next three, while the members are not known
	Idle           *int     `json:"idle"`
	Static         *int     `json:"static"`
	Skew           *float64 `json:"skew"` // 0: the best possible split
	Assignor       string   `json:"assignor"`
	Protocol       string   `json:"protocol"`
}

func memberStats(s *rebalancemon.Stats, known bool) MemberStats {
	out := MemberStats{
		PerHour: s.PerHour, TimeShare: s.Share, Joins: s.Joins, Leaves: s.Leaves, Churn: s.Churn,
		Assignor: s.Assignor, Protocol: string(s.Protocol),
	}
	if known {
		out.Stability, out.Idle, out.Static, out.Skew = &s.Stability, &s.Idle, &s.Static, &s.Skew
	}
	if s.RateKnown {
		average, p90 := s.Average.Seconds(), s.P90.Seconds()
		out.AverageSeconds, out.P90Seconds, out.SuccessRatio = &average, &p90, &s.SuccessRate
	}
	return out
}

func (p *pages) group(r *engine.Report, req *http.Request) (any, error) {
	cluster, name := req.URL.Query().Get("cluster"), req.URL.Query().Get("group")
	if c, ok := r.Cluster(cluster); ok {
		if g, ok := c.Group(name); ok {
			return p.groupPage(r, cluster, g), nil
		}
	}
	return nil, failure{http.StatusNotFound, "no group " + strconv.Quote(name) + " in cluster " + strconv.Quote(cluster)}
}

func (p *pages) groupPage(r *engine.Report, cluster string, g *engine.GroupReport) *GroupPage {
	events := g.Rebalances.Events.All()
	slices.Reverse(events)
	out := &GroupPage{
		Row: rowOf(r, cluster, g), Detail: api.GroupOf(g), Series: p.Ring.Series(cluster, g.Lag.Group),
		Rebalances: api.RebalancesOf(events, r.At), Members: memberStats(&g.Rebalances, g.Lag.MembersKnown()),
	}
	out.owners = make(map[string]string, len(out.Detail.Members))
	for _, m := range out.Detail.Members {
		out.owners[m.MemberID] = m.Name()
	}
	for _, s := range out.Detail.Stuck {
		out.Stuck = append(out.Stuck, s.Text())
	}
	for _, l := range out.Detail.Left {
		out.Left = append(out.Left, l.Topic+": "+leftNote(l, r.At))
	}
	out.Commits = commitsNote(&g.Rates.Rest, false)
	if s, ok := p.digests.at(r).scaled()[[2]string{cluster, g.Lag.Group}]; ok {
		out.Commits = commitsNote(&g.Rates.Rest, s.Mode != scaler.Observe)
		out.Row.scaledBy(s)
		d := decisionOf(s)
		out.Decision = &d
		out.scaler = func() *ScalerPage {
			page, err := p.scalerPage(r, url.Values{"scaler": {s.Name}})
			if err != nil {
				return nil // there is no such scaler any more
			}
			return page
		}
	}
	return out
}

// commitsNote says what was learned of a group's commits, what was not, and whether a restart keeps it.
func commitsNote(r *lag.Rest, saved bool) string {
	if r.StallAfter == 0 {
		return "" // no topic is read
	}
	note := "partitions whose commits stand for " + number.Duration(r.StallAfter) + " while records wait count as stalled"
	if r.RhythmUnknown {
		note = "how long they usually stand is not known yet: " + note
	}
	if !saved {
		note += "; what is learned of this group is not saved, it ends when lagscaler restarts"
	}
	return note
}

// leftNote says what is known of a topic that no member subscribes to, and what is not.
func leftNote(l api.Left, now time.Time) string {
	read := "it is not known when the group last read it"
	if l.ReadAt != nil {
		read = "the group last read it " + number.Duration(now.Sub(*l.ReadAt)) + " ago"
	}
	since := fmt.Sprintf("no member has subscribed to it for %s", number.Duration(now.Sub(l.Since)))
	switch {
	case !l.Orphaned:
		return fmt.Sprintf("%s; it counts until the group has been stable without it for %s", since, number.Duration(lag.OrphanAfter))
	case l.Missed == nil:
		return since + "; its records do not count; " + read + ", so that its consumers may be down"
	case *l.Missed:
		return since + "; its records do not count; " + read + " and records still arrive: its consumers may be down"
	}
	return since + "; its records do not count; " + read
}

// firstOf is the time of the first sample; nil: there is none.
func firstOf(s recent.Series) *time.Time {
	if len(s.Seconds) == 0 {
		return nil
	}
	return new(time.UnixMilli(int64(s.Seconds[0] * 1000)).UTC())
}

// lag is all of it, however large.
func (p *pages) lag(r *engine.Report, _ *http.Request) (serve.Whole, error) {
	clusters := serve.Mapped(slices.Values(r.Clusters), func(c *engine.ClusterReport) serve.Whole {
		return serve.WholeOf(api.ClusterHead(c), serve.Mapped(serve.Pointers(c.Groups), api.GroupOf))
	})
	return serve.WholeOf(api.Lag{Clusters: []api.Cluster{}}, clusters), nil
}
