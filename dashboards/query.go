package dashboards

import "strings"

// ofGroup is a metric of groups, filtered by the variables. max, since after a hand-over two replicas may expose it.
func ofGroup(metric string) string {
	return "max by (kafka_cluster, group) (" + metric + "{" + byGroup + "})"
}

// rateOf is how fast a counter of groups grows, per second.
func rateOf(counter string) string {
	return "max by (kafka_cluster, group) (rate(" + counter + "{" + byGroup + "}[$__rate_interval]))"
}

// worst keeps the ten greatest of a query about groups.
func worst(expr string) string { return "topk(10, " + expr + ")" }

// ofTarget is a metric of scalers, of those that scale the chosen groups.
func ofTarget(metric string) string {
	return "max by (target_namespace, target) (" + metric + ofTheGroups + ")"
}

// orNone is a count that is 0 when there is nothing to count.
func orNone(expr string) string { return "(" + expr + ") or vector(0)" }

// each is one query for several metrics, named by what stands before the colon.
func each(of func(string) string, named ...string) []query {
	queries := make([]query, len(named))
	for i, n := range named {
		legend, metric, _ := strings.Cut(n, ": ")
		queries[i] = query{expr: of(metric), legend: legend}
	}
	return queries
}
