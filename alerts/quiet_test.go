package alerts_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lagscaler/lagscaler/alerts"
	"github.com/lagscaler/lagscaler/internal/promtest"
)

// TestQuietFleet simulates a day of consumer groups without a problem, but with patterns that look like problems to a
// simple rule: bursts, rollouts, groups without members, scale to zero. No critical alert may fire. The test covers the
// whole path: the engine polls three times per minute, the metrics are scraped every minute, and promtool evaluates the
// rules on the scraped series.
func TestQuietFleet(t *testing.T) {
	if os.Getenv(longVariable) == "" {
		t.Skipf("skipped: promtool evaluates a day; make long runs it, with %s", longVariable)
	}
	t.Parallel()
	promtool := promtest.Promtool(t)
	dir := write(t, alerts.Options{})
	var test strings.Builder
	test.WriteString("rule_files: [rules.yaml]\nevaluation_interval: 1m\ntests:\n  - interval: 1m\n    input_series:\n")
	rules := export(t, alerts.Options{}) + "lagscaler_group_rebalances_by_cause_total" // used below
	wanted := func(metric string) bool { return strings.Contains(rules, metric) }
	for _, s := range simulate(t, quietFleet(), minutesOfADay, wanted) {
		fmt.Fprintf(&test, "      - {series: '%s', values: '%s'}\n", strings.ReplaceAll(s.name, "'", "''"), s.values.String())
	}
	test.WriteString("    promql_expr_test:\n")
	expect := func(expr string, samples ...string) {
		fmt.Fprintf(&test, "      - {expr: '%s', eval_time: 1d, exp_samples: [%s]}\n", expr, strings.Join(samples, ", "))
	}
	is := func(labels string) string { return fmt.Sprintf("{labels: '{%s}', value: 1}", labels) }
	expect(`count_over_time(ALERTS{alertstate="firing", severity="critical"}[1d])`)

	// The day had events: warnings for groups that are not declared, one at night for a rest that nobody can tell apart from
	// records, and all of the following for declared groups.
	expect(`group by (alertname, group) (count_over_time(ALERTS{alertstate="firing"}[1d]))`,
		is(`alertname="LagscalerCommitsStand", group="payments"`), is(`alertname="LagscalerConsumerLagAboveSLO", group="abandoned"`), is(`alertname="LagscalerRecordsLost", group="abandoned"`))
	expect(`group by (group) (max_over_time(lagscaler_group_max_lag_records{group="orders"}[1d]) > 50000)`, is(`group="orders"`))
	expect(`group by (group) (increase(lagscaler_group_rebalances_by_cause_total{cause="deploy"}[1d]) > 30)`, is(`group="orders"`))
	expect(`group by (group) (max_over_time(lagscaler_group_lag_records{group=~"flink|mirror"}[1d]) > 0)`, is(`group="flink"`), is(`group="mirror"`))
	expect(`group by (group) (min_over_time(lagscaler_group_members[1d]) == 0 and max_over_time(lagscaler_group_members[1d]) > 0)`,
		is(`group="batch"`), is(`group="keda"`), is(`group="zero"`))
	expect(`group by (group) (min_over_time(lagscaler_group_lag_records{group="payments"}[1d]) > 0)`, is(`group="payments"`))

	if err := os.WriteFile(filepath.Join(dir, "test.yaml"), []byte(test.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	promtest.Run(t, dir, promtool, "test", "rules", "test.yaml")
}
