package dashboards

import "strings"

// ofGroup is a metric of groups, filtered by the variables. It takes the maximum because after a change of the leader two
// replicas may export the same group for a short time.
func ofGroup(metric string) string {
	return "max by (kafka_cluster, group) (" + metric + "{" + byGroup + "})"
}

// rateOf is the rate of a counter of groups, per second.
func rateOf(counter string) string {
	return "max by (kafka_cluster, group) (rate(" + counter + "{" + byGroup + "}[$__rate_interval]))"
}

// worst keeps the ten groups with the greatest values.
func worst(expr string) string { return "topk(10, " + expr + ")" }

// ofTarget is a metric of scalers, filtered to the scalers of the selected groups.
func ofTarget(metric string) string {
	return "max by (target_namespace, target) (" + metric + ofTheGroups + ")"
}

// orNone is a count that is 0 instead of empty if nothing matches.
func orNone(expr string) string { return "(" + expr + ") or vector(0)" }

// each applies a query to several metrics. The text before the colon is the legend: "lag: lagscaler_group_lag_records".
func each(of func(string) string, named ...string) []query {
	queries := make([]query, len(named))
	for i, n := range named {
		legend, metric, _ := strings.Cut(n, ": ")
		queries[i] = query{expr: of(metric), legend: legend}
	}
	return queries
}
