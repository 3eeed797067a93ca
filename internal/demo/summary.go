package demo

import (
	"fmt"
	"strings"
	"time"

	"github.com/lagscaler/lagscaler/internal/engine"
	"github.com/lagscaler/lagscaler/rebalancemon"
	"github.com/lagscaler/lagscaler/scaler"
)

// Summary is what happened in a demo.
type Summary struct {
	Scenario   string
	Ups, Downs []Moment // changes of the fleet
	Notes      []Moment // the first decision of every other verdict
	Rebalances int
	Causes     []Cause // of them, as rebalancemon.Causes has them
	PeakLag    int64
	PeakLate   float64 // seconds
	LastLate   float64 // at the end
	LateKnown  bool    // LastLate is
	Target     time.Duration
}

// Cause is the number of rebalances with a cause.
type Cause struct {
	rebalancemon.Cause
	Count int
}

// Scaling is the number of rebalances that were caused by scaling.
func (s Summary) Scaling() int {
	for _, c := range s.Causes {
		if c.Cause == rebalancemon.Scaling {
			return c.Count
		}
	}
	return 0
}

// Moment is a decision and when it was made.
type Moment struct {
	Since time.Duration
	Line  string
}

// summaryBuilder adds up reports to a Summary.
type summaryBuilder struct {
	start time.Time
	sum   Summary
	last  time.Time // of the last decision seen
	seen  map[scaler.Reason]bool
	stats rebalancemon.Stats
}

func newSummaryBuilder(s Scenario) *summaryBuilder {
	return &summaryBuilder{sum: Summary{Scenario: s.Name, Target: targetLag}, seen: map[scaler.Reason]bool{}}
}

func (s *summaryBuilder) add(r *engine.Report) {
	if s.start.IsZero() {
		s.start = r.At
	}
	for _, sc := range r.Scalers {
		s.decision(sc)
	}
	g, ok := groupOf(r)
	if !ok {
		return
	}
	s.sum.PeakLag = max(s.sum.PeakLag, g.Summary.Total)
	s.sum.LastLate, _, s.sum.LateKnown = g.Rates.TimeLag.Value()
	s.sum.PeakLate = max(s.sum.PeakLate, s.sum.LastLate)
	s.stats = g.Rebalances
}

func (s *summaryBuilder) decision(r engine.ScalerReport) {
	d := r.Decision
	if d.At.IsZero() || d.At.Equal(s.last) {
		return
	}
	s.last = d.At
	m := Moment{Since: d.At.Sub(s.start), Line: r.Line}
	switch {
	case r.Disposition == scaler.Applied && d.Desired > d.Current:
		s.sum.Ups = append(s.sum.Ups, m)
	case r.Disposition == scaler.Applied && d.Desired < d.Current:
		s.sum.Downs = append(s.sum.Downs, m)
	case !s.seen[d.Verdict]:
		s.seen[d.Verdict] = true
		s.sum.Notes = append(s.sum.Notes, m)
	}
}

func (s *summaryBuilder) result() Summary {
	for _, cause := range rebalancemon.Causes {
		n := 0
		for _, e := range s.stats.Events.All() {
			if e.Cause == cause {
				n += e.Count
			}
		}
		if n > 0 {
			s.sum.Rebalances += n
			s.sum.Causes = append(s.sum.Causes, Cause{cause, n})
		}
	}
	return s.sum
}

// String is the summary as text.
func (s Summary) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "\nscenario %s\n", s.Scenario)
	list := func(title string, moments []Moment) {
		fmt.Fprintf(&b, "  %s: %d\n", title, len(moments))
		for _, m := range moments {
			fmt.Fprintf(&b, "    %s  %s\n", clock(m.Since), m.Line)
		}
	}
	list("scale-ups", s.Ups)
	list("scale-downs", s.Downs)
	list("other decisions", s.Notes)
	fmt.Fprintf(&b, "  rebalances: %d", s.Rebalances)
	for _, c := range s.Causes {
		fmt.Fprintf(&b, ", %d by %s", c.Count, c.Cause)
	}
	b.WriteString("\n")
	fmt.Fprintf(&b, "  highest lag: %d records, %.1f s", s.PeakLag, s.PeakLate)
	if !s.LateKnown {
		b.WriteString("; at the end unknown")
	} else {
		verdict := "within"
		if s.LastLate > s.Target.Seconds() {
			verdict = "above"
		}
		fmt.Fprintf(&b, "; at the end %.1f s, %s the target of %.0f s", s.LastLate, verdict, s.Target.Seconds())
	}
	b.WriteString("\n")
	return b.String()
}

func clock(d time.Duration) string {
	s := int(d.Round(time.Second).Seconds())
	return fmt.Sprintf("%02d:%02d", s/60, s%60)
}
