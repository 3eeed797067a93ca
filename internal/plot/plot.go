// Package plot draws simulations as one self-contained HTML page: SVG plots of traffic, replicas and time lag, with every
// decision and its reason on hover. The page asks nothing of the network.
package plot

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"strings"
	"time"

	"github.com/lagscaler/lagscaler/scaler/sim"
)

//go:embed report.html
var reportHTML string

var report = template.Must(template.New("report").Funcs(template.FuncMap{
	"f2": func(v float64) string { return fmt.Sprintf("%.2f", v) },
	"f3": func(v float64) string { return fmt.Sprintf("%.3f", v) },
	"f0": func(v float64) string { return fmt.Sprintf("%.0f", v) },
}).Parse(reportHTML))

// Report is what a page shows.
type Report struct {
	Title   string
	Target  time.Duration // of the time lag
	Results []sim.Result
}

// Write writes the page.
func Write(w io.Writer, r Report) error {
	type drawn struct {
		sim.Result
		Panels []panel
	}
	page := struct {
		Report
		Drawn []drawn
	}{Report: r}
	for _, res := range r.Results {
		page.Drawn = append(page.Drawn, drawn{res, panels(res, r.Target)})
	}
	if err := report.Execute(w, page); err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	return nil
}

const (
	width  = 1000.0
	height = 150.0
)

// panel is one plot of a simulation: a curve, perhaps a line it should stay below, and marks.
type panel struct {
	Title   string
	Top     string // the greatest value, written at the axis
	Points  string // of an SVG polyline
	Line    float64
	HasLine bool
	Marks   []mark
	Ticks   []tick
}

// mark is a decision on the plot of the replicas.
type mark struct {
	X, Y float64
	Up   bool
	Why  string
}

// tick is a time on the axis.
type tick struct {
	X     float64
	Label string
}

func panels(r sim.Result, target time.Duration) []panel {
	if len(r.Points) == 0 {
		return nil
	}
	last := float64(r.Points[len(r.Points)-1].Second)
	ticks := ticksOf(last)
	replicas := curve(r, "replicas", last, func(p sim.PlotPoint) float64 { return float64(p.Replicas) }, 0)
	replicas.Marks = marks(r, last, topOf(r, func(p sim.PlotPoint) float64 { return float64(p.Replicas) }, 0))
	all := []panel{
		curve(r, "traffic, records/s", last, func(p sim.PlotPoint) float64 { return p.Rate }, 0),
		replicas,
		curve(r, "oldest record, seconds", last, func(p sim.PlotPoint) float64 { return float64(p.Age) }, target.Seconds()),
		rebalances(r, last),
	}
	for i := range all {
		all[i].Ticks = ticks
	}
	return all
}

func topOf(r sim.Result, of func(sim.PlotPoint) float64, line float64) float64 {
	top := line * 1.2
	for _, p := range r.Points {
		top = max(top, of(p))
	}
	return max(top, 1)
}

func curve(r sim.Result, title string, last float64, of func(sim.PlotPoint) float64, line float64) panel {
	top := topOf(r, of, line)
	var b strings.Builder
	for _, p := range r.Points {
		fmt.Fprintf(&b, "%.1f,%.1f ", float64(p.Second)/last*width, height-of(p)/top*height)
	}
	return panel{
		Title: title, Top: fmt.Sprintf("%.0f", top), Points: strings.TrimSpace(b.String()),
		HasLine: line > 0, Line: height - line/top*height,
	}
}

// rebalances draws how many happened within each point.
func rebalances(r sim.Result, last float64) panel {
	before := 0
	counts := make([]sim.PlotPoint, len(r.Points))
	for i, p := range r.Points {
		counts[i] = sim.PlotPoint{Second: p.Second, Rebalances: p.Rebalances - before}
		before = p.Rebalances
	}
	r.Points = counts
	return curve(r, "rebalances", last, func(p sim.PlotPoint) float64 { return float64(p.Rebalances) }, 0)
}

// maxMarks keeps a page of months from growing without end: beyond it, the steps that change the most are marked.
const maxMarks = 3000

func marks(r sim.Result, last, top float64) []mark {
	least := int32(0)
	for n := len(r.Moves); n > maxMarks; {
		least++
		n = 0
		for _, m := range r.Moves {
			if max(m.To-m.From, m.From-m.To) > least {
				n++
			}
		}
	}
	var out []mark
	for _, m := range r.Moves {
		if max(m.To-m.From, m.From-m.To) <= least && len(r.Moves) > maxMarks {
			continue
		}
		why := m.Why
		if why == "" {
			why = fmt.Sprintf("%d -> %d", m.From, m.To)
		}
		out = append(out, mark{
			X: float64(m.Second) / last * width, Y: height - float64(m.To)/top*height, Up: m.To > m.From,
			Why: clock(m.Second) + "  " + why,
		})
	}
	return out
}

func ticksOf(last float64) []tick {
	var out []tick
	for i := range 6 {
		s := last * float64(i) / 5
		out = append(out, tick{X: s / last * width, Label: clock(int32(s))})
	}
	return out
}

func clock(second int32) string {
	d := second / 86400
	rest := second % 86400
	if d > 0 {
		return fmt.Sprintf("%dd %02d:%02d", d, rest/3600, rest%3600/60)
	}
	return fmt.Sprintf("%02d:%02d:%02d", rest/3600, rest%3600/60, rest%60)
}
