package prom

import (
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/prometheus/common/model"
)

// exporter serves one gauge, the test's own.
func exporter(t *testing.T) (gauge prometheus.Gauge, address string) {
	t.Helper()
	registry := prometheus.NewRegistry()
	gauge = prometheus.NewGauge(prometheus.GaugeOpts{Name: "broken", Help: "1 while something is broken."})
	registry.MustRegister(gauge)
	server := httptest.NewServer(promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	t.Cleanup(server.Close)
	return gauge, strings.TrimPrefix(server.URL, "http://")
}

func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestAlertIsDeliveredAndResolved(t *testing.T) {
	gauge, address := exporter(t)
	rules := write(t, "rules.yaml", `
groups:
- name: test
  rules:
  - record: broken:sum
    expr: sum(broken)
  - alert: Broken
    expr: broken > 0
    for: 1s
    labels: {severity: warning}
    annotations: {summary: "{{ $labels.job }} is broken"}
`)
	alertmanager := StartAlertmanager(t, AlertmanagerConfig{})
	server := Start(t, Config{
		Targets:       []Target{{Job: "one", Address: address}, {Job: "one", Address: address, Labels: map[string]string{"replica": "b"}}},
		RuleFiles:     []string{rules},
		Alertmanagers: []string{alertmanager.Address},
	})
	server.AwaitScraped(t)
	if delivered := alertmanager.Delivered(t); len(delivered) != 0 {
		t.Errorf("nothing is broken, but delivered: %v", names(delivered))
	}
	gauge.Set(1)
	if alert := alertmanager.AwaitFiring(t, "Broken"); alert.Annotations["summary"] != "one is broken" || alert.Receiver != "test" {
		t.Errorf("delivered: %+v", alert)
	}
	server.AwaitVector(t, "broken:sum == 2", NotEmpty)
	gauge.Set(0)
	alertmanager.AwaitResolved(t, "Broken")
}

func TestQuietAlertmanagerRoutes(t *testing.T) {
	gauge, address := exporter(t)
	gauge.Set(1)
	rules := write(t, "rules.yaml", `
groups:
- name: test
  rules:
  - {alert: Loud, expr: broken > 0, labels: {severity: critical}}
  - {alert: Quiet, expr: broken > 0, labels: {severity: info}}
`)
	alertmanager := StartAlertmanager(t, AlertmanagerConfig{Config: func(webhook string) string {
		return fmt.Sprintf(`
route:
  receiver: nobody
  group_wait: 100ms
  routes: [{receiver: pager, matchers: ["severity=critical"]}]
receivers: [{name: nobody}, {name: pager, webhook_configs: [{url: %q}]}]
`, webhook)
	}})
	server := Start(t, Config{
		Targets: []Target{{Job: "one", Address: address}}, RuleFiles: []string{rules}, Alertmanagers: []string{alertmanager.Address},
	})
	server.AwaitVector(t, `ALERTS{alertname="Quiet"}`, NotEmpty)
	if alert := alertmanager.AwaitFiring(t, "Loud"); alert.Receiver != "pager" {
		t.Errorf("delivered to %s", alert.Receiver)
	}
	for _, alert := range alertmanager.Delivered(t) {
		if alert.Name() == "Quiet" {
			t.Errorf("delivered to %s: %s", alert.Receiver, alert.Name())
		}
	}
}

func TestSamplesOfThePast(t *testing.T) {
	hourAgo := time.Now().Add(-time.Hour).Unix()
	samples := write(t, "samples.txt", fmt.Sprintf("# TYPE past gauge\npast 41 %d\npast 42 %d\n# EOF\n", hourAgo, hourAgo+30))
	server := Start(t, Config{OpenMetrics: samples})
	got := server.Vector(t, "last_over_time(past[2h])")
	if len(got) != 1 || got[0].Value != model.SampleValue(42) {
		t.Errorf("past is %v, want 42", got)
	}
}
