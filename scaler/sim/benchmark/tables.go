package main

import (
	"math"
	"slices"

	"github.com/lagscaler/lagscaler/scaler/sim"
)

// row is the mean of several simulations.
type row struct {
	cost, late, violation, rebalances, peak float64
	aboveUseful                             float64 // consumer hours
	downsInOutage, n                        int
}

func (r *row) add(o row) {
	r.cost, r.late, r.violation, r.rebalances = r.cost+o.cost, r.late+o.late, r.violation+o.violation, r.rebalances+o.rebalances
	r.peak, r.aboveUseful, r.downsInOutage = max(r.peak, o.peak), r.aboveUseful+o.aboveUseful, r.downsInOutage+o.downsInOutage
	r.n++
}

func (r row) mean() row {
	n := max(1, float64(r.n))
	r.cost, r.late, r.violation, r.rebalances = r.cost/n, r.late/n, r.violation/n, r.rebalances/n
	return r
}

func rowOf(s sim.Result) row {
	return row{
		cost: s.CostOverFluid, late: s.LatePercent, violation: s.ViolationPercent, rebalances: s.RebalancesPerDay, peak: s.PeakAge.Seconds(),
		aboveUseful: s.AboveUsefulPods, downsInOutage: s.DownsInOutage,
	}
}

// table adds jobs up.
type table struct{ jobs []*job }

func (t table) only(keep func(j *job) bool) table {
	return table{slices.DeleteFunc(slices.Clone(t.jobs), func(j *job) bool { return !keep(j) })}
}

func (t table) part(p part) table { return t.only(func(j *job) bool { return j.part == p }) }

func (t table) under(p sim.Protocol) table {
	return t.only(func(j *job) bool { return j.world.Protocol == p })
}

func (t table) on(tr traffic) table {
	return t.only(func(j *job) bool { return j.traffic.name() == tr.name() })
}

func (t table) of(k kind) table { return t.only(func(j *job) bool { return j.traffic.kind == k }) }

// policies are their names, in order of appearance.
func (t table) policies() []string {
	var names []string
	for _, j := range t.jobs {
		if !slices.Contains(names, j.policy) {
			names = append(names, j.policy)
		}
	}
	return names
}

// traffics are those that were played, in order of appearance.
func (t table) traffics() []traffic {
	var all []traffic
	for _, j := range t.jobs {
		if !slices.ContainsFunc(all, func(o traffic) bool { return o.name() == j.traffic.name() }) {
			all = append(all, j.traffic)
		}
	}
	return all
}

// row is the mean of a policy over seeds.
func (t table) row(policy string) row {
	var r row
	for _, j := range t.jobs {
		if j.policy == policy {
			r.add(rowOf(j.result))
		}
	}
	return r.mean()
}

// overall is the mean of a policy's rows: each traffic counts as much.
func (t table) overall(policy string) row {
	var all row
	for _, tr := range t.traffics() {
		if r := t.on(tr).row(policy); r.n > 0 {
			all.add(r)
		}
	}
	return all.mean()
}

// cheapest is the policy of these names that costs least of those with at most so much late.
func (t table) cheapest(names []string, late float64) (name string, least row) {
	least.cost = math.Inf(1)
	for _, policy := range names {
		if r := t.row(policy); r.n > 0 && r.late <= late && r.cost < least.cost {
			name, least = policy, r
		}
	}
	return name, least
}

// names are those of a family.
func (f family) names() []string {
	var names []string
	for _, c := range candidates() {
		if c.family == f {
			names = append(names, c.name)
		}
	}
	return names
}
