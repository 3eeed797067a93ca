package say

import (
	"cmp"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/need"
	"github.com/lagscaler/lagscaler/scaler/number"
)

// Section is a part of an explanation.
type Section string

// The sections of an explanation, in order.
const (
	Measured  Section = "measured"
	Computed  Section = "computed"
	Decided   Section = "decided"
	Limited   Section = "limited"
	Otherwise Section = "otherwise" // the nearest changes that would lead to another answer
)

// Row is one line of an explanation.
type Row struct {
	Section Section `json:"section"`
	Name    string  `json:"name"`
	Value   string  `json:"value"`
	Because string  `json:"because,omitempty"` // the formula with its numbers, or the meaning of the name
}

// Explain is the decision as a derivation: measured inputs, the numbers computed from them, the verdict, each limit, and the
// nearest changes that would lead to another answer.
func Explain(d scaler.Decision) []Row {
	var rows []Row
	for i := range d.Needs {
		rows = append(rows, measured(&d, &d.Needs[i])...)
	}
	for i := range d.Needs {
		rows = append(rows, computed(&d, &d.Needs[i])...)
	}
	rows = append(rows, Row{Decided, string(d.Verdict), fmt.Sprintf("%d -> %d", d.Current, d.Wanted), Detail(d)})
	if d.Wait != nil {
		rows = append(rows, waiting(&d))
	}
	for _, s := range d.Steps {
		rows = append(rows, Row{Limited, string(s.Reason), fmt.Sprintf("%d -> %d", s.From, s.To), s.Reason.Doc()})
	}
	return append(rows, otherwise(&d)...)
}

// Text lays rows out in columns, section by section.
func Text(rows []Row) string {
	name, value := 0, 0
	for _, r := range rows {
		name, value = max(name, utf8.RuneCountInString(r.Name)), max(value, utf8.RuneCountInString(r.Value))
	}
	var b strings.Builder
	section := Section("")
	for _, r := range rows {
		if r.Section != section {
			fmt.Fprintf(&b, "%s\n", r.Section)
			section = r.Section
		}
		b.WriteString(strings.TrimRight(fmt.Sprintf("  %-*s  %-*s  %s", name, r.Name, value, r.Value, r.Because), " ") + "\n")
	}
	return b.String()
}

// of names a row's source where there are several.
func of(d *scaler.Decision, n *need.Need, name string) string {
	if len(d.Needs) > 1 {
		return n.Group + ": " + name
	}
	return name
}

func measured(d *scaler.Decision, n *need.Need) []Row {
	rate, lag, age := "unknown", "unknown", ""
	if n.RateKnown {
		rate = number.PerSecond(n.Rate)
	}
	if n.LagKnown {
		lag, age = number.Whole(n.Lag), "the oldest record waits "+number.Seconds(n.LagSeconds)
	}
	answered := "all answered"
	if n.Unanswered > 0 || n.Partitions == 0 {
		answered = n.Missing()
	}
	rows := []Row{
		{Measured, of(d, n, "arrivals"), rate, "end offsets, over 30 s"},
		{Measured, of(d, n, "commits"), number.PerSecond(n.Consumed), "committed offsets, over 30 s"},
		{Measured, of(d, n, "lag"), lag, age},
		{Measured, of(d, n, "partitions"), number.Whole(n.Partitions), answered},
		{Measured, of(d, n, "members"), number.Whole(n.Members), "assignor " + cmp.Or(n.Assignor, "unknown")},
	}
	for _, p := range n.Stalled {
		rows = append(rows, Row{Measured, of(d, n, "stalled"), p.String(), "lag " + number.Whole(p.Lag)})
	}
	return append(rows, Row{Measured, of(d, n, "one consumer"), number.PerSecond(n.PerConsumer), string(n.Capacity)})
}

func computed(d *scaler.Decision, n *need.Need) []Row {
	if !n.RateKnown || !n.Capacity.Known() {
		return nil
	}
	rows := []Row{
		{Computed, of(d, n, "required"), number.PerSecond(n.Required), n.Headroom(true)},
		{
			Computed, of(d, n, "plan"), number.Whole(n.Plan),
			fmt.Sprintf("%s / %s each, rounded up", number.PerSecond(n.Required), number.PerSecond(n.PerConsumer)),
		},
		{Computed, of(d, n, "fit"), number.Whole(n.Up), cmp.Or(n.Rounding(n.Plan, 0, n.Up), "whole partitions need no more")},
		{Computed, of(d, n, "by arrivals"), number.Whole(n.ByRate), n.Headroom(false)},
		{Computed, of(d, n, "enough"), number.Whole(n.Down), n.DownHeadroom() + " = " + number.PerSecond(n.PeakRequired)},
		{Computed, of(d, n, "horizon"), number.Seconds(n.Horizon), "until a replica that is asked for now works"},
	}
	for _, p := range n.Bound {
		rows = append(rows, Row{Computed, of(d, n, "bound"), p.String(), number.PerSecond(p.Rate) + " is more than one consumer can take"})
	}
	for _, p := range n.Isolated {
		rows = append(rows, Row{Computed, of(d, n, "isolated"), p.String(), p.Drains()})
	}
	return rows
}

func waiting(d *scaler.Decision) Row {
	r := Row{Section: Decided, Name: "waiting since", Value: number.Clock(d.Wait.Since)}
	if d.Wait.Until != nil {
		r.Because = "until " + number.Clock(*d.Wait.Until) + "; "
	}
	r.Because += "overdue after " + number.Clock(d.Wait.Deadline)
	if d.Overdue {
		r.Because += ": it is overdue"
	}
	return r
}

// otherwise are the nearest changes that would lead to another answer.
func otherwise(d *scaler.Decision) []Row {
	n, ok := d.Need()
	if !ok || !n.RateKnown || !n.Capacity.Known() || d.Current == 0 {
		return nil
	}
	have := float64(d.Consumers(d.Current)) * n.PerConsumer
	rows := []Row{{
		Otherwise, "more replicas", "above " + number.PerSecond(have*n.Utilization) + " arriving",
		fmt.Sprintf("%d consumers x %s x %s, without lag and if partitions split evenly",
			d.Consumers(d.Current), number.PerSecond(n.PerConsumer), number.Quantity(n.Utilization)),
	}}
	switch less := n.NextSmaller(d.Consumers(d.Current)); {
	case less > 0 && n.Room > float64(less)*n.PerConsumer:
		rows = append(rows, Row{
			Otherwise, "fewer replicas", fmt.Sprintf("below %s for %s", number.PerSecond(float64(less)*n.PerConsumer/n.RoomShare), number.Duration(need.ReserveWindow)),
			fmt.Sprintf("%d consumers x %s / %s, so that what came within the hour may come back", less, number.PerSecond(n.PerConsumer), number.Quantity(n.RoomShare)),
		})
	case less > 0:
		rows = append(rows, Row{
			Otherwise, "fewer replicas", fmt.Sprintf("below %s for %s", number.PerSecond(float64(less)*n.PerConsumer*n.DownUtilization), number.Seconds(n.WindowSeconds)),
			fmt.Sprintf("%d consumers x %s x %s", less, number.PerSecond(n.PerConsumer), number.Quantity(n.DownUtilization)),
		})
	}
	if d.Verdict.Hold() {
		rows = append(rows, Row{Otherwise, "another verdict", "when this ends", d.Verdict.Doc()})
	}
	for _, s := range d.Steps {
		rows = append(rows, Row{Otherwise, "without " + string(s.Reason), fmt.Sprintf("%d instead of %d", s.From, s.To), s.Reason.Doc()})
	}
	return rows
}
