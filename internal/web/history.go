package web

import (
	"context"
	"html/template"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/lagscaler/lagscaler/internal/engine"
	"github.com/lagscaler/lagscaler/internal/history"
	"github.com/lagscaler/lagscaler/internal/plot"
	"github.com/lagscaler/lagscaler/scaler/bill"
	"github.com/lagscaler/lagscaler/scaler/number"
)

// HistoryReader reads what was of a group between two times: [history.Reader.Group].
type HistoryReader func(ctx context.Context, cluster, group string, from, to time.Time) (history.Group, error)

// maxHistories is how many questions to Prometheus may wait at once, for all clients together.
const maxHistories = 4

// HistoryPage is the past of one group as Prometheus has it. It is the only page that causes a request, and not to Kafka or Kubernetes.
type HistoryPage struct {
	Cluster string `json:"cluster"`
	Group   string `json:"group"`
	shownTime
	StepSeconds float64       `json:"stepSeconds"`
	Since       *time.Time    `json:"since"` // the first time within from and to of which anything is known; null: none
	Steps       []HistoryStep `json:"steps"` // one of which nothing is known is missing
	Warnings    []string      `json:"warnings,omitempty"`
	TargetLag   *float64      `json:"targetLagSeconds"` // the threshold of the group now; null: none is set, or the group is not known

	known bool // the group is in the last poll
}

// HistoryStep is a point, and the time since the one before; null: unknown.
type HistoryStep struct {
	Time       time.Time `json:"time"`
	Lag        *float64  `json:"lag"`         // the greatest
	Late       *float64  `json:"lateSeconds"` // the greatest time lag of a partition
	Produced   *float64  `json:"produced"`    // records/s
	Consumed   *float64  `json:"consumed"`    // records/s
	Members    *float64  `json:"members"`     // the most
	Rebalances *float64  `json:"rebalances"`  // how many; null also for steps below five minutes
}

func (p *pages) history(r *engine.Report, req *http.Request) (any, error) {
	if p.History == nil {
		return nil, failure{http.StatusNotFound, "the past of groups is not read: set history.prometheus in the configuration"}
	}
	q := req.URL.Query()
	out := &HistoryPage{Cluster: q.Get("cluster"), Group: q.Get("group"), Steps: []HistoryStep{}}
	if out.Cluster == "" || out.Group == "" {
		return nil, failure{http.StatusBadRequest, "cluster and group: both must be set"}
	}
	var err error
	if out.shownTime, err = asked(q, r.At, r.At.Add(-bill.Week*time.Hour)); err != nil {
		return nil, err
	}
	if c, ok := r.Cluster(out.Cluster); ok {
		if g, ok := c.Group(out.Group); ok {
			out.known, out.TargetLag = true, rowOf(r, out.Cluster, g).Target
		}
	}
	release, ok := p.histories.Take(req.Context())
	if !ok {
		return nil, errBusy
	}
	defer release()
	read, err := p.History(req.Context(), out.Cluster, out.Group, out.From, out.To)
	if err != nil {
		return nil, failure{http.StatusBadGateway, "the past of the group is not known, because Prometheus could not be asked (history.prometheus): " + err.Error()}
	}
	out.take(&read)
	return out, nil
}

func (h *HistoryPage) take(read *history.Group) {
	h.StepSeconds, h.Warnings = read.Step.Seconds(), read.Warnings
	for _, s := range read.Steps {
		h.Steps = append(h.Steps, HistoryStep{s.At, s.Lag, s.Late, s.Produced, s.Consumed, s.Members, s.Rebalances})
	}
	if len(h.Steps) > 0 {
		h.Since = &h.Steps[0].Time
	}
}

// Picture is what was, wide and for a phone.
func (h *HistoryPage) Picture() template.HTML {
	return twice(h.picture(false).SVG(), h.picture(true).SVG())
}

func (h *HistoryPage) picture(narrow bool) *plot.Picture {
	p := &plot.Picture{Title: "Group " + visible(h.Group), Subtitle: h.Summary(), Narrow: narrow, From: h.From, To: h.To}
	line := func(name string, style plot.Style, of func(*HistoryStep) *float64) plot.Line {
		l := plot.Line{Name: name, Style: style, Gap: 2 * time.Duration(h.StepSeconds*float64(time.Second))}
		for i := range h.Steps {
			if v := of(&h.Steps[i]); v != nil {
				l.Points = append(l.Points, plot.Point{At: h.Steps[i].Time, Value: *v})
			}
		}
		return l
	}
	late := plot.Panel{Title: "time lag", Format: number.Seconds, Lines: []plot.Line{line("time lag", plot.Main, func(s *HistoryStep) *float64 { return s.Late })}}
	if late.Limit = h.TargetLag; late.Limit != nil {
		late.Title = "time lag, with its threshold now"
	}
	p.Panels = append(p.Panels,
		plot.Panel{Title: "records per second, out and in", Format: number.PerSecond, Lines: []plot.Line{
			line("out", plot.Info, func(s *HistoryStep) *float64 { return s.Consumed }), line("in", plot.Main, func(s *HistoryStep) *float64 { return s.Produced }),
		}},
		plot.Panel{Title: "lag, records", Format: number.Quantity, Lines: []plot.Line{line("lag", plot.Main, func(s *HistoryStep) *float64 { return s.Lag })}},
		late,
		plot.Panel{Title: "members", Format: number.Quantity, Lines: []plot.Line{line("members", plot.Main, func(s *HistoryStep) *float64 { return s.Members })}},
	)
	rebalances := plot.Panel{Title: "rebalances", Format: number.Quantity, Lines: []plot.Line{line("rebalances", plot.Main, func(s *HistoryStep) *float64 { return s.Rebalances })}}
	if len(rebalances.Lines[0].Points) > 0 {
		p.Panels = append(p.Panels, rebalances)
	}
	return p
}

// Summary says in a sentence how it went.
func (h *HistoryPage) Summary() string {
	most := func(of func(*HistoryStep) *float64) (v float64, known bool) {
		for i := range h.Steps {
			if s := of(&h.Steps[i]); s != nil && (!known || *s > v) {
				v, known = *s, true
			}
		}
		return v, known
	}
	text := "Prometheus has nothing of this time."
	if h.Since != nil {
		text = "At most: lag unknown"
		if v, ok := most(func(s *HistoryStep) *float64 { return s.Lag }); ok {
			text = "At most: lag " + number.Quantity(v)
		}
		if v, ok := most(func(s *HistoryStep) *float64 { return s.Late }); ok {
			text += ", time lag " + number.Seconds(v)
		}
		text += "."
	}
	return text
}

// Known reports whether the group is in the last poll, so that it has a page.
func (h *HistoryPage) Known() bool { return h.known }

// Step is the time between two points.
func (h *HistoryPage) Step() string {
	return number.Duration(time.Duration(h.StepSeconds * float64(time.Second)))
}

// Last is the address of the same group and the last hours.
func (h *HistoryPage) Last(hours int) string { return historyURL(h.Cluster, h.Group, hours) }

// Address is the address of exactly this time.
func (h *HistoryPage) Address() string {
	return "/history?" + url.Values{
		"cluster": {h.Cluster}, "group": {h.Group}, "from": {h.From.Format(time.RFC3339)}, "to": {h.To.Format(time.RFC3339)},
	}.Encode()
}

// Form is a time as the form of the page has it.
func (h *HistoryPage) Form(at time.Time) string { return at.Format("2006-01-02T15:04") }

// historyURL is the address of the past of a group: the last hours.
func historyURL(cluster, group string, hours int) string {
	return "/history?" + url.Values{"cluster": {cluster}, "group": {group}, "last": {strconv.Itoa(hours) + "h"}}.Encode()
}
