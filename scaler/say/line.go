package say

import (
	"fmt"
	"slices"
	"strings"

	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/need"
	"github.com/lagscaler/lagscaler/scaler/number"
)

// Line is the decision in one line, every number of which is in the Decision.
func Line(d scaler.Decision) string { return Head(d) + ": " + Detail(d) }

// Head is the answer and its reasons without the numbers behind them: ScaleUp 12 -> 24, MaxReplicas 24 -> 20.
func Head(d scaler.Decision) string {
	var b strings.Builder
	switch {
	case d.Verdict == scaler.TargetNotFound: // it has no replicas
		return "Hold " + string(d.Verdict)
	case d.Wanted == d.Current:
		fmt.Fprintf(&b, "Hold %d %s", d.Current, d.Verdict)
	default:
		fmt.Fprintf(&b, "%s %d -> %d", d.Verdict, d.Current, d.Wanted)
	}
	for _, s := range d.Steps {
		fmt.Fprintf(&b, ", %s %d -> %d", s.Reason, s.From, s.To)
	}
	return b.String()
}

// named is a source of several: its group, and the cluster where that tells it from another one.
func named(d *scaler.Decision, n *need.Need) string {
	same := func(o need.Need) bool { return o.Group == n.Group && o.Cluster != n.Cluster }
	if slices.ContainsFunc(d.Needs, same) {
		return "group " + n.Group + " of cluster " + n.Cluster
	}
	return "group " + n.Group
}

// Detail are the numbers that the verdict rests on, in the words of its rule.
func Detail(d scaler.Decision) string {
	var parts []string
	if n, ok := d.Need(); ok && len(d.Needs) > 1 {
		parts = append(parts, named(&d, &n))
	}
	parts = append(append(parts, d.Words()...), promiseWords(&d)...)
	for _, s := range d.Steps {
		if words := d.StepWords(s); words != "" {
			parts = append(parts, words)
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
