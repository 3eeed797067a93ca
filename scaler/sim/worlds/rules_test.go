package worlds

import (
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

func TestTheModelIsThatOfTheRules(t *testing.T) {
	text, err := os.ReadFile("../../../alerts/rules/groups.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Groups []struct {
			Rules []struct {
				Alert string
				Expr  string
				For   string
			}
		}
	}
	if err := yaml.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	words := func(s string) string { return strings.Join(strings.Fields(s), " ") }
	found := 0
	for _, group := range file.Groups {
		for _, r := range group.Rules {
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
	}
	if found != len(rules) {
		t.Errorf("%d of %d rules are in alerts/rules", found, len(rules))
	}
}
