// Package plot draws pictures. Write makes the results of simulations one HTML page: a table of the results, and for every simulation SVG
// plots of traffic, replicas, time lag and rebalances. Every change of replicas is a dot that shows its reason on hover. A [Picture] is
// what really happened to a scaler, and [Prices] are what objectives cost it, for the pages of package web.
//
// The page is self-contained: it has no scripts and loads nothing from the network, so it can be attached to a ticket.
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

// Report is the content of a page.
type Report struct {
	Title   string
	Target  time.Duration // the time lag that the policies should not exceed
	Results []sim.Result
}

// Write writes the page.
func Write(w io.Writer, r Report) error {
	type simulation struct {
		sim.Result
		Panels []panel
	}
	page := struct {
		Report
		Simulations []simulation
	}{Report: r}
	for _, res := range r.Results {
		page.Simulations = append(page.Simulations, simulation{res, panels(res, r.Target)})
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

// panel is one plot of a simulation. Coordinates are those of the SVG image.
type panel struct {
	Title     string
	Max       string // the value at the top of the plot
	Points    string // of the curve, as an SVG polyline
	Target    float64
	HasTarget bool // draw a line at Target
	Changes   []change
	Ticks     []tick
}

// change is a change of replicas on the plot of the replicas.
type change struct {
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
	replicas.Changes = changes(r, last, maxValue(r, func(p sim.PlotPoint) float64 { return float64(p.Replicas) }, 0))
	all := []panel{
		curve(r, "traffic, records/s", last, func(p sim.PlotPoint) float64 { return p.Rate }, 0),
		replicas,
		curve(r, "time lag, seconds", last, func(p sim.PlotPoint) float64 { return float64(p.Age) }, target.Seconds()),
		rebalances(r, last),
	}
	for i := range all {
		all[i].Ticks = ticks
	}
	return all
}

// maxValue is the value at the top of a plot: at least the greatest value, 1, and 20 % above the target.
func maxValue(r sim.Result, value func(sim.PlotPoint) float64, target float64) float64 {
	top := target * 1.2
	for _, p := range r.Points {
		top = max(top, value(p))
	}
	return max(top, 1)
}

// curve plots a value up to the second last. It has no target line if target is 0.
func curve(r sim.Result, title string, last float64, value func(sim.PlotPoint) float64, target float64) panel {
	top := maxValue(r, value, target)
	var b strings.Builder
	for _, p := range r.Points {
		fmt.Fprintf(&b, "%.1f,%.1f ", float64(p.Second)/last*width, height-value(p)/top*height)
	}
	return panel{
		Title: title, Max: fmt.Sprintf("%.0f", top), Points: strings.TrimSpace(b.String()),
		HasTarget: target > 0, Target: height - target/top*height,
	}
}

// rebalances plots the number of rebalances between two points. The points of a Result count from the start.
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

// maxChanges limits the size of the page for a simulation of months: if there are more changes, only the largest are drawn.
const maxChanges = 3000

func changes(r sim.Result, last, top float64) []change {
	minStep := int32(0)
	for n := len(r.Moves); n > maxChanges; {
		minStep++
		n = 0
		for _, m := range r.Moves {
			if max(m.To-m.From, m.From-m.To) > minStep {
				n++
			}
		}
	}
	var out []change
	for _, m := range r.Moves {
		if max(m.To-m.From, m.From-m.To) <= minStep && len(r.Moves) > maxChanges {
			continue
		}
		why := m.Why
		if why == "" {
			why = fmt.Sprintf("%d -> %d", m.From, m.To)
		}
		out = append(out, change{
			X: float64(m.Second) / last * width, Y: height - float64(m.To)/top*height, Up: m.To > m.From,
			Why: formatTime(m.Second) + "  " + why,
		})
	}
	return out
}

func ticksOf(last float64) []tick {
	var out []tick
	for i := range 6 {
		s := last * float64(i) / 5
		out = append(out, tick{X: s / last * width, Label: formatTime(int32(s))})
	}
	return out
}

// formatTime writes a second of the simulation as hours, minutes and seconds, or as days, hours and minutes.
func formatTime(second int32) string {
	d := second / 86400
	rest := second % 86400
	if d > 0 {
		return fmt.Sprintf("%dd %02d:%02d", d, rest/3600, rest%3600/60)
	}
	return fmt.Sprintf("%02d:%02d:%02d", rest/3600, rest%3600/60, rest%60)
}
