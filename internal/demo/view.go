package demo

import (
	"fmt"
	"io"
	"math"
	"strings"
	"time"

	"github.com/lagscaler/lagscaler/internal/engine"
	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/rebalancemon"
)

// Intro is what a watcher is told before anything moves.
func Intro(s Scenario, url string) string {
	return fmt.Sprintf(`lagscaler demo: %s
%s.
Three embedded brokers, one topic of %d partitions, real consumers that take %s for each record.
Clocks run %d times as fast as in production: a poll each %s, a decision each %s, a target of %s.
%s
`, s.Name, s.Story, partitions, s.processing, pace, Interval, 3*Interval, targetLag, url)
}

// Lines prints the demo as plain lines: each decision that is new, each rebalance, and now and then where the group stands.
type Lines struct {
	Out   io.Writer
	start time.Time
	said  string    // last decision printed, without its numbers
	at    time.Time // of the last decision seen
	ended time.Time // of the last rebalance printed
	stood time.Time // last time the group's state was printed
}

const standEvery = 5 * time.Second

// Show prints what is new in a report.
func (l *Lines) Show(r *engine.Report) {
	if l.start.IsZero() {
		l.start = r.At
	}
	g, ok := groupOf(r)
	if ok {
		l.rebalances(&g.Rebalances)
	}
	for _, s := range r.Scalers {
		l.decision(s)
	}
	if ok && r.At.Sub(l.stood) >= standEvery {
		l.stood = r.At
		l.print(r.At, "%s", stand(g, r))
	}
}

func (l *Lines) print(at time.Time, format string, args ...any) {
	_, _ = fmt.Fprintf(l.Out, clock(at.Sub(l.start))+"  "+format+"\n", args...) // a closed terminal ends the demo by itself
}

func (l *Lines) decision(s engine.ScalerReport) {
	d := s.Decision
	key := fmt.Sprint(d.Verdict, d.Steps, d.Desired)
	if d.At.IsZero() || d.At.Equal(l.at) || key == l.said {
		return
	}
	l.at, l.said = d.At, key
	l.print(d.At, "%s%s", s.Line, disposition(s))
}

func disposition(s engine.ScalerReport) string {
	if s.Disposition == "" {
		return ""
	}
	return " (" + string(s.Disposition) + ")"
}

func (l *Lines) rebalances(stats *rebalancemon.Stats) {
	for _, e := range stats.Events {
		if !e.End.After(l.ended) {
			continue
		}
		l.ended = e.End
		l.print(e.End, "rebalance %s, %.1f s, by %s: %s", e.Outcome, e.Duration(e.End).Seconds(), e.Cause, e.Evidence)
	}
}

// groupOf is the demo's group in a report.
func groupOf(r *engine.Report) (*engine.GroupReport, bool) {
	for _, c := range r.Clusters {
		if g, ok := c.Group(group); ok {
			return g, true
		}
	}
	return nil, false
}

// stand is where the group stands, in one line.
func stand(g *engine.GroupReport, r *engine.Report) string {
	bound := ""
	if !g.Summary.Complete {
		bound = "at least "
	}
	replicas := int32(0)
	if len(r.Scalers) > 0 {
		replicas = r.Scalers[0].Workload.Spec
	}
	return fmt.Sprintf("lag %s%d, %s late, in %s, out %s, %d members of %d replicas, %s",
		bound, g.Summary.Total, late(g.Rates.TimeLag), rate(g.Rates.Produced), rate(g.Rates.Consumed), len(g.Lag.Members), replicas, g.Rates.Status)
}

func late(t lag.TimeLag) string {
	seconds, atLeast, ok := t.Value()
	switch {
	case !ok:
		return "? s"
	case atLeast:
		return fmt.Sprintf(">= %.1f s", seconds)
	}
	return fmt.Sprintf("%.1f s", seconds)
}

func rate(r lag.Rate) string {
	v, ok := r.Value()
	if !ok {
		return "?/s"
	}
	return fmt.Sprintf("%.0f/s", v)
}

// Screen draws the demo on a terminal, over and over in the same place.
type Screen struct {
	Out   io.Writer
	past  []moment
	log   Lines
	told  strings.Builder
	lines int // of the last picture
}

// moment is a point of the screen's curves.
type moment struct{ in, lag, replicas float64 }

const (
	curve   = 60 // columns
	logTail = 10 // lines of what happened
)

// Show draws a report.
func (s *Screen) Show(r *engine.Report) {
	g, ok := groupOf(r)
	if !ok {
		return
	}
	if s.log.Out == nil {
		s.log.Out, s.log.stood = &s.told, r.At.Add(24*time.Hour) // the picture shows where the group stands
	}
	s.log.Show(r)
	in, _ := g.Rates.Produced.Value()
	m := moment{in: in, lag: float64(g.Summary.Total)}
	if len(r.Scalers) > 0 {
		m.replicas = float64(r.Scalers[0].Workload.Spec)
	}
	s.past = append(s.past, m)
	if len(s.past) > curve {
		s.past = s.past[1:]
	}
	s.draw(s.picture(g, r))
}

func (s *Screen) picture(g *engine.GroupReport, r *engine.Report) string {
	var b strings.Builder
	row := func(name string, of func(moment) float64, now string) {
		fmt.Fprintf(&b, "%-9s %-*s %s\n", name, curve, bars(s.past, of), now)
	}
	row("arrivals", func(m moment) float64 { return m.in }, rate(g.Rates.Produced))
	row("lag", func(m moment) float64 { return m.lag }, fmt.Sprintf("%d records, %s late (target %.0f s)", g.Summary.Total, late(g.Rates.TimeLag), targetLag.Seconds()))
	now := fmt.Sprintf("%d members, %s", len(g.Lag.Members), g.Lag.State)
	if len(r.Scalers) > 0 {
		now = fmt.Sprintf("%d, %s", r.Scalers[0].Workload.Spec, now)
	}
	row("replicas", func(m moment) float64 { return m.replicas }, now)
	b.WriteString("\n")
	told := strings.Split(strings.TrimSuffix(s.told.String(), "\n"), "\n")
	for _, line := range told[max(0, len(told)-logTail):] {
		b.WriteString(line + "\n")
	}
	return b.String()
}

// draw replaces the last picture by a new one: cursor up, and each line cleared to its end.
func (s *Screen) draw(picture string) {
	up := ""
	if s.lines > 0 {
		up = fmt.Sprintf("\x1b[%dA", s.lines)
	}
	text := strings.ReplaceAll(picture, "\n", "\x1b[K\n")
	s.lines = strings.Count(picture, "\n")
	_, _ = io.WriteString(s.Out, up+"\x1b[?7l"+text+"\x1b[J\x1b[?7h") // no wrapping: a long line must not become two
}

var blocks = []rune(" ▁▂▃▄▅▆▇█")

// bars is a curve in block characters, the newest on the right.
func bars(past []moment, of func(moment) float64) string {
	top := 1.0
	for _, m := range past {
		top = max(top, of(m))
	}
	out := []rune(strings.Repeat(" ", curve-len(past)))
	for _, m := range past {
		out = append(out, blocks[int(math.Round(of(m)/top*float64(len(blocks)-1)))])
	}
	return string(out)
}
