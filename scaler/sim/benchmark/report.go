package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/lagscaler/lagscaler/scaler/sim"
)

// row is the mean of several simulations.
type row struct {
	cost, late, violation, rebalances, peak float64
	aboveUseful                             float64 // consumer hours
	downsInOutage, n                        int
}

func (r *row) add(s sim.Result) {
	r.cost += s.CostOverFluid
	r.late += s.LatePercent
	r.violation += s.ViolationPercent
	r.rebalances += s.RebalancesPerDay
	r.peak = max(r.peak, s.PeakAge.Seconds())
	r.aboveUseful += s.AboveUsefulPods
	r.downsInOutage += s.DownsInOutage
	r.n++
}

func (r row) mean() row {
	n := max(1, float64(r.n))
	r.cost, r.late, r.violation, r.rebalances = r.cost/n, r.late/n, r.violation/n, r.rebalances/n
	return r
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

func (t table) on(trace sim.Trace) table {
	return t.only(func(j *job) bool { return j.trace.Name == trace.Name })
}

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

func (t table) row(policy string) row {
	var r row
	for _, j := range t.jobs {
		if j.policy == policy {
			r.add(j.result)
		}
	}
	return r.mean()
}

// overall is the mean of a policy's rows of the traces: each trace counts as much.
func (t table) overall(traces []sim.Trace, policy string) row {
	var all row
	for _, tr := range traces {
		r := t.on(tr).row(policy)
		if r.n == 0 {
			continue
		}
		all.cost, all.late, all.violation, all.rebalances = all.cost+r.cost, all.late+r.late, all.violation+r.violation, all.rebalances+r.rebalances
		all.peak, all.aboveUseful, all.downsInOutage, all.n = max(all.peak, r.peak), all.aboveUseful+r.aboveUseful, all.downsInOutage+r.downsInOutage, all.n+1
	}
	return all.mean()
}

const head = "| policy | cost | late % | violation % | rebalances/day | oldest |\n|---|---|---|---|---|---|\n"

func (r row) cells(policy string) string {
	return fmt.Sprintf("| %s | %.2f | %.3f | %.2f | %.0f | %.0f s |\n", policy, r.cost, r.late, r.violation, r.rebalances, r.peak)
}

// report writes the document.
func report(w io.Writer, traces []sim.Trace, jobs []*job, seeds int) {
	all := table{jobs}
	fmt.Fprintf(w, preface, seeds, min(seeds, manySeeds))
	targets(w, all, traces)
	costOfNotKnowing(w, all, traces)
	for _, p := range protocols {
		one := all.part(lineup).under(p)
		fmt.Fprintf(w, "\n## %d partitions, %s\n\n### Overall\n\nEvery trace has the same weight.\n\n%s", mainPartitions, p, head)
		for _, name := range one.policies() {
			fmt.Fprint(w, one.overall(traces, name).cells(name))
		}
		for _, t := range traces {
			here := one.on(t)
			fmt.Fprintf(w, "\n### %s\n\n%s", t.Name, head)
			for _, name := range here.policies() {
				fmt.Fprint(w, here.row(name).cells(name))
			}
		}
	}
	otherSizes(w, all.part(sizes), traces)
	onMadeUp(w, all.part(madeUp))
	ablations(w, all.part(ablation), traces)
	whenThingsGoWrong(w, all.part(troubled))
}

func otherSizes(w io.Writer, all table, traces []sim.Trace) {
	fmt.Fprint(w, "\n## 12 and 144 partitions\n\nOne seed.\n")
	for _, n := range []int{12, 144} {
		for _, p := range protocols {
			one := all.only(func(j *job) bool { return j.world.Protocol == p && j.world.Partitions == n })
			fmt.Fprintf(w, "\n### %d partitions, %s\n\n| trace %s", n, p, strings.Replace(head, "|---", "|---|---", 1))
			for _, t := range traces {
				here := one.on(t)
				for _, name := range here.policies() {
					fmt.Fprintf(w, "| %s %s", t.Name, here.row(name).cells(name))
				}
			}
		}
	}
}

func ablations(w io.Writer, all table, traces []sim.Trace) {
	fmt.Fprintf(w, "\n## The effect of each term\n\nOne seed, %d partitions. The cells are cost / late %% of a trace.\n", mainPartitions)
	for _, p := range protocols {
		one := all.under(p)
		fmt.Fprintf(w, "\n### %s\n\n| variant | overall |", p)
		for _, t := range traces {
			fmt.Fprintf(w, " %s |", t.Name)
		}
		fmt.Fprint(w, "\n|---|---|"+strings.Repeat("---|", len(traces))+"\n")
		for _, name := range one.policies() {
			o := one.overall(traces, name)
			fmt.Fprintf(w, "| %s | %.2f / %.3f |", name, o.cost, o.late)
			for _, t := range traces {
				r := one.on(t).row(name)
				fmt.Fprintf(w, " %.2f / %.3f |", r.cost, r.late)
			}
			fmt.Fprintln(w)
		}
	}
	fmt.Fprint(w, ablationNotes)
}

const ablationNotes = `
A season has an effect only if the trace is long enough to contain one: an hour, a day, a week. "Room" is the reserve for the highest rate of the last hour. A burst
is discounted like a jump. "Without drain" distributes a backlog over one day.
`

func whenThingsGoWrong(w io.Writer, all table) {
	fmt.Fprint(w, "\n## Failures\n\nThe first day of the taxi trace, eager, 48 partitions, one seed. The failure lasts from 1:00 to 2:00; the slow starts last all day.\n\n"+
		"| trouble | policy | cost | late % | oldest | downs while blind | consumer hours above the useful |\n|---|---|---|---|---|---|---|\n")
	for _, tr := range faults {
		one := all.only(func(j *job) bool { return j.world.Faults[0].Kind == tr.Kind })
		for _, name := range one.policies() {
			r := one.row(name)
			fmt.Fprintf(w, "| %s | %s | %.2f | %.3f | %.0f s | %d | %.1f |\n", tr.Kind, name, r.cost, r.late, r.peak, r.downsInOutage, r.aboveUseful)
		}
	}
}
