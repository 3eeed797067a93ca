package say

import (
	"cmp"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/learn"
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
	rows = append(rows, mapped(&d)...)
	for i := range d.Needs {
		rows = append(rows, computed(&d, &d.Needs[i])...)
	}
	value := fmt.Sprintf("%d -> %d", d.Current, d.Wanted)
	if d.Verdict == scaler.TargetNotFound {
		value = "unknown"
	}
	rows = append(rows, Row{Decided, string(d.Verdict), value, Detail(d)})
	if d.Wait != nil {
		rows = append(rows, waiting(&d))
	}
	if reason, why, stopped := d.StoppedBy(); stopped && reason != d.Verdict {
		rows = append(rows, Row{Decided, string(reason), "no scale down", why})
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
		return strings.TrimPrefix(named(d, n), "group ") + ": " + name
	}
	return name
}

// declaredCapacity also says why a declaration that looks wrong stands.
const declaredCapacity = "declared; corrected by consumers that had records waiting, and so were busy, for at least 30 s"

func measured(d *scaler.Decision, n *need.Need) []Row {
	const unknown = "unknown"
	if n.StandsBy {
		rate := unknown
		if n.RateKnown {
			rate = n.AtLeast() + number.PerSecond(n.Rate)
		}
		return []Row{{Measured, of(d, n, "stands by"), rate, "arrive, which counts when consumers of the target use this cluster"}}
	}
	rate, commits, lag, age, capacity, over := unknown, unknown, unknown, "", unknown, ""
	if n.RateKnown {
		if n.RateOver > 0 { // not in recordings of earlier versions
			over = ", over " + number.Seconds(n.RateOver)
		}
		rate, commits = n.AtLeast()+number.PerSecond(n.Rate), n.AtLeast()+number.PerSecond(n.Consumed)
	}
	because := "not declared and not learned yet"
	switch {
	case n.Capacity == learn.Declared:
		capacity, because = number.PerSecond(n.PerConsumer), declaredCapacity
	case n.Capacity.Known():
		capacity, because = number.PerSecond(n.PerConsumer), string(n.Capacity)
	case n.PerConsumer > 0:
		capacity, because = ">= "+number.PerSecond(n.PerConsumer), "the most that one consumer was seen to process"
	}
	if n.LagKnown {
		lag, age = n.Records(), "time lag, as the decision counts it: "+n.Late(n.LagSeconds)
	}
	answered, partitions, members := "all answered", number.Whole(n.Partitions), number.Whole(n.Members)
	if n.Partitions == 0 { // nothing was read
		partitions, members = unknown, unknown
	}
	if n.MembersUnknown {
		members = unknown
	}
	switch {
	case n.Unanswered > 0 || n.Partitions == 0:
		answered = n.Missing()
	case n.LagAtLeast:
		answered += "; some have no commit: their lag is not known"
	}
	rows := []Row{
		{Measured, of(d, n, "arrivals"), rate, "end offsets" + over},
		{Measured, of(d, n, "commits"), commits, "committed offsets" + over},
		{Measured, of(d, n, "lag"), lag, age},
		{Measured, of(d, n, "partitions"), partitions, answered},
		{Measured, of(d, n, "members"), members, "assignor " + cmp.Or(n.Assignor, unknown)},
	}
	for _, p := range n.Stalled {
		rows = append(rows, Row{Measured, of(d, n, "stalled"), p.String(), "lag " + number.Of(p.Lag, "record")})
	}
	return append(rows, Row{Measured, of(d, n, "one consumer"), capacity, because})
}

// mapped shows how the members of the deciding source were matched with replicas.
func mapped(d *scaler.Decision) []Row {
	n, ok := d.Need()
	if words := d.MappedWords(); ok && words != "" && !n.MembersUnknown {
		return append([]Row{{Measured, of(d, &n, "in one replica"), number.Of(max(1, d.Why.PerReplica), "consumer"), words}}, placed(d, &n)...)
	}
	return placed(d, &n)
}

// placed shows the share of a target that is one of two places.
func placed(d *scaler.Decision, n *need.Need) []Row {
	if d.Why.Share == 0 {
		return nil
	}
	because := number.Of(d.Why.Elsewhere, "consumer") + " elsewhere now, which does not change the share"
	if d.Why.Alone {
		because = "the other place was gone: all that does not run there (" + number.Of(d.Why.Elsewhere, "consumer") + ") is needed here"
	}
	return []Row{{Measured, of(d, n, "share of this place"), fmt.Sprintf("%d %%", d.Why.Share), because}}
}

func computed(d *scaler.Decision, n *need.Need) []Row {
	if n.StandsBy || !n.RateKnown || !n.Capacity.Known() {
		return nil
	}
	now, arrivals, peaks := n.Now(true), n.Now(false), n.ForPeaks()
	rows := []Row{
		{Computed, of(d, n, "needed now"), number.PerSecond(now.PerSecond), now.Rate},
		{Computed, of(d, n, "consumers now"), number.Whole(now.Consumers), now.Count},
		{Computed, of(d, n, "without backlog"), number.Whole(arrivals.Consumers), arrivals.Count},
		{Computed, of(d, n, "needed for peaks"), number.PerSecond(peaks.PerSecond), peaks.Rate + "; a scale down must leave this capacity"},
		{Computed, of(d, n, "consumers for peaks"), number.Whole(peaks.Consumers), peaks.Count},
		{Computed, of(d, n, "horizon"), number.Seconds(n.Horizon), "until a replica that is requested now processes records"},
	}
	rows = append(rows, promiseRows(d, n)...)
	for _, p := range n.Bound {
		rows = append(rows, Row{Computed, of(d, n, "hot"), p.String(), n.Overload(p)})
	}
	for _, p := range n.Isolated {
		rows = append(rows, Row{Computed, of(d, n, "alone"), p.String(), p.Drains()})
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
		fmt.Sprintf("%s x %s x %s utilization, without lag and if partitions split evenly",
			number.Of(d.Consumers(d.Current), "consumer"), number.PerSecond(n.PerConsumer), number.Percent(n.Utilization)),
	}}
	switch less := n.NextSmaller(d.Consumers(d.Current)); {
	case less > 0 && n.Reserve > float64(less)*n.PerConsumer:
		rows = append(rows, Row{
			Otherwise, "fewer replicas", fmt.Sprintf("below %s for %s", number.PerSecond(float64(less)*n.PerConsumer/n.ReserveShare), number.Duration(need.ReserveWindow)),
			fmt.Sprintf("%s x %s / %s reserve, so that the last hour's peak may return", number.Of(less, "consumer"), number.PerSecond(n.PerConsumer), number.Percent(n.ReserveShare)),
		})
	case less > 0:
		rows = append(rows, Row{
			Otherwise, "fewer replicas", fmt.Sprintf("below %s for %s", number.PerSecond(float64(less)*n.PerConsumer*n.DownUtilization), number.Seconds(n.WindowSeconds)),
			fmt.Sprintf("%s x %s x %s utilization", number.Of(less, "consumer"), number.PerSecond(n.PerConsumer), number.Percent(n.DownUtilization)),
		})
	}
	if d.Verdict.Hold() {
		rows = append(rows, Row{Otherwise, "another verdict", "when this is over", d.Verdict.Doc()})
	}
	for _, s := range d.Steps {
		rows = append(rows, Row{Otherwise, "without " + string(s.Reason), fmt.Sprintf("%d instead of %d", s.From, s.To), s.Reason.Doc()})
	}
	return rows
}
