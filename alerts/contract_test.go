package alerts_test

import (
	"io/fs"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/alerts"
	"github.com/lagscaler/lagscaler/internal/engine"
	"github.com/lagscaler/lagscaler/internal/metrics"
	"github.com/lagscaler/lagscaler/internal/promtest"
	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/scaler"
)

// known is what the daemon exposes, and what the rules record from it.
func known(t *testing.T) promtest.Metrics {
	t.Helper()
	k := promtest.Metrics{}
	for _, m := range append(metrics.Metrics(), metrics.CompatMetrics()...) {
		k[m.Name] = append([]string{}, m.Labels...)
	}
	levels := map[string][]string{
		"kafka_cluster_group":      {"kafka_cluster", "group"},
		"kafka_cluster_group_tier": {"kafka_cluster", "group", "tier"},
	}
	for _, m := range regexp.MustCompile(`- record: (\w+)(:\S+)`).FindAllStringSubmatch(export(t, alerts.Options{}), -1) {
		labels, ok := levels[m[1]]
		if !ok {
			t.Errorf("recorded %s%s: which labels has the level %s?", m[1], m[2], m[1])
		}
		k[m[1]+m[2]] = labels
	}
	return k
}

func TestRulesUseWhatExists(t *testing.T) {
	promtest.Check(t, "rules", export(t, alerts.Options{}), known(t))
}

// The promtool tests feed series as the daemon exposes them.
func TestTestdataUsesWhatExists(t *testing.T) {
	files, err := filepath.Glob("testdata/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		promtest.Check(t, file, read(t, file), known(t))
	}
}

func TestDocsNameWhatExists(t *testing.T) {
	k := known(t)
	for file := range pages(t) {
		for _, word := range regexp.MustCompile("`[^`\n]+`").FindAllString(read(t, file), -1) {
			if !strings.Contains(word, "…") { // a family of names
				promtest.Check(t, file, word, k)
			}
		}
	}
}

// pages are all pages of documentation.
func pages(t *testing.T) map[string]bool {
	t.Helper()
	found := map[string]bool{}
	err := filepath.WalkDir("../docs", func(path string, d fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, ".md") {
			found[path] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// A counter that a rule takes the increase of is there, at 0, when its group or scaler is first seen: else the first
// event would be lost.
func TestCountersBeginAtZero(t *testing.T) {
	at := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	report := &engine.Report{
		At: at, Leader: true,
		Clusters: []*engine.ClusterReport{{
			Name: "main", Snapshot: &lag.Snapshot{},
			Groups: []engine.GroupReport{{Lag: &lag.GroupLag{GroupState: lag.GroupState{Group: "new"}, ReadAt: at}}},
		}},
		Scalers: []engine.ScalerReport{{Outcome: scaler.Outcome{Scaler: scaler.Scaler{Workload: scaler.Workload{Ref: scaler.Ref{Name: "new"}}}}}},
	}
	w := httptest.NewRecorder()
	metrics.New(metrics.Options{Latest: func() *engine.Report { return report }}).
		ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", http.NoBody))
	counters := regexp.MustCompile(`(?:rate|increase)\((\w+)(?:\{(\w+="\w+")\})?`).FindAllStringSubmatch(export(t, alerts.Options{}), -1)
	if len(counters) < 8 {
		t.Errorf("found only %d counters", len(counters))
	}
	for _, c := range counters {
		line := regexp.MustCompile(`(?m)^` + c[1] + `\{.*` + c[2] + `.*\} 0$`)
		if !line.MatchString(w.Body.String()) {
			t.Errorf("%s{%s} does not begin at 0", c[1], c[2])
		}
	}
}
