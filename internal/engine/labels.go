package engine

import (
	"maps"
	"slices"

	"github.com/lagscaler/lagscaler/scaler"
)

// labels say whose a group is. Each has the first value that there is:
//
//	of a group                                 of a scaler
//	1. the configuration                       1. the KafkaScaler
//	2. the KafkaScaler that names it           2. its namespace
//	3. the namespace of that                   3. the first of its groups that has one, by the configuration
//
// Of several KafkaScalers that name a group, the first by name counts, as for thresholds. Every goroutine may call it.
func (e *Engine) labels(cluster, group string) map[string]string {
	r := e.rules.Load()
	return merged(r.labels(cluster, group), r.owned[groupName{cluster, group}])
}

// scalerLabels are the labels of a scaler.
func (e *Engine) scalerLabels(s scaler.Scaler) map[string]string {
	out := s.Owners
	for _, src := range s.Sources {
		out = merged(out, e.current.Labels(src.Cluster, src.Group))
	}
	return out
}

// merged has every label of both; those of first take precedence. It changes neither.
func merged(first, then map[string]string) map[string]string {
	switch {
	case len(first) == 0:
		return then
	case len(then) == 0:
		return first
	}
	out := maps.Clone(then)
	maps.Copy(out, first)
	return out
}

// LabelPairs are labels as NAME=VALUE, in the order of their names.
func LabelPairs(labels map[string]string) []string {
	pairs := make([]string, 0, len(labels))
	for _, name := range slices.Sorted(maps.Keys(labels)) {
		pairs = append(pairs, name+"="+labels[name])
	}
	return pairs
}
