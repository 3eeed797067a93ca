package engine

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/brakes"
)

// inForce is what is in force of a scaler.
func inForce(one *scaler.Scaler) InForce {
	return InForce{
		Scaler: one.Name, Target: one.Workload.Ref.String(), Labels: strings.Join(LabelPairs(one.Labels), ","),
		Generation: one.Generation, DeclaredBy: one.DeclaredBy,
		Mode: string(one.Mode), Limits: limitsInForce(one), Freeze: scaler.FreezeWords(one.Workload.Freeze),
	}
}

// limitsOfAll are the limits of all scalers together; empty: there are none.
func limitsOfAll(s *brakes.Settings) string {
	var parts []string
	for i := range s.Limits {
		l := &s.Limits[i]
		part := "limit " + l.Name + selected(&l.Selector) + ":"
		if l.AddedPerMinute > 0 {
			part += fmt.Sprintf(" addedPerMinute %d", l.AddedPerMinute)
		}
		if l.SteppingDown > 0 {
			part += fmt.Sprintf(" steppingDown %g", l.SteppingDown)
		}
		if l.Replicas > 0 {
			part += fmt.Sprintf(" replicas %d", l.Replicas)
		}
		parts = append(parts, part)
	}
	return strings.Join(parts, "; ")
}

// freezesOfAll are the windows and the switch of the configuration, whether they are open or not; empty: there are none.
func freezesOfAll(s *brakes.Settings) string {
	var parts []string
	for i := range s.Windows {
		w := &s.Windows[i]
		zone := w.Times.TimeZone
		if zone == "" {
			zone = "UTC"
		}
		parts = append(parts, fmt.Sprintf("window %s%s: stops %s from %s to %s %s%s", w.Name, selected(&w.Selector), w.Stops, w.Times.Start, w.Times.End, zone, because(w.Why)))
	}
	if f := s.Switch; f != nil {
		parts = append(parts, fmt.Sprintf("switch%s: stops %s until %s%s", selected(&f.Selector), f.Stops, f.Until.UTC().Format("2006-01-02T15:04Z"), because(f.Why)))
	}
	return strings.Join(parts, "; ")
}

// selected says which scalers a selector selects: " (namespaces shop-.*, labels tier=batch)"; empty: all.
func selected(s *brakes.Selector) string {
	var parts []string
	if len(s.Namespaces) > 0 {
		parts = append(parts, "namespaces "+strings.Join(patterns(s.Namespaces), " "))
	}
	if len(s.Labels) > 0 {
		parts = append(parts, "labels "+strings.Join(LabelPairs(s.Labels), " "))
	}
	if len(parts) == 0 {
		return ""
	}
	return " (" + strings.Join(parts, ", ") + ")"
}

// patterns are regular expressions as they were written, without the anchors of the configuration.
func patterns(all []*regexp.Regexp) (texts []string) {
	for _, p := range all {
		text, anchored := strings.CutPrefix(p.String(), "^(?:")
		if anchored {
			text = strings.TrimSuffix(text, ")$")
		}
		texts = append(texts, text)
	}
	return texts
}

func because(why string) string {
	if why == "" {
		return ""
	}
	return " (" + why + ")"
}
