package metrics

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

const docs = "../../docs/metrics.md"

// tables are the chapters of docs/metrics.md that are made from the tables of this package.
func tables() string {
	var b strings.Builder
	metrics := append(Metrics(), CompatMetrics()...)
	for _, area := range Areas {
		fmt.Fprintf(&b, "\n### %s\n\n| metric | type | labels | meaning |\n|---|---|---|---|\n", area)
		for _, m := range metrics {
			if m.Area != area {
				continue
			}
			meaning := strings.NewReplacer("{sample}", "sampleInterval (1s)", "{interval}", "interval (10s)", "|", `\|`).Replace(m.Help)
			if m.Optional && area != AreaCompat {
				meaning += " *Opt-in.*"
			}
			if m.Stability == Experimental {
				meaning += " *Experimental.*"
			}
			fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", m.Name, m.Type, strings.Join(m.Labels, ", "), meaning)
		}
	}
	return b.String()
}

// docs/metrics.md says what the tables say. go generate writes it.
func TestDocs(t *testing.T) {
	page, err := os.ReadFile(docs)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(page), "<!-- tables: go generate ./internal/metrics -->\n")
	_, after, ok2 := strings.Cut(rest, "\n<!-- end of tables -->")
	if !ok || !ok2 {
		t.Fatal("the marks of the generated part are missing")
	}
	want := before + "<!-- tables: go generate ./internal/metrics -->\n" + tables() + "\n<!-- end of tables -->" + after
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.WriteFile(docs, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if want != string(page) {
		t.Errorf("%s differs from the tables: go generate ./internal/metrics", docs)
	}
}
