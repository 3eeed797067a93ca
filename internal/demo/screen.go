package demo

import (
	"fmt"
	"io"
	"math"
	"strings"
	"time"

	"github.com/lagscaler/lagscaler/internal/engine"
)

// Screen draws the demo on a terminal. Each picture replaces the last one.
type Screen struct {
	Out      io.Writer
	Scenario Scenario
	past     []point
	log      Lines
	text     strings.Builder // what log printed
	height   int             // of the last picture, in lines
}

// point is one report in the curves.
type point struct{ in, lag, replicas float64 }

const (
	chartWidth = 60 // columns
	logTail    = 10 // lines of what happened
)

// Show draws a report.
func (s *Screen) Show(r *engine.Report) {
	g, ok := groupOf(r)
	if !ok {
		return
	}
	if s.log.Out == nil {
		s.log.Out, s.log.Scenario, s.log.lastStatus = &s.text, s.Scenario, r.At.Add(24*time.Hour) // the picture shows where the group stands
	}
	s.log.Show(r)
	in, _ := g.Rates.Produced.Value()
	m := point{in: in, lag: float64(g.Summary.Total)}
	if len(r.Scalers) > 0 {
		m.replicas = float64(r.Scalers[0].Workload.Spec)
	}
	s.past = append(s.past, m)
	if len(s.past) > chartWidth {
		s.past = s.past[1:]
	}
	s.draw(s.picture(g, r))
}

func (s *Screen) picture(g *engine.GroupReport, r *engine.Report) string {
	var b strings.Builder
	row := func(name string, of func(point) float64, now string) {
		fmt.Fprintf(&b, "%-9s %-*s %s\n", name, chartWidth, bars(s.past, of), now)
	}
	row("arrivals", func(m point) float64 { return m.in }, rate(g.Rates.Produced))
	row("lag", func(m point) float64 { return m.lag }, fmt.Sprintf("%s, time lag %s (target %.0f s)", records(g.Summary), late(g.Rates.TimeLag), targetLag.Seconds()))
	now := fmt.Sprintf("%d members, %s", len(g.Lag.Members), g.Lag.State)
	if len(r.Scalers) > 0 {
		now = fmt.Sprintf("%d, %s", r.Scalers[0].Workload.Spec, now)
	}
	row("replicas", func(m point) float64 { return m.replicas }, now)
	b.WriteString("\n")
	lines := strings.Split(strings.TrimSuffix(s.text.String(), "\n"), "\n")
	for _, line := range lines[max(0, len(lines)-logTail):] {
		b.WriteString(line + "\n")
	}
	return b.String()
}

// draw replaces the last picture by a new one: cursor up, and each line cleared to its end.
func (s *Screen) draw(picture string) {
	up := ""
	if s.height > 0 {
		up = fmt.Sprintf("\x1b[%dA", s.height)
	}
	text := strings.ReplaceAll(picture, "\n", "\x1b[K\n")
	s.height = strings.Count(picture, "\n")
	_, _ = io.WriteString(s.Out, up+"\x1b[?7l"+text+"\x1b[J\x1b[?7h") // no wrapping: a long line must not become two
}

var blocks = []rune(" ▁▂▃▄▅▆▇█")

// bars is a curve in block characters, the newest on the right.
func bars(past []point, of func(point) float64) string {
	top := 1.0
	for _, m := range past {
		top = max(top, of(m))
	}
	out := []rune(strings.Repeat(" ", chartWidth-len(past)))
	for _, m := range past {
		out = append(out, blocks[int(math.Round(of(m)/top*float64(len(blocks)-1)))])
	}
	return string(out)
}
