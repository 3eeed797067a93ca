package worlds

import (
	"cmp"
	"fmt"
	"maps"
	"os"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"
)

// modelled are the expressions that alerts_test.go models. If one of them changes, the model must change with it.
var modelled = map[string]string{
	"ProcessingStopped": `(
		kafka_cluster_group:lagscaler_group_lag_records:max > 0
		and on (kafka_cluster, group) max by (kafka_cluster, group) (lagscaler_group_partitions_stalled) > 0
		and on (kafka_cluster, group) max by (kafka_cluster, group) (rate(lagscaler_group_consumed_records_total[2m])) == 0
		and on (kafka_cluster, group) kafka_cluster_group:lagscaler_group_members:max > 0
		unless on (kafka_cluster, group) kafka_cluster_group:lagscaler_scaler_suspended:max
		) * on (kafka_cluster, group) group_right () (kafka_cluster_group_tier:lagscaler_group_slo_lag_records:max ^ 0)`,
	"PartitionStalled": `(max by (kafka_cluster, group) (lagscaler_group_partitions_stalled) > 0)
		* on (kafka_cluster, group) group_right () (kafka_cluster_group_tier:lagscaler_group_slo_lag_records:max ^ 0)`,
	"GroupEmpty": `(
		kafka_cluster_group:lagscaler_group_lag_records:max > 0
		unless on (kafka_cluster, group)
		kafka_cluster_group:lagscaler_group_lag_records:max <= kafka_cluster_group:lagscaler_group_read_records:max
		and on (kafka_cluster, group) kafka_cluster_group:lagscaler_group_members:max == 0
		and on (kafka_cluster, group) kafka_cluster_group:lagscaler_group_members:max1d > 0
		unless on (kafka_cluster, group) kafka_cluster_group:lagscaler_scaler_suspended:max
		) * on (kafka_cluster, group) group_right () (kafka_cluster_group_tier:lagscaler_group_slo_lag_records:max ^ 0)`,
}

// burnModelled are the expressions that burn_test.go models; the ratios are those of the windows of burnRules.
var burnModelled = map[string]string{
	"kafka_cluster_group:lagscaler_group_lag_late:bool": `(
		max by (kafka_cluster, group) (lagscaler_group_max_lag_seconds)
		> on (kafka_cluster, group)
		max by (kafka_cluster, group) (lagscaler_group_slo_lag_seconds{tier="declared"})
		unless on (kafka_cluster, group)
		kafka_cluster_group:lagscaler_scaler_suspended:max
		unless on (kafka_cluster, group)
		(
		max by (kafka_cluster, group) (lagscaler_group_max_lag_seconds)
		< on (kafka_cluster, group)
		max by (kafka_cluster, group) (lagscaler_group_may_be_read_seconds)
		)
		) ^ 0
		or
		(
		0 * max by (kafka_cluster, group) (lagscaler_group_max_lag_seconds)
		and on (kafka_cluster, group)
		max by (kafka_cluster, group) (lagscaler_group_slo_lag_seconds{tier="declared"})
		)`,
	"lagscaler:evaluation:one": `vector(1)`,
	"LagscalerLagSLOBurnFast": `kafka_cluster_group:lagscaler_group_lag_late:ratio_avg1h > 14.4 * 0.001
		and
		kafka_cluster_group:lagscaler_group_lag_late:ratio_avg5m > 14.4 * 0.001`,
	"LagscalerLagSLOBurnSlow": `kafka_cluster_group:lagscaler_group_lag_late:ratio_avg6h > 6 * 0.001
		and
		kafka_cluster_group:lagscaler_group_lag_late:ratio_avg30m > 6 * 0.001`,
}

func TestTheModelOfLatenessIsThatOfTheRules(t *testing.T) {
	want := maps.Clone(burnModelled)
	for _, window := range []string{"5m", "30m", "1h", "6h"} {
		want["kafka_cluster_group:lagscaler_group_lag_late:ratio_avg"+window] = fmt.Sprintf(
			"sum_over_time(kafka_cluster_group:lagscaler_group_lag_late:bool[%s]) / scalar(count_over_time(lagscaler:evaluation:one[%s]))", window, window)
	}
	for _, r := range append(rulesIn(t, "recording"), rulesIn(t, "groups")...) {
		name := cmp.Or(r.Alert, r.Record)
		if expr, ok := want[name]; ok && (words(r.Expr) != words(expr) || r.For != "") {
			t.Errorf("%s changed: change its model in burn_test.go, and then this test\n%s", name, r.Expr)
		}
		delete(want, name)
	}
	for name := range want {
		t.Errorf("%s is not in alerts/rules", name)
	}
}

// ruleText is a rule of package alerts.
type ruleText struct{ Alert, Record, Expr, For string }

func rulesIn(t *testing.T, file string) (list []ruleText) {
	t.Helper()
	text, err := os.ReadFile("../../../alerts/rules/" + file + ".yaml")
	if err != nil {
		t.Fatal(err)
	}
	var content struct{ Groups []struct{ Rules []ruleText } }
	if err := yaml.Unmarshal(text, &content); err != nil {
		t.Fatal(err)
	}
	for _, group := range content.Groups {
		list = append(list, group.Rules...)
	}
	return list
}

func words(s string) string { return strings.Join(strings.Fields(s), " ") }

func TestTheModelIsThatOfTheRules(t *testing.T) {
	found := 0
	for _, r := range rulesIn(t, "groups") {
		for _, model := range rules {
			if r.Alert != "Lagscaler"+model.name {
				continue
			}
			found++
			if after, err := time.ParseDuration(r.For); words(r.Expr) != words(modelled[model.name]) || err != nil || after != model.after {
				t.Errorf("%s changed: change its model in alerts_test.go, and then this test\n%s\nfor %s", r.Alert, r.Expr, r.For)
			}
		}
	}
	if found != len(rules) {
		t.Errorf("%d of %d rules are in alerts/rules", found, len(rules))
	}
}
