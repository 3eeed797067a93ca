package demo

import (
	"fmt"
	"io"
	"time"

	"github.com/lagscaler/lagscaler/internal/engine"
	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/rebalancemon"
	"github.com/lagscaler/lagscaler/scaler/number"
)

// Intro is the text that is printed before the demo starts. program is the command with which the user may ask the demo; empty: none
// is compiled yet.
func Intro(s Scenario, at Addresses, program string) string {
	first := ""
	if program == "" {
		program, first = "bin/lagscaler", "make build\n        "
	}
	return fmt.Sprintf(`lagscaler demo: %s
%s.
Three embedded brokers, one topic with %d partitions, real consumers that process a record in %s.
%s
%s. Ctrl-C ends the demo and prints a summary.

web UI  %s
Kafka   %s
try     %[10]s%[9]s lag --server %[7]s
        %[9]s lag orders-worker --partitions --brokers %[8]s
        %[9]s explain demo/orders --server %[7]s
`, s.Name, s.Story, partitions, s.processing, times(), s.length(), at.URL, at.Kafka, program, first)
}

// times says which times differ from production.
func times() string {
	return fmt.Sprintf("Times are shorter than in production: a poll every %s, a decision every %s, a target lag of %s; all other time windows are divided by %d.",
		number.Duration(Interval), number.Duration(3*Interval), number.Duration(targetLag), pace)
}

// Lines prints the demo as plain lines: every new decision, every rebalance, and the state of the group every five seconds.
type Lines struct {
	Out           io.Writer
	Scenario      Scenario
	lastScene     string
	start         time.Time
	lastAnswer    string    // last decision printed, without its numbers
	lastDecision  time.Time // time of the last decision seen
	lastRebalance time.Time // end of the last rebalance printed
	lastStatus    time.Time // when the state of the group was last printed
}

const statusInterval = 5 * time.Second

// Show prints what is new in a report.
func (l *Lines) Show(r *engine.Report) {
	if l.start.IsZero() {
		l.start = r.At
	}
	if scene := l.Scenario.Scene(r.At.Sub(l.start)); scene != l.lastScene {
		l.lastScene = scene
		l.print(r.At, "# %s", scene)
	}
	g, ok := groupOf(r)
	if ok {
		l.rebalances(&g.Rebalances)
	}
	for _, s := range r.Scalers {
		l.decision(s)
	}
	if ok && r.At.Sub(l.lastStatus) >= statusInterval {
		l.lastStatus = r.At
		l.print(r.At, "%s", statusLine(g, r))
	}
}

func (l *Lines) print(at time.Time, format string, args ...any) {
	_, _ = fmt.Fprintf(l.Out, clock(at.Sub(l.start))+"  "+format+"\n", args...) // a closed terminal ends the demo by itself
}

func (l *Lines) decision(s engine.ScalerReport) {
	d := s.Decision
	key := fmt.Sprint(d.Verdict, d.Steps, d.Desired)
	if d.At.IsZero() || d.At.Equal(l.lastDecision) || key == l.lastAnswer {
		return
	}
	l.lastDecision, l.lastAnswer = d.At, key
	l.print(d.At, "%s%s", s.Line, disposition(s))
}

func disposition(s engine.ScalerReport) string {
	if s.Disposition == "" {
		return ""
	}
	return " (" + string(s.Disposition) + ")"
}

func (l *Lines) rebalances(stats *rebalancemon.Stats) {
	for _, e := range stats.Events.All() {
		if !e.End.After(l.lastRebalance) {
			continue
		}
		l.lastRebalance = e.End
		l.print(e.End, "rebalance %s, %s, by %s: %s", e.Outcome, took(e.Duration(e.End), e.Resolution), e.Cause, e.Evidence)
	}
}

// took is the duration of a rebalance: what is shorter than the time between two readings is known to be at most that.
func took(d, resolution time.Duration) string {
	if d < resolution {
		return fmt.Sprintf("at most %.1f s", (d + resolution).Seconds())
	}
	return fmt.Sprintf("%.1f s ± %.1f s", d.Seconds(), resolution.Seconds())
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

// statusLine is the state of the group in one line.
func statusLine(g *engine.GroupReport, r *engine.Report) string {
	replicas := int32(0)
	if len(r.Scalers) > 0 {
		replicas = r.Scalers[0].Workload.Spec
	}
	return fmt.Sprintf("lag %s, time lag %s, in %s, out %s, %s, %s, %s",
		lagOf(g, r.At), late(g.Rates.TimeLag), rate(g.Rates.Produced), rate(g.Rates.Consumed), number.Of(len(g.Lag.Members), "member"), number.Of(replicas, "replica"), g.Rates.Status)
}

const unknown = "unknown"

func records(s lag.Summary) string {
	switch {
	case s.Known == 0:
		return unknown
	case !s.Complete:
		return "at least " + number.Of(s.Total, "record")
	}
	return number.Of(s.Total, "record")
}

// lagOf is the lag of a group. What the last polls could not read is old, and a lower bound only if some of it was not known then.
func lagOf(g *engine.GroupReport, now time.Time) string {
	text := records(g.Summary)
	if g.Summary.Known == 0 || g.Lag.Missed == 0 || g.Lag.ReadAt.IsZero() {
		return text
	}
	if g.Summary.Unknown == 0 {
		text = number.Of(g.Summary.Total, "record")
	}
	return fmt.Sprintf("%s (read %.0f s ago)", text, now.Sub(g.Lag.ReadAt).Seconds())
}

func late(t lag.TimeLag) string {
	seconds, atLeast, ok := t.Value()
	most, bounded := t.AtMost()
	switch {
	case bounded:
		return fmt.Sprintf("<= %.1f s", most)
	case !ok:
		return unknown
	case atLeast:
		return fmt.Sprintf(">= %.1f s", seconds)
	}
	return fmt.Sprintf("%.1f s", seconds)
}

func rate(r lag.Rate) string {
	v, ok := r.Value()
	if !ok {
		return unknown
	}
	return fmt.Sprintf("%.0f/s", v)
}
