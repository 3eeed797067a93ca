package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/lagscaler/lagscaler/scaler/sim"
)

// report writes the document.
func report(w io.Writer, traffics []traffic, jobs []*job, seeds int, whole bool) {
	all := table{jobs}
	played(w, traffics, seeds, whole)
	costAgainstLate(w, all.part(curves))
	withoutFirstDay(w, all.part(later))
	hindsight(w, all.part(curves))
	oneByOne(w, all)
	declaredTimes(w, all.part(declared))
	favoursTaken(w, all)
	promises(w, all)
	pricesOf(w, all)
	ablations(w, all.part(ablation))
	onOther(w, all.part(chosenNot))
	otherPartitions(w, all.part(sizes))
	whenThingsGoWrong(w, all.part(troubled))
}

func played(w io.Writer, traffics []traffic, seeds int, whole bool) {
	fmt.Fprint(w, preface)
	if whole {
		fmt.Fprintf(w, "This document is of the whole benchmark (`make bench-scaling-whole`): up to %d days of each recorded trace, %d days of each made-up kind, %d seeds.\n",
			wholeDays, wholeMadeUp, seeds)
	} else {
		fmt.Fprintf(w, "This document is of the sample (`make bench-scaling`): up to %d day of each recorded trace, a day of every second made-up kind, one seed.\n"+
			"`make bench-scaling-whole` plays all of it with %d seeds.\n", sampleDays, wholeSeeds)
	}
	fmt.Fprint(w, "\n| kind | traffic |\n|---|---|\n")
	for _, k := range kinds {
		var names []string
		for _, t := range traffics {
			if t.kind == k {
				names = append(names, t.Name)
			}
		}
		fmt.Fprintf(w, "| %s | %s |\n", k, strings.Join(names, "; "))
	}
	fmt.Fprint(w, chosenOn)
}

const preface = `# Scaling benchmark

<!-- Written by make bench-scaling or make bench-scaling-whole. The same program writes the same bytes. -->

The simulator of ` + "`scaler/sim`" + ` runs ` + "`scaler.Evaluate`" + `, and the rules of other autoscalers, with the same traffic. The traffic is scaled so that its peak
needs 70 % of the consumers that 48 partitions allow, at 100 records/s per consumer. The speed of the consumers differs by 5 %. A pod needs 20 to 40 s to
start; one in twenty needs 60 to 120 s. Every member commits each 5 s, in a second of its own. lagscaler polls each 10 s, an HPA each 15 s, neither in step with
the commits or with the traffic. A rebalance takes as long as the last member needs to notice it (a heartbeat of 3 s) and to process what it has fetched (up to 500
records). Members do not commit before a rebalance: the next owner processes again what was not committed.
[The calibration](calibration.md) compares this model with a real run of lagscaler, [side by side](versus.md) also with runs of KEDA.

- **cost**: the consumer time, divided by that of a fleet of fractions of consumers that start at once, at least one of them, where no record waits. A schedule that lets records wait can cost less than 1.
- **late**: the percentage of the records that were processed more than 30 s after they arrived.
- **clairvoyant**: a heuristic that knows the next ten minutes of traffic.
- **KEDA lagThreshold**: KEDA's kafka trigger under an HPA. Ten seconds of work of one consumer are a threshold of 1000.
- **KEDA rate and lag**: a Prometheus trigger with so many records/s for each replica, and the kafka trigger.
- **a rule that follows the rate**: so many times the present rate, and down only to so many times the highest rate of the last seconds. It plans for the true speed.
- **DS2**: as many instances as arrivals and backlog need each minute, planned for that share of the true speed.

`

const chosenOn = `
A recorded trace with steps of minutes does not say how its rate changed between them. Cliffs change it within a second, interpolated traffic evenly; few streams have
the cliffs. lagscaler's parameters were chosen on the five recorded traces, most of them on cliffs, in a simulator with the favours that are
[listed below](#what-favours-would-hide). The made-up traffic was used for one of two ways to discount a burst, and, with the recorded
traces, for how sure lagscaler must be of a [period](scaling.md#arrival-rate-and-forecast), and of what a trial shows. Nothing was chosen on the traffic of
[a section of its own](#traffic-on-which-nothing-was-chosen), but for [one rule of the price](#the-price-of-traffic-on-which-nothing-was-chosen).
`

func costAgainstLate(w io.Writer, all table) {
	fmt.Fprint(w, "\n## Late records against cost\n\nMeans over the traffic; each traffic has the same weight. The cells are cost / late %. Every row of a family is one choice of its numbers.\n")
	for _, p := range protocols {
		fmt.Fprintf(w, "\n### %s\n\n", p)
		all.under(p).byKind(w, "policy")
	}
}

// withoutFirstDay are our presets where lagscaler has learned for a day.
func withoutFirstDay(w io.Writer, all table) {
	if !slices.ContainsFunc(all.traffics(), func(t traffic) bool { return t.uncounted() > 0 }) {
		return
	}
	fmt.Fprint(w, "\nAll days count in these tables, and lagscaler begins without having learned anything. Without the first day, where there are at least two:\n")
	for _, p := range protocols {
		fmt.Fprintf(w, "\n### %s, without the first day\n\n", p)
		all.under(p).byKind(w, "policy")
	}
}

// byKind has a row for each policy, and a column for each kind of traffic.
func (t table) byKind(w io.Writer, head string) {
	fmt.Fprintf(w, "| %s | all |", head)
	for _, k := range kinds {
		fmt.Fprintf(w, " %s |", k)
	}
	fmt.Fprint(w, "\n|---|---|"+strings.Repeat("---|", len(kinds))+"\n")
	for _, name := range t.policies() {
		fmt.Fprintf(w, "| %s | %s |", name, t.overall(name).cell())
		for _, k := range kinds {
			fmt.Fprintf(w, " %s |", t.of(k).overall(name).cell())
		}
		fmt.Fprintln(w)
	}
}

func (r row) cell() string {
	if r.n == 0 {
		return "none"
	}
	return fmt.Sprintf("%.2f / %.3f", r.cost, r.late)
}

// rivals are the families with a number that can be found.
var rivals = []family{keda, kedaRate, follower, ds2}

// hindsight compares us with the best member of each other family, chosen for each traffic afterwards.
func hindsight(w io.Writer, all table) {
	fmt.Fprint(w, hindsightNotes)
	for _, p := range protocols {
		one := all.under(p)
		fmt.Fprintf(w, "\n### %s, the number found afterwards\n\n| traffic | lagscaler |", p)
		for _, f := range rivals {
			fmt.Fprintf(w, " %s |", f)
		}
		fmt.Fprint(w, "\n|---|---|"+strings.Repeat("---|", len(rivals))+"\n")
		wins := map[family]int{}
		for _, t := range one.traffics() {
			here := one.on(t)
			us := here.row(balanced)
			fmt.Fprintf(w, "| %s | %s |", t.name(), us.cell())
			for _, f := range rivals {
				name, r := here.cheapest(f.names(), max(us.late, asGood))
				if name == "" {
					fmt.Fprint(w, " none |")
					continue
				}
				if r.cost < us.cost {
					wins[f]++
				}
				fmt.Fprintf(w, " %s (%s) |", r.cell(), name)
			}
			fmt.Fprintln(w)
		}
		fmt.Fprint(w, "\nCheaper than lagscaler, and no later, on so many of them:")
		for i, f := range rivals {
			fmt.Fprintf(w, "%s %s %d", []string{"", ";"}[min(i, 1)], f, wins[f])
		}
		fmt.Fprintln(w, ".")
	}
}

// asGood is a share of late records, in percent, that nobody would tell from none.
const asGood = 0.05

const hindsightNotes = `
## When somebody has found the number

Every other rule has numbers that somebody has to find: a threshold, a rate per replica, a headroom. This table takes for each traffic the cheapest choice of the last
section that is no later than lagscaler (or at most 0.05 % late), as if it had been known before. "None": no choice is. lagscaler is told the processing time of a record,
which [can be wrong](#what-is-declared), and has its default values otherwise.
`

func oneByOne(w io.Writer, all table) {
	fmt.Fprintf(w, "\n## Each traffic\n\nThe cells are cost / late %%. The **lower bound** is the lowest cost of a schedule that knows the traffic, and has at most %v %% late records: "+
		"dynamic\nprogramming over the number of consumers and the backlog, without noise, with pods that start in 20 s and pauses of a second.\n\n"+
		"| traffic | protocol | lagscaler | oldest record | rebalances a day | clairvoyant | lower bound |\n|---|---|---|---|---|---|---|\n", boundLate)
	for _, t := range all.part(curves).traffics() {
		for _, p := range protocols {
			here := all.on(t).under(p)
			us, bound := here.part(curves).row(balanced), "not computed"
			if b := here.part(bounds).row("bound"); b.n > 0 {
				bound = fmt.Sprintf("%.2f", b.cost)
			}
			fmt.Fprintf(w, "| %s | %s | %s | %.0f s | %.0f | %s | %s |\n", t.name(), p, us.cell(), us.peak, us.rebalances, here.part(curves).row(clairvoyant).cell(), bound)
		}
	}
}

func declaredTimes(w io.Writer, all table) {
	fmt.Fprint(w, "\n## What is declared\n\nlagscaler with the processing time of a record as it is, declared wrong, and not declared. Where consumers are never busy, lagscaler [tries fewer](scaling.md#trials-of-fewer-consumers): the first time after an hour, or after six hours where a time is declared. Means over all traffic; cost / late %.\n\n| processingTime | eager | cooperative |\n|---|---|---|\n")
	for _, name := range all.policies() {
		fmt.Fprintf(w, "| %s | %s | %s |\n", name, all.under(sim.Eager).overall(name).cell(), all.under(sim.Cooperative).overall(name).cell())
	}
}

func favoursTaken(w io.Writer, all table) {
	fmt.Fprint(w, "\n## What favours would hide\n\nEarlier versions of this benchmark did some things for every policy that no cluster does. Each row does one of them again, on the recorded traces with cliffs, one seed. Cost / late %.\n")
	for _, p := range protocols {
		names := all.part(favours[0].label()).policies()
		fmt.Fprintf(w, "\n### %s, with favours\n\n| favour | %s |\n|---|%s\n", p, strings.Join(names, " | "), strings.Repeat("---|", len(names)))
		for _, f := range favours {
			fmt.Fprintf(w, "| %s |", f.name)
			for _, name := range names {
				fmt.Fprintf(w, " %s |", all.part(f.label()).under(p).overall(name).cell())
			}
			fmt.Fprintln(w)
		}
	}
}

func ablations(w io.Writer, all table) {
	fmt.Fprint(w, "\n## The effect of each term\n\nlagscaler without one of its parts, one seed. Means over the traffic; cost / late %.\n")
	for _, p := range protocols {
		fmt.Fprintf(w, "\n### %s, without a part\n\n", p)
		all.under(p).byKind(w, "variant")
	}
	fmt.Fprint(w, ablationNotes)
}

const ablationNotes = `
The first two rows are of the reaction: a step up is made at any poll at which more arrives than the members process, also while the pods of the last step start. A season has an effect only if the trace is long enough to contain one: an hour, a day, a week. "Room" is the reserve for the highest rate of the last hour. A burst
is discounted like a jump. "Without drain" distributes a backlog over one day.
`

func otherPartitions(w io.Writer, all table) {
	fmt.Fprint(w, "\n## 12 and 144 partitions\n\nThe recorded traces with cliffs, one seed. Cost / late %.\n\n| policy |")
	for _, n := range otherSizes {
		for _, p := range protocols {
			fmt.Fprintf(w, " %d, %s |", n, p)
		}
	}
	fmt.Fprint(w, "\n|---|"+strings.Repeat("---|", len(otherSizes)*len(protocols))+"\n")
	for _, name := range all.policies() {
		fmt.Fprintf(w, "| %s |", name)
		for _, n := range otherSizes {
			for _, p := range protocols {
				fmt.Fprintf(w, " %s |", all.under(p).only(func(j *job) bool { return j.world.Partitions == n }).overall(name).cell())
			}
		}
		fmt.Fprintln(w)
	}
}

func whenThingsGoWrong(w io.Writer, all table) {
	fmt.Fprint(w, "\n## Failures\n\nThe first day of the taxi trace, eager, one seed. The failure lasts from 1:00 to 2:00; the slow starts last all day.\n\n"+
		"| trouble | policy | cost | late % | oldest | scale-downs while blind | consumer hours above the useful |\n|---|---|---|---|---|---|---|\n")
	for _, f := range faults {
		one := all.only(func(j *job) bool { return j.world.Faults[0].Kind == f.Kind })
		for _, name := range one.policies() {
			r := one.row(name)
			fmt.Fprintf(w, "| %s | %s | %.2f | %.3f | %.0f s | %d | %.1f |\n", f.Kind, name, r.cost, r.late, r.peak, r.downsInOutage, r.aboveUseful)
		}
	}
}
