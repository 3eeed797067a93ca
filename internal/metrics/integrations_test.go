package metrics

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The queries of docs/integrations.md name metrics and labels that are exposed.
func TestIntegrationsNameMetrics(t *testing.T) {
	text, err := os.ReadFile("../../docs/integrations.md")
	if err != nil {
		t.Fatal(err)
	}
	queries := regexp.MustCompile(`(lagscaler_\w+)(?:\{([^}<]*)\})?`).FindAllStringSubmatch(string(text), -1)
	if len(queries) < 3 {
		t.Fatalf("%d queries", len(queries))
	}
	for _, q := range queries {
		all := Metrics()
		i := slices.IndexFunc(all, func(m Metric) bool { return m.Name == q[1] })
		if i < 0 {
			t.Errorf("%s is not exposed", q[1])
			continue
		}
		for _, matcher := range strings.FieldsFunc(q[2], func(r rune) bool { return r == ',' }) {
			if label, _, ok := strings.Cut(matcher, "="); !ok || !slices.Contains(all[i].Labels, label) {
				t.Errorf("%s has no label %q: %v", q[1], label, all[i].Labels)
			}
		}
	}
}
