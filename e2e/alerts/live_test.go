package alerts

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"

	"github.com/lagscaler/lagscaler/alerts"
	"github.com/lagscaler/lagscaler/dashboards"
	"github.com/lagscaler/lagscaler/e2e/prom"
	"github.com/lagscaler/lagscaler/rebalancemon"
)

// timeScale makes the rules' hour a minute, and five minutes five seconds.
const timeScale = 60

// world is everything that runs.
type world struct {
	groups         map[string]*group
	leader, second *replica
	prometheus     *prom.Server
	alertmanager   *prom.Alertmanager
}

func start(t *testing.T) *world {
	t.Helper()
	w := &world{groups: map[string]*group{}, alertmanager: prom.StartAlertmanager(t, prom.AlertmanagerConfig{})}
	brokers := startBrokers(t)
	produce(t, brokers)
	for _, name := range names {
		w.groups[name] = newGroup(t, brokers, name, 3)
	}
	scalers := targets{w.groups["scaled"]}
	w.leader, w.second = startReplica(t, brokers, scalers), startReplica(t, brokers, scalers)
	w.leader.leading.Store(true)

	rules, err := os.Create(filepath.Join(t.TempDir(), "rules.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if err := alerts.Export(rules, alerts.Options{TimeScale: timeScale}); err != nil {
		t.Fatal(err)
	}
	if err := rules.Close(); err != nil {
		t.Fatal(err)
	}
	w.prometheus = prom.Start(t, prom.Config{
		Interval: 500 * time.Millisecond, RuleFiles: []string{rules.Name()}, Alertmanagers: []string{w.alertmanager.Address},
		Targets: []prom.Target{
			{Job: "lagscaler", Address: w.leader.address},
			{Job: "lagscaler", Address: w.second.address},
			{Job: "compat", Address: w.leader.address, Path: "/metrics/compat"},
		},
	})
	w.prometheus.AwaitScraped(t)
	for _, name := range names {
		w.await(t, fmt.Sprintf(`rate(lagscaler_group_consumed_records_total{group=%q}[5s]) > 0 and lagscaler_group_members == 3`, name))
	}
	return w
}

func (w *world) await(t *testing.T, expr string) model.Vector {
	t.Helper()
	return w.prometheus.AwaitVector(t, expr, prom.NotEmpty)
}

// TestAlerts makes each trouble, sees its alert delivered, ends it, and sees the alert resolved; and sees nothing for
// the groups that are well, scaled or rolled out.
func TestAlerts(t *testing.T) {
	w := start(t)
	gone, frozen, restarted, scaled := w.groups["gone"], w.groups["frozen"], w.groups["restarted"], w.groups["scaled"]

	gone.resize(0)
	frozen.frozen.Store(true)
	scaled.hint(rebalancemon.Hint{At: time.Now(), Kind: rebalancemon.RolledOut, Until: time.Now().Add(time.Minute)})
	for i := range 6 {
		before := w.rebalances(t, "restarted", "scaled")
		restarted.replace()
		from, to := len(scaled.members), 3+i%2
		scaled.hint(rebalancemon.Hint{At: time.Now(), Kind: rebalancemon.Resized, From: int32(from), To: int32(to)})
		scaled.resize(to)
		scaled.replace()
		for group, n := range before { // each of them is seen before the next
			w.await(t, fmt.Sprintf(`%s > %g`, total(group), n))
		}
	}
	for alert, group := range map[string]string{
		"LagscalerGroupEmpty": "gone", "LagscalerProcessingStopped": "frozen", "LagscalerRebalanceStorm": "restarted",
	} {
		got := w.alertmanager.AwaitFiring(t, alert)
		if got.Labels["group"] != group || got.Labels["kafka_cluster"] != cluster || got.Labels["severity"] != "critical" {
			t.Errorf("%s has the labels %v", alert, got.Labels)
		}
		checkTexts(t, got)
	}
	planned := w.await(t, `sum(lagscaler_group_rebalances_by_cause_total{group="scaled", cause=~"scaling|deploy"})`)[0].Value
	if planned < 6 {
		t.Errorf("only %v rebalances of the scaled group are known to be our own", planned)
	}

	gone.resize(3)
	frozen.frozen.Store(false)
	for _, alert := range []string{"LagscalerGroupEmpty", "LagscalerProcessingStopped", "LagscalerRebalanceStorm"} {
		w.alertmanager.AwaitResolved(t, alert)
	}
	for _, a := range w.alertmanager.Delivered(t) {
		// With a second for a minute, its members really change by more than a tenth a minute: a warning, and right.
		churn := a.Labels["group"] == "scaled" && a.Name() == "LagscalerMemberChurn"
		if group := a.Labels["group"]; !churn && (group == "scaled" || group == "healthy" || group == "") {
			t.Errorf("%s was delivered for %v", a.Name(), a.Labels)
		}
	}
	w.checkDashboards(t)
	w.checkCompat(t)
	w.checkHandover(t)
}

func total(group string) string {
	return fmt.Sprintf(`sum(lagscaler_group_rebalances_total{group=%q})`, group)
}

// rebalances counts those of some groups so far.
func (w *world) rebalances(t *testing.T, groups ...string) map[string]float64 {
	t.Helper()
	n := map[string]float64{}
	for _, group := range groups {
		n[group] = float64(w.await(t, total(group))[0].Value)
	}
	return n
}

// checkTexts looks for what a template left behind when it failed.
func checkTexts(t *testing.T, a prom.Alert) {
	t.Helper()
	for _, name := range []string{"summary", "description", "runbook_url"} {
		text := a.Annotations[name]
		if text == "" || strings.Contains(text, "error expanding") || strings.Contains(text, "<no value>") || strings.Contains(text, "{{") {
			t.Errorf("%s: the %s is %q", a.Name(), name, text)
		}
	}
	if !strings.Contains(a.Annotations["description"], a.Labels["group"]) {
		t.Errorf("%s does not name its group: %s", a.Name(), a.Annotations["description"])
	}
}

// empty are the queries that answer nothing when all is well.
var empty = map[string]string{
	"lagscaler-scaling Holds past their deadline A": "no hold is overdue",
	"lagscaler-group About the group C":             "advice is absent unless it holds",
	"lagscaler-group Drained in A":                  "nothing drains while lag is steady",
	"lagscaler-overview Groups E":                   "the same",
	"lagscaler-scaling Replicas written":            "an annotation: nothing was written, the scaler only advises",
	"Critical alerts":                               "an annotation: nothing fires any more",
}

// checkDashboards asks every query of every dashboard: each answers, but for a few.
func (w *world) checkDashboards(t *testing.T) {
	t.Helper()
	all, err := dashboards.All()
	if err != nil {
		t.Fatal(err)
	}
	fill := strings.NewReplacer("$__rate_interval", "10s", "$kafka_cluster", ".*", "$group", ".*", "$topic", ".*")
	asked := 0
	for _, d := range all {
		var board struct {
			Panels []struct {
				Title   string                         `json:"title"`
				Targets []struct{ Expr, RefID string } `json:"targets"`
			} `json:"panels"`
		}
		if err := json.Unmarshal(d.JSON, &board); err != nil {
			t.Fatal(err)
		}
		for _, p := range board.Panels {
			for _, q := range p.Targets {
				asked++
				where := d.UID + " " + p.Title + " " + q.RefID
				if _, allowed := empty[where]; !allowed { // a busy machine may miss two polls, and then gauges vanish for a while
					t.Logf("%s: %d series", where, len(w.await(t, fill.Replace(q.Expr))))
				}
			}
		}
	}
	if asked < 80 {
		t.Errorf("only %d queries were asked", asked)
	}
}

// checkCompat asks kafka_exporter's published queries, and ours for the same.
func (w *world) checkCompat(t *testing.T) {
	t.Helper()
	for _, q := range []struct {
		theirs, ours string
		labels       map[model.LabelName]model.LabelName
		tolerance    float64 // of rates, whose scrapes are not at the same moment
	}{
		{`sum(kafka_consumergroup_lag) by (consumergroup, topic)`, `sum(lagscaler_topic_lag_records) by (group, topic)`, map[model.LabelName]model.LabelName{"consumergroup": "group"}, 0},
		{`sum(kafka_consumergroup_lag_sum) by (consumergroup, topic)`, `sum(lagscaler_partition_lag_records) by (group, topic)`, map[model.LabelName]model.LabelName{"consumergroup": "group"}, 0},
		{`sum(kafka_consumergroup_current_offset) by (consumergroup, topic)`, `sum(lagscaler_partition_committed_offset) by (group, topic)`, map[model.LabelName]model.LabelName{"consumergroup": "group"}, 0},
		{`sum(rate(kafka_topic_partition_current_offset[1m])) by (topic)`, `sum(rate(lagscaler_partition_end_offset[1m])) by (topic)`, nil, 0.1},
		{`sum(rate(kafka_consumergroup_current_offset[1m])) by (consumergroup, topic)`, `sum(rate(lagscaler_partition_committed_offset[1m])) by (group, topic)`, map[model.LabelName]model.LabelName{"consumergroup": "group"}, 0.1},
		{`sum by (consumergroup) (kafka_consumergroup_members)`, `sum by (group) (lagscaler_group_members)`, map[model.LabelName]model.LabelName{"consumergroup": "group"}, 0},
		{`sum(kafka_topic_partitions)`, `sum(count by (topic) (count by (topic, partition) (lagscaler_partition_end_offset)))`, nil, 0},
		{`sum(kafka_brokers)`, `sum(lagscaler_brokers)`, nil, 0},
	} {
		// Both pages show the last Report, but are scraped one after the other: now and then they are of the same one.
		// The time of the last poll in both is what tells; it is enough that both agree at some moment.
		w.prometheus.AwaitVector(t, q.theirs, func(theirs model.Vector) bool {
			ours := w.prometheus.Vector(t, q.ours)
			return len(theirs) > 0 && agree(theirs, ours, q.labels, q.tolerance)
		})
	}
}

// agree reports whether two vectors have the same values for the same labels, theirs under other names.
func agree(theirs, ours model.Vector, rename map[model.LabelName]model.LabelName, tolerance float64) bool {
	values := map[string]float64{}
	for _, s := range theirs {
		labels := model.Metric{}
		for name, value := range s.Metric {
			if other, ok := rename[name]; ok {
				name = other
			}
			labels[name] = value
		}
		values[labels.String()] = float64(s.Value)
	}
	found := map[string]float64{}
	for _, s := range ours {
		found[s.Metric.String()] = float64(s.Value)
	}
	return maps.EqualFunc(values, found, func(a, b float64) bool { return math.Abs(a-b) <= tolerance*math.Abs(b) })
}

// checkHandover sees that the follower showed itself only, and that two leaders at once, as for some seconds after a
// hand-over, double nothing that an alert or a dashboard looks at.
func (w *world) checkHandover(t *testing.T) {
	t.Helper()
	once := func(v model.Vector) bool { return len(v) == len(names) && !slices.ContainsFunc(v, isNot(1)) }
	w.prometheus.AwaitVector(t, `count by (group) (lagscaler_group_members)`, once)
	if got := w.prometheus.Vector(t, `count(lagscaler_leader) - sum(lagscaler_leader)`); len(got) != 1 || got[0].Value != 1 {
		t.Errorf("followers: %v", got)
	}
	w.second.leading.Store(true)
	twice := func(v model.Vector) bool { return len(v) == len(names) && !slices.ContainsFunc(v, isNot(2)) }
	w.prometheus.AwaitVector(t, `count by (group) (lagscaler_group_members)`, twice)
	w.prometheus.AwaitVector(t, `count by (group) (kafka_cluster_group:lagscaler_group_members:max)`, once)
	members := 0
	for _, g := range w.groups {
		members += len(g.members)
	}
	w.await(t, fmt.Sprintf(`sum(max by (kafka_cluster, group) (lagscaler_group_members)) == %d`, members))
	w.groups["gone"].resize(0)
	w.prometheus.AwaitVector(t, `count by (group, alertname) (ALERTS{alertname="LagscalerGroupEmpty", alertstate="firing"})`,
		func(v model.Vector) bool { return len(v) == 1 && v[0].Value == 1 })
}

func isNot(value model.SampleValue) func(*model.Sample) bool {
	return func(s *model.Sample) bool { return s.Value != value }
}
