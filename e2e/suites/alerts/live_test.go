package alerts

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"

	"github.com/lagscaler/lagscaler/e2e/servers/prom"
)

// trouble is an alert that is to come, and of whom.
type trouble struct{ alert, cluster, group, severity string }

var troubles = []trouble{
	{"LagscalerGroupEmpty", cluster, "gone", "critical"},
	{"LagscalerRebalanceStorm", cluster, "restarted", "critical"},
	{"LagscalerPartitionStalled", cluster, "poisoned", "critical"},
	{"LagscalerDataStale", "island", "", "critical"},
	{"LagscalerProcessingStopped", cluster, "frozen", "critical"}, // and its partitions are stalled
}

// TestAlerts makes each trouble, sees its alert delivered, ends it, and sees the alert resolved; and sees nothing for
// the groups that are well, scaled or rolled out.
func TestAlerts(t *testing.T) {
	t.Parallel()
	e := open(t) // the slow troubles have begun: a partition is poisoned, and a cluster cut off
	e.groups["gone"].resize(0)
	e.groups["frozen"].frozen.Store(true)
	for range 6 {
		e.disturb(t, "restarted", e.groups["restarted"].replace)
	}
	e.scale(t)
	for _, c := range troubles[:2] {
		e.checkFiring(t, c)
	}

	e.groups["gone"].resize(atRest("gone"))
	e.checkCompat(t)
	e.checkReplicas(t)
	for _, c := range troubles[2:] { // the slow ones
		e.checkFiring(t, c)
	}
	e.groups["frozen"].frozen.Store(false)
	e.groups["poisoned"].poisoned.Store(false)
	e.secondCluster.join()
	for _, c := range troubles {
		e.alertmanager.AwaitResolved(t, c.alert)
	}
	e.checkDelivered(t)
	e.checkDashboards(t)
}

// scale lets lagscaler scale the workload up and down, and rolls it out twice: more rebalances within the window of the
// rule than a group may have, all of them planned. Decisions are half a minute apart.
func (e *environment) scale(t *testing.T) {
	t.Helper()
	for _, n := range []int32{2 * pods, pods} {
		e.disturb(t, "scaled", func() { e.resize(t, n) })
	}
	for range 2 {
		e.disturb(t, "scaled", func() { e.rollOut(t) })
	}
	e.await(t, `max by (group) (round(sum by (group, instance) (increase(lagscaler_group_rebalances_total{group="scaled"}[1m])))) > 4`)
	for expr, least := range map[string]int{
		`lagscaler_group_rebalances_by_cause_total{group="scaled", cause="scaling"}`: 2,
		`lagscaler_group_rebalances_by_cause_total{group="scaled", cause="deploy"}`:  2,
		`lagscaler_scaler_scale_events_total{direction="up"}`:                        1,
		`lagscaler_scaler_scale_events_total{direction="down"}`:                      1,
	} {
		e.await(t, fmt.Sprintf(`max(%s) >= %d`, expr, least))
	}
}

func (e *environment) checkFiring(t *testing.T, c trouble) {
	t.Helper()
	got := e.alertmanager.AwaitFiring(t, c.alert)
	if !c.is(got) || got.Labels["severity"] != c.severity {
		t.Errorf("%s has the labels %v", c.alert, got.Labels)
	}
	for _, name := range []string{"summary", "description", "runbook_url"} {
		text := got.Annotations[name] // what a template leaves behind when it fails
		if text == "" || strings.Contains(text, "error expanding") || strings.Contains(text, "<no value>") || strings.Contains(text, "{{") {
			t.Errorf("%s: the %s is %q", c.alert, name, text)
		}
	}
	if description := got.Annotations["description"]; !strings.Contains(description, c.group) || !strings.Contains(description, c.cluster) {
		t.Errorf("%s does not name whom it is about: %s", c.alert, description)
	}
}

func (c trouble) is(a prom.Alert) bool {
	return a.Name() == c.alert && a.Labels["group"] == c.group && a.Labels["kafka_cluster"] == c.cluster
}

// checkDelivered sees that nothing came but what was to come, and nothing twice at once, though each group was exposed twice.
func (e *environment) checkDelivered(t *testing.T) {
	t.Helper()
	for _, s := range e.prometheus.Range(t, `count by (alertname, kafka_cluster, group) (ALERTS{alertstate="firing"}) > 1`, e.began) {
		t.Errorf("more than one alert at once: %v", s.Metric)
	}
	for _, a := range e.alertmanager.Delivered(t) {
		expected := slices.ContainsFunc(troubles, func(c trouble) bool { return c.is(a) })
		// With a second for a minute, members really change by more than a tenth a minute: a warning, and right.
		churn := a.Name() == "LagscalerMemberChurn" && slices.Contains([]string{"scaled", "restarted", "gone"}, a.Labels["group"])
		frozen := a.Name() == "LagscalerPartitionStalled" && a.Labels["group"] == "frozen"
		beside := a.Name() == "LagscalerTwoInstallations" // the installation beside sees a KafkaScaler that the first one keeps
		if !expected && !churn && !frozen && !beside {
			t.Errorf("%s was delivered for %v", a.Name(), a.Labels)
		}
	}
}

// checkReplicas sees that the follower shows itself only, that two that expose the same groups double nothing, and that
// the follower takes over.
func (e *environment) checkReplicas(t *testing.T) {
	t.Helper()
	each := func(n model.SampleValue) func(model.Vector) bool {
		return func(v model.Vector) bool {
			return len(v) == len(names) && !slices.ContainsFunc(v, func(s *model.Sample) bool { return s.Value != n })
		}
	}
	const exposed = `count by (group) (lagscaler_group_members{kafka_cluster="live"})`
	const recorded = `count by (group) (kafka_cluster_group:lagscaler_group_members:max{kafka_cluster="live"})`
	e.prometheus.AwaitVector(t, exposed, each(2))
	e.prometheus.AwaitVector(t, recorded, each(1))
	members := 0
	for _, g := range e.groups {
		members += g.size()
	}
	e.await(t, fmt.Sprintf(`sum(max by (kafka_cluster, group) (lagscaler_group_members)) == %d`, members))

	leader, follower := e.replicas[0], e.replicas[1]
	if e.prometheus.Vector(t, fmt.Sprintf(`lagscaler_leader{instance=%q} == 1`, follower.address)).Len() == 1 {
		leader, follower = follower, leader
	}
	if got := e.prometheus.Vector(t, fmt.Sprintf(`{__name__=~"lagscaler_(group|topic|partition|scaler)_.*", instance=%q}`, follower.address)); got.Len() > 0 {
		t.Errorf("the follower exposes %v", got[0].Metric)
	}
	if err := leader.Stop(10 * time.Second); err != nil {
		t.Error(err)
	}
	awaitLeaders(t, 1, follower)
	e.prometheus.AwaitVector(t, exposed, each(2))
}
