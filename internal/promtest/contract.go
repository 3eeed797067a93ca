package promtest

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

// Metrics are the names of all metrics of lagscaler, with their labels.
type Metrics map[string][]string

// Labels that other programs add to the metrics.
var (
	scrapeLabels = []string{"job", "instance", "namespace", "le"}
	ruleLabels   = []string{"alertname", "alertstate", "severity", "limit"}
)

var (
	name     = regexp.MustCompile(`[a-zA-Z_:][a-zA-Z0-9_:]*`)
	selector = regexp.MustCompile(`([a-zA-Z_:][a-zA-Z0-9_:]*)\{([^{}]*)\}`)
	matcher  = regexp.MustCompile(`([a-zA-Z_][a-zA-Z0-9_]*)\s*(?:=~|!~|!=|=)\s*"`)
	grouping = regexp.MustCompile(`\b(?:by|without|on|ignoring|group_left|group_right)\s*\(([^()]*)\)`)
	template = regexp.MustCompile(`\$labels\.([a-zA-Z_][a-zA-Z0-9_]*)`)
)

// Check fails the test if an expression, or a text with expressions in it, uses a metric of lagscaler that does not exist,
// or a label that no metric has in a selector, a grouping or a template.
func Check(t testing.TB, where, text string, known Metrics) {
	t.Helper()
	for _, n := range name.FindAllString(text, -1) {
		if isLagscalerMetric(n) && known[n] == nil {
			t.Errorf("%s: there is no metric %s", where, n)
		}
	}
	for _, m := range selector.FindAllStringSubmatch(text, -1) {
		if !isLagscalerMetric(m[1]) {
			continue
		}
		for _, l := range matcher.FindAllStringSubmatch(m[2], -1) {
			if !slices.Contains(known[m[1]], l[1]) && !slices.Contains(scrapeLabels, l[1]) {
				t.Errorf("%s: %s has no label %s", where, m[1], l[1])
			}
		}
	}
	for _, m := range grouping.FindAllStringSubmatch(text, -1) {
		for l := range strings.SplitSeq(m[1], ",") {
			checkLabel(t, where, strings.TrimSpace(l), known)
		}
	}
	for _, m := range template.FindAllStringSubmatch(text, -1) {
		checkLabel(t, where, m[1], known)
	}
}

// isLagscalerMetric reports whether a name is a metric of lagscaler or of a recording rule on such a metric.
func isLagscalerMetric(n string) bool {
	return (strings.HasPrefix(n, "lagscaler_") || strings.Contains(n, ":lagscaler_")) && !strings.HasSuffix(n, "_")
}

func checkLabel(t testing.TB, where, label string, known Metrics) {
	t.Helper()
	if label == "" || slices.Contains(scrapeLabels, label) || slices.Contains(ruleLabels, label) {
		return
	}
	for _, labels := range known {
		if slices.Contains(labels, label) {
			return
		}
	}
	t.Errorf("%s: no metric has the label %s", where, label)
}
