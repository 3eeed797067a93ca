package engine

import (
	"slices"
	"strings"

	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/rebalancemon"
	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

// declared are the scalers of one reading, and what follows from them for the clusters. Only scalers includes those whose
// declaration does not apply, see scaler.Scaler.Applies.
type declared struct {
	scalers []scaler.Scaler                // sorted by name
	groups  map[string][]string            // by cluster, sorted: the scaled groups, which never vanish from snapshots
	hints   map[string][]rebalancemon.Hint // by cluster: resizes and rollouts of their targets
	slos    map[groupName]lag.SLO          // thresholds that scalers set for their groups; the first by name decides
}

type groupName struct{ cluster, group string }

// declare takes in the scalers, each in the mode that is in force: the kill switch holds whatever the platform knows of it.
func declare(all []scaler.Scaler, global scaler.Mode) declared {
	all = slices.Clone(all) // the platform's own may be read by others
	d := declared{
		scalers: all, groups: map[string][]string{}, hints: map[string][]rebalancemon.Hint{}, slos: map[groupName]lag.SLO{},
	}
	slices.SortFunc(all, func(a, b scaler.Scaler) int { return strings.Compare(a.Name, b.Name) })
	for i := range all {
		s := &all[i]
		s.Mode = scaler.Weaker(global, s.Mode)
		if !s.Applies() {
			continue
		}
		for _, src := range s.Sources {
			d.add(s, src)
		}
	}
	for _, groups := range d.groups {
		slices.Sort(groups)
	}
	return d
}

// add takes in one group of a scaler.
func (d *declared) add(s *scaler.Scaler, src seen.SourceSpec) {
	for _, h := range s.Hints {
		h.Group = src.Group
		d.hints[src.Cluster] = append(d.hints[src.Cluster], h)
	}
	name := groupName{src.Cluster, src.Group}
	if _, known := d.slos[name]; known {
		return
	}
	slo := s.Policy.SLO
	slo.Declared = true
	slo.CommitInterval, slo.CommitsWithin, slo.LeavesBehind = src.CommitInterval, src.CommitsWithin, src.LeavesBehind
	slo.ProcessingTime = src.ProcessingTime
	d.slos[name] = slo
	d.groups[src.Cluster] = append(d.groups[src.Cluster], src.Group)
}
