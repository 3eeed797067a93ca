package scaler

import (
	"fmt"
	"strings"

	"github.com/lagscaler/lagscaler/scaler/number"
	"github.com/lagscaler/lagscaler/scaler/plan"
)

// Line is the decision in one line, every number of which is in the Decision.
func (d Decision) Line() string { return d.Head() + ": " + d.Detail() }

// LineAs is the line with what became of the decision.
func (d Decision) LineAs(became Disposition) string {
	if became == "" {
		return d.Line()
	}
	return fmt.Sprintf("%s (%s): %s", d.Head(), became, d.Detail())
}

// Head is the answer and its reasons without the numbers behind them: ScaleUp 12 -> 30, PartitionLimit 30 -> 24.
func (d Decision) Head() string {
	var b strings.Builder
	if d.Wanted == d.Current {
		fmt.Fprintf(&b, "Hold %d %s", d.Current, d.Verdict)
	} else {
		fmt.Fprintf(&b, "%s %d -> %d", d.Verdict, d.Current, d.Wanted)
	}
	for _, s := range d.Steps {
		fmt.Fprintf(&b, ", %s %d -> %d", s.Reason, s.From, s.To)
	}
	return b.String()
}

// Detail is what the verdict rests on.
func (d Decision) Detail() string {
	n, ok := d.Need()
	var parts []string
	if ok && len(d.Needs) > 1 {
		parts = append(parts, "group "+n.Group)
	}
	if phrase, known := phrases[d.Verdict]; known {
		parts = append(parts, phrase(&d, &n)...)
	}
	for _, s := range d.Steps {
		if s.Reason == PartitionLimit {
			parts = append(parts, d.partitionPlan(&n))
		}
		if s.Reason == MinReplicas && d.Bounds.Useful > 0 && s.To > d.Bounds.Useful {
			parts = append(parts, fmt.Sprintf("minReplicas %d is above the %d useful: %d idle",
				s.To, d.Bounds.Useful, s.To-d.Bounds.Useful))
		}
	}
	if d.Overdue {
		parts = append(parts, "overdue since "+number.Clock(d.Wait.Deadline))
	}
	for _, r := range d.Notes {
		parts = append(parts, "also "+string(r))
	}
	return strings.Join(parts, "; ")
}

// partitionPlan says how many partitions would not limit the verdict.
func (d Decision) partitionPlan(n *Need) string {
	return fmt.Sprintf("%d useful partitions; the plan asks for %s",
		d.Bounds.Partitions, number.Whole(plan.RoundPartitions(int64(n.Up))))
}

// headroom is the way from arrivals to what is required, with its numbers:
// 1 540/s (trend -> 1 690/s) / 0.92 = 1 837/s + drain 9 400 in 120 s (78/s) = 1 915/s.
func (n *Need) headroom(drain bool) string {
	var b strings.Builder
	b.WriteString(number.PerSecond(n.Rate))
	switch n.ForecastBy {
	case FromRate:
	case FromTrend, FromJump, FromBurst:
		fmt.Fprintf(&b, " (%s -> %s)", n.ForecastBy, number.PerSecond(n.Forecast))
	default:
		fmt.Fprintf(&b, " (%s ago -> %s)", n.ForecastBy, number.PerSecond(n.Forecast))
	}
	fmt.Fprintf(&b, " / %s", number.Quantity(n.Utilization))
	if n.Excluded > 0.5 {
		fmt.Fprintf(&b, " - %s that no second consumer can share", number.PerSecond(n.Excluded))
	}
	fmt.Fprintf(&b, " = %s", number.PerSecond(n.Base))
	if drain && n.DrainRate > 0 {
		fmt.Fprintf(&b, " + drain %s in %s (%s) = %s",
			number.Whole(int64(n.Backlog)), number.Seconds(n.DrainSeconds), number.PerSecond(n.DrainRate), number.PerSecond(n.Required))
	}
	return b.String()
}

// useful says why a count is more than the plan's: only counts that lower the partitions of each consumer help.
func (n *Need) usefulCount(planned, from, to int32) string {
	switch before, after := plan.PerConsumer(int(n.Useful), from), plan.PerConsumer(int(n.Useful), to); {
	case planned >= to || n.Useful == 0:
		return ""
	case n.AllBound:
		return fmt.Sprintf("%d = every partition its own consumer", to)
	case from > 0 && after < before:
		return fmt.Sprintf("%d = next count lowering %d->%d partitions/consumer (P=%d)", to, before, after, n.Useful)
	default:
		return fmt.Sprintf("%d holds it at %d partitions each (P=%d)", to, after, n.Useful)
	}
}
