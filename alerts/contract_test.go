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
	"github.com/lagscaler/lagscaler/scaler/seen"
)

// known returns the metrics that the daemon exports, and the series of the recording rules.
func known(t *testing.T) promtest.Metrics {
	t.Helper()
	k := promtest.Metrics{}
	for _, m := range append(metrics.Metrics(), metrics.CompatMetrics()...) {
		k[m.Name] = append([]string{}, m.Labels...)
	}
	levels := map[string][]string{
		"kafka_cluster_group":      {"kafka_cluster", "group"},
		"kafka_cluster_group_tier": {"kafka_cluster", "group", "tier"},
		"lagscaler":                {},
	}
	for _, m := range regexp.MustCompile(`- record: (\w+)(:\S+)`).FindAllStringSubmatch(export(t, alerts.Options{}), -1) {
		labels, ok := levels[m[1]]
		if !ok {
			t.Errorf("recording rule %s%s: this test does not know the labels of the level %s", m[1], m[2], m[1])
		}
		k[m[1]+m[2]] = labels
	}
	return k
}

func TestRulesUseExistingMetrics(t *testing.T) {
	promtest.Check(t, "rules", export(t, alerts.Options{}), known(t))
}

// The promtool tests use metrics that the daemon exports.
func TestTestdataUsesExistingMetrics(t *testing.T) {
	files, err := filepath.Glob("testdata/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		promtest.Check(t, file, read(t, file), known(t))
	}
}

func TestDocsNameExistingMetrics(t *testing.T) {
	k := known(t)
	for file := range pages(t) {
		for _, word := range regexp.MustCompile("`[^`\n]+`").FindAllString(read(t, file), -1) {
			if !strings.Contains(word, "…") { // a group of names, such as lagscaler_group_…
				promtest.Check(t, file, word, k)
			}
		}
	}
}

// pages returns the files of the documentation.
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

// Every counter that a rule uses in rate or increase is exported with value 0 as soon as its group or scaler is known.
// Otherwise Prometheus would miss the first event.
func TestCountersStartAtZero(t *testing.T) {
	at := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	report := &engine.Report{
		At: at, Leader: true, Polls: []engine.PollStats{{Cluster: "main"}},
		Clusters: []*engine.ClusterReport{{
			Name: "main", Snapshot: &lag.Snapshot{},
			Groups: []engine.GroupReport{{Lag: &lag.GroupLag{GroupState: lag.GroupState{Group: "new"}, ReadAt: at}}},
		}},
		Scalers: []engine.ScalerReport{{Outcome: scaler.Outcome{Scaler: scaler.Scaler{Workload: seen.Workload{Ref: seen.Ref{Name: "new"}}}}}},
	}
	for _, part := range engine.Parts {
		report.Panics = append(report.Panics, engine.PanicCount{Part: part})
	}
	w := httptest.NewRecorder()
	metrics.New(metrics.Options{
		Latest: func() *engine.Report { return report }, Receivers: func() []metrics.Receiver { return []metrics.Receiver{{Name: "new"}} },
	}).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", http.NoBody))
	counters := regexp.MustCompile(`(?:rate|increase)\((\w+)(?:\{(\w+="\w+")\})?`).FindAllStringSubmatch(export(t, alerts.Options{}), -1)
	if len(counters) < 8 {
		t.Errorf("found only %d counters", len(counters))
	}
	for _, c := range counters {
		line := regexp.MustCompile(`(?m)^` + c[1] + `\{.*` + c[2] + `.*\} 0$`)
		if !line.MatchString(w.Body.String()) {
			t.Errorf("%s{%s} does not start at 0", c[1], c[2])
		}
	}
}
