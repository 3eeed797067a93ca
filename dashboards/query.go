package dashboards

import "strings"

// Matchers that filter a metric by the variables of the dashboard.
const (
	byCluster = `kafka_cluster=~"$kafka_cluster"`
	byGroup   = byCluster + `, group=~"$group"`
	byTopic   = byGroup + `, topic=~"$topic"`
	byTarget  = byGroup + `, target_namespace=~"$target_namespace", target=~"$target"` // only on the dashboard of scalers
)

// What identifies a group and a target.
const (
	aGroup  = "kafka_cluster, group"
	aTarget = "target_namespace, target_kind, target"
)

// Filters of metrics of scalers, which have no label of a group.
const (
	ofTheGroups  = ` and on (` + aTarget + `) lagscaler_scaler_source_info{` + byGroup + `}`
	ofTheTargets = ` and on (` + aTarget + `) lagscaler_scaler_source_info{` + byTarget + `}`
)

// ofGroup is a metric of groups, filtered by the variables. It takes the maximum because after a change of the leader two
// replicas may export the same group for a short time.
func ofGroup(metric string) string {
	return "max by (" + aGroup + ") (" + metric + "{" + byGroup + "})"
}

// rateOf is the rate of a counter of groups, per second.
func rateOf(counter string) string {
	return "max by (" + aGroup + ") (" + rate(counter+"{"+byGroup+"}") + ")"
}

// rate is the rate of a counter, per second. $__rate_interval is four intervals of the data source, 60 s by default. Scrapes
// that are 60 s apart need a longer window.
func rate(counter string) string {
	return "rate(" + counter + "[$__rate_interval]) or rate(" + counter + "[5m])"
}

// worst keeps the ten groups with the greatest values.
func worst(expr string) string { return "topk(10, " + expr + ")" }

// ofTarget is a metric of scalers, filtered to the selected ones.
func ofTarget(metric string) string {
	return "max by (" + aTarget + ") (" + metric + ofTheTargets + ")"
}

// orNone is a count that is 0 if nothing matches. If no replica leads, nothing is exported, and the count is unknown.
func orNone(expr string) string { return "(" + expr + ") or 0 * max(lagscaler_leader == 1)" }

// each applies a query to several metrics. The text before the colon is the legend: "lag: lagscaler_group_lag_records".
func each(of func(string) string, named ...string) []query {
	queries := make([]query, len(named))
	for i, n := range named {
		legend, metric, _ := strings.Cut(n, ": ")
		queries[i] = query{expr: of(metric), legend: legend}
	}
	return queries
}

// earlier moves a selector to the time one step of the graph earlier.
const earlier = " offset $__interval"

// counted is how often each replica of lagscaler has counted events since the last step: its counter now minus its counter one
// step earlier. The sum of all steps is the growth of the counter. increase() does not have this property: its window is longer than a step,
// and the first value of a series is no increase.
//
// The exporter is a gauge that a replica exports together with the counter, and id the labels that both have. It tells what a
// missing value means:
//
//	the replica exported the gauge, but not the counter   the counter is new and began at 0
//	no replica exports the gauge, for less than 10 min    scrapes fail: the counter is what it was, and grows when they succeed again
//	another replica exports the gauge                     the leader changed: what this one counted in between is drawn for the other
//	the counter was higher                                a restart: nothing is drawn
func counted(counter, exporter, id string) string {
	return grown(
		func(at string) string {
			replicas := "count by (" + id + ") (group by (instance, " + id + ") (last_over_time(" + exporter + "[10m]" + at + ")))"
			return counter + at + " or (last_over_time(" + counter + "[10m]" + at + ") unless on (" + id + ") " + exporter + at +
				" unless on (" + id + ") " + replicas + " > 1)"
		},
		" or (0 * "+counter+" and on (instance, "+id+") "+exporter+earlier+")")
}

// countedOfReplica is counted for a counter of every replica, whether it leads or not. The series begin with the process.
func countedOfReplica(counter string) string { return grown(lastOf(counter), "") }

// countedOfProcess is countedOfReplica for a counter whose series appear with their first event.
func countedOfProcess(counter string) string {
	return grown(lastOf(counter), " or (0 * "+counter+" and on (instance) lagscaler_build_info"+earlier+")")
}

// lastOf is a counter of a replica at a time, or before scrapes failed for less than ten minutes.
func lastOf(counter string) func(at string) string {
	return func(at string) string { return counter + at + " or last_over_time(" + counter + "[10m]" + at + ")" }
}

// grown is a value now minus the value one step earlier, or minus another one if it did not exist.
func grown(value func(at string) string, orElse string) string {
	return "clamp_min((" + value("") + ") - (" + value(earlier) + orElse + "), 0)"
}

// countedOfGroup is counted for a counter of groups with further matchers, by labels.
func countedOfGroup(by, counter string, matchers ...string) string {
	filter := strings.Join(append([]string{byGroup}, matchers...), ", ")
	return "max by (" + by + ") (" + counted(counter+"{"+filter+"}", "lagscaler_group_status{"+byGroup+"}", aGroup) + ")"
}

// events is countedOfGroup without further labels.
func events(counter string) string { return countedOfGroup(aGroup, counter) }

// countedOfTarget is counted for a counter of the scalers of some sources, by labels.
func countedOfTarget(by, counter, sources string) string {
	return "max by (" + by + ") (" + counted(counter, "lagscaler_scaler_min_replicas", aTarget) + " and on (" + aTarget + ") " + recent(sources) + ")"
}

// recent are the sources of scalers, also while scrapes fail for less than ten minutes.
func recent(sources string) string {
	return "last_over_time(lagscaler_scaler_source_info{" + sources + "}[10m])"
}

const firing = `alertname=~"Lagscaler.*", alertstate="firing"`

// alertBegins are the alerts that fire and did not fire one step earlier: a mark at the beginning, and not one for every step.
// It has the alerts of the selected groups, of their clusters, and of their scalers. After a gap without
// evaluations of rules, an alert that fired before the gap does not begin.
func alertBegins(sources string) string {
	const id = "alertname, " + aGroup + ", " + aTarget
	alerts := func(function, modifier, end string) string {
		of := function + `ALERTS{` + firing + `, kafka_cluster!="", ` + byCluster + `, group=~"$group|"}` + modifier + end
		scalers := function + `ALERTS{` + firing + `, target!=""}` + modifier + end + " and on (" + aTarget + ") " + recent(sources)
		return "max by (" + id + ") (" + of + " or " + scalers + ")"
	}
	return alerts("", "", "") + " unless " + alerts("", earlier, "") +
		" unless (" + alerts("last_over_time(", "[10m]"+earlier, ")") + " unless on () ALERTS" + earlier + " unless on () lagscaler:evaluation:one" + earlier + ")"
}

// written are the writes of replicas since the last step.
func written(sources string) string {
	const by = aTarget + ", direction"
	return countedOfTarget(by, "lagscaler_scaler_scale_events_total", sources) + " > 0"
}
