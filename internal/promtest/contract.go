package promtest

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

// Known are the metrics that exist, each with its labels.
type Known map[string][]string

// scraped are the labels that a scrape adds; alerting are those that rules add.
var (
	scraped  = []string{"job", "instance", "namespace", "le"}
	alerting = []string{"alertname", "alertstate", "severity", "limit"}
)

var (
	name     = regexp.MustCompile(`[a-zA-Z_:][a-zA-Z0-9_:]*`)
	selector = regexp.MustCompile(`([a-zA-Z_:][a-zA-Z0-9_:]*)\{([^{}]*)\}`)
	matcher  = regexp.MustCompile(`([a-zA-Z_][a-zA-Z0-9_]*)\s*(?:=~|!~|!=|=)\s*"`)
	grouping = regexp.MustCompile(`\b(?:by|without|on|ignoring|group_left|group_right)\s*\(([^()]*)\)`)
	template = regexp.MustCompile(`\$labels\.([a-zA-Z_][a-zA-Z0-9_]*)`)
)

// Check holds an expression, or any text with expressions in it, against what exists: every metric of ours, every label
// of a selector, a grouping or a template.
func Check(t testing.TB, where, text string, known Known) {
	t.Helper()
	for _, n := range name.FindAllString(text, -1) {
		if ours(n) && known[n] == nil {
			t.Errorf("%s: there is no metric %s", where, n)
		}
	}
	for _, m := range selector.FindAllStringSubmatch(text, -1) {
		if !ours(m[1]) {
			continue
		}
		for _, l := range matcher.FindAllStringSubmatch(m[2], -1) {
			if !slices.Contains(known[m[1]], l[1]) && !slices.Contains(scraped, l[1]) {
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

// ours reports whether a name is a metric of this program or a series recorded from one.
func ours(n string) bool {
	return (strings.HasPrefix(n, "lagscaler_") || strings.Contains(n, ":lagscaler_")) && !strings.HasSuffix(n, "_")
}

func checkLabel(t testing.TB, where, label string, known Known) {
	t.Helper()
	if label == "" || slices.Contains(scraped, label) || slices.Contains(alerting, label) {
		return
	}
	for _, labels := range known {
		if slices.Contains(labels, label) {
			return
		}
	}
	t.Errorf("%s: no metric has the label %s", where, label)
}
