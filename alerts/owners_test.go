package alerts_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/lagscaler/lagscaler/alerts"
	"github.com/lagscaler/lagscaler/internal/promtest"
)

// noOwner are the alerts that concern neither a group nor a scaler.
var noOwner = []string{
	"LagscalerAbsent", "LagscalerClusterConfigRefused", "LagscalerConfigReloadFailed", "LagscalerDataStale", "LagscalerFleetStopped", "LagscalerForeignCluster", "LagscalerKafkaThrottled", "LagscalerMessagesLost", "LagscalerNoLeader", "LagscalerPanics", "LagscalerShardSilent",
	"LagscalerTwoInstallations", "LagscalerUnderReplicated",
}

// Every alert of a group or a scaler joins whose it is, and nothing else changes.
func TestOwnersAreJoined(t *testing.T) {
	before, after := parse(t, alerts.Options{}), parse(t, alerts.Options{Owners: []string{"team", "product"}})
	for i, g := range after.Groups {
		for k, r := range g.Rules {
			own := before.Groups[i].Rules[k]
			joined := strings.Contains(r.Expr, "group_left (team, product)")
			if want := r.Alert != "" && !slices.Contains(noOwner, r.Alert); joined != want {
				t.Errorf("%s%s: joined %v, want %v:\n%s", r.Alert, g.Name, joined, want, r.Expr)
			}
			squeeze := func(s string) string { return strings.Join(strings.Fields(s), " ") }
			if n := strings.Count(squeeze(r.Expr), squeeze(own.Expr)); joined && n != 2 || !joined && r.Expr != own.Expr {
				t.Errorf("%s: its own expression is there %d times:\n%s", r.Alert, n, r.Expr)
			}
			if r.Alert != own.Alert || r.Annotations["summary"] != own.Annotations["summary"] {
				t.Errorf("%s became %s", own.Alert, r.Alert)
			}
		}
	}
}

func TestOwnerLabelsAreChecked(t *testing.T) {
	for _, name := range []string{"", "team name", "9", "severity", `team) or (x`} {
		if err := (alerts.Options{Owners: []string{name}}).Check(); err == nil {
			t.Errorf("%q is accepted", name)
		}
	}
}

// An alert has the labels of its group or scaler: of each group its own, of a group without an owner none; while the old and the new
// leader say different ones, it fires once.
func TestOwnersOfAlerts(t *testing.T) {
	promtool := promtest.Promtool(t)
	dir := write(t, alerts.Options{Owners: []string{"team"}})
	const test = `rule_files: [rules.yaml]
evaluation_interval: 30s
tests:
- interval: 30s
  input_series:
  - {series: 'lagscaler_build_info', values: '1x40'}
  - {series: 'lagscaler_group_max_lag_records{kafka_cluster="main", group="orders"}', values: '60000x40'}
  - {series: 'lagscaler_group_slo_lag_records{kafka_cluster="main", group="orders", tier="declared"}', values: '50000x40'}
  - {series: 'lagscaler_group_owner_info{kafka_cluster="main", group="orders", team="shop"}', values: '1x40'}
  - {series: 'lagscaler_group_max_lag_records{kafka_cluster="main", group="moves"}', values: '60000x40'}
  - {series: 'lagscaler_group_slo_lag_records{kafka_cluster="main", group="moves", tier="declared"}', values: '50000x40'}
  - {series: 'lagscaler_group_owner_info{kafka_cluster="main", group="moves", team="old", instance="a"}', values: '1x40'}
  - {series: 'lagscaler_group_owner_info{kafka_cluster="main", group="moves", team="new", instance="b"}', values: '1x40'}
  - {series: 'lagscaler_group_max_lag_records{kafka_cluster="main", group="nobodys"}', values: '60000x40'}
  - {series: 'lagscaler_group_slo_lag_records{kafka_cluster="main", group="nobodys", tier="default"}', values: '50000x40'}
  - {series: 'lagscaler_group_max_lag_records{kafka_cluster="other", group="orders"}', values: '60000x40'}
  - {series: 'lagscaler_group_slo_lag_records{kafka_cluster="other", group="orders", tier="declared"}', values: '50000x40'}
  - {series: 'lagscaler_group_owner_info{kafka_cluster="other", group="orders", product="x"}', values: '1x40'}
  - {series: 'lagscaler_scaler_hold_overdue{target_namespace="shop", target_kind="Deployment", target="orders", reason="Stale"}', values: '1x40'}
  - {series: 'lagscaler_scaler_owner_info{target_namespace="shop", target_kind="Deployment", target="orders", team="shop"}', values: '1x40'}
  promql_expr_test:
  - expr: 'count by (alertname, kafka_cluster, group, target, team) (ALERTS{alertstate="firing", group!="moves"})'
    eval_time: 18m
    exp_samples:
    - {labels: '{alertname="LagscalerConsumerLagAboveSLO", kafka_cluster="main", group="orders", team="shop"}', value: 1}
    - {labels: '{alertname="LagscalerConsumerLagAboveSLO", kafka_cluster="main", group="nobodys"}', value: 1}
    - {labels: '{alertname="LagscalerConsumerLagAboveSLO", kafka_cluster="other", group="orders"}', value: 1}
    - {labels: '{alertname="LagscalerHoldOverdue", target="orders", team="shop"}', value: 1}
  - expr: 'count by (alertname, group) (ALERTS{alertstate="firing", group="moves", team=~"old|new"})'
    eval_time: 18m
    exp_samples:
    - {labels: '{alertname="LagscalerConsumerLagAboveSLO", group="moves"}', value: 1}
`
	if err := os.WriteFile(filepath.Join(dir, "test.yaml"), []byte(test), 0o600); err != nil {
		t.Fatal(err)
	}
	promtest.Run(t, dir, promtool, "test", "rules", "test.yaml")
}
