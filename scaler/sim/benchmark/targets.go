package main

import (
	"fmt"
	"io"
	"math"
	"strings"

	"github.com/lagscaler/lagscaler/scaler/sim"
)

const preface = `# Scaling benchmark

<!-- Written by make bench-scaling. The same program writes the same bytes. -->

The simulator of ` + "`scaler/sim`" + ` runs ` + "`scaler.Evaluate`" + ` with recorded traffic. The traffic is scaled so that its peak needs 70 %% of the consumers that
the partitions allow, at 100 records/s per consumer. The speed of the consumers differs by 5 %%. A pod needs 20 to 40 s to start, and the pods start independently.
Members commit every 5 s, and lagscaler polls every 10 s. An eager rebalance pauses all members for 8 s and includes every member that
joins in the meantime; a cooperative rebalance pauses only the partitions that move, for 4 s. [The calibration](calibration.md) compares this model with a real
run.

- **cost**: the consumer time, divided by the smallest possible consumer time if fractions of consumers were possible and started at once. On traces with a
  step of one second, a schedule that lets records wait can have a cost slightly below 1.
- **late**: the fraction of the records that were processed more than 30 s after they arrived. **violation**: the fraction of the time in which a record waited that long.
- **oldest**: the longest waiting time of a record in any run.
- **clairvoyant**: a heuristic that knows the next ten minutes of traffic. It measures a rate over 30 s, like lagscaler. A second clairvoyant measures a rate over one second, which
  includes statistical noise.

Every trace is simulated completely: 70 days in total. The rows of lagscaler, the clairvoyant and KEDA with lagThreshold 10 are means of %d seeds
(with 144 partitions of %d, without KEDA). The other rows are of one seed. The benchmark needs 15 minutes on two cores.

Two traces (tweets, ELB) were used to choose the parameters, and three (taxi, Azure, Mooncake) to check them. But the check was not independent:
the discount of jumps, trends and bursts was found on the Azure trace. The duration of the reserve, the two utilizations and the stabilization window were chosen on all
five traces. [Made-up traffic](#made-up-traffic) is a different kind of check.
`

// against is our policy beside the clairvoyants and the bound.
type against struct {
	ours, best, bySecond row
	bound                float64
}

func (t table) against(trace sim.Trace, p sim.Protocol) against {
	here := t.on(trace).under(p)
	a := against{ours: here.part(lineup).row(sim.OurName), best: here.part(lineup).row(clairvoyant), bound: here.part(bounds).row("bound").cost}
	if a.bySecond = here.part(bySecond).row(clairvoyant); a.bySecond.n == 0 {
		a.bySecond = a.best // it reads the same where a step is longer
	}
	return a
}

// targets compares the results with the targets.
func targets(w io.Writer, all table, traces []sim.Trace) {
	fmt.Fprint(w, "\n## Results and targets\n\nMeans of the five traces, with 48 partitions and target lag 30 s.\n\n"+
		"| protocol | late % | wanted | cost | clairvoyant's | over it | wanted | clairvoyant's by the second | over it |\n|---|---|---|---|---|---|---|---|---|\n")
	n, missed := float64(len(traces)), []string(nil)
	for _, p := range protocols {
		var late, ours, best, second float64
		for _, t := range traces {
			a := all.against(t, p)
			late, ours, best, second = late+a.ours.late/n, ours+a.ours.cost/n, best+a.best.cost/n, second+a.bySecond.cost/n
		}
		fmt.Fprintf(w, "| %s | %.3f | %v | %.2f | %.2f | %.2f | %v | %.2f | %.2f |\n", p, late, targetLate[p], ours, best, ours/best, targetCost, second, ours/second)
		if late > targetLate[p] {
			missed = append(missed, fmt.Sprintf("late records under %s rebalancing", p))
		}
		if ours/best > targetCost {
			missed = append(missed, fmt.Sprintf("cost under %s rebalancing", p))
		}
	}
	fmt.Fprint(w, "\n"+outcome(missed))
	for _, p := range protocols {
		one := all.part(lineup).under(p)
		ours := one.overall(traces, sim.OurName).late
		trigger := one.leastLate(traces, func(name string) bool { return strings.HasPrefix(name, "KEDA") && name != rateAndLag })
		rated := one.overall(traces, rateAndLag).late
		fmt.Fprintf(w, " Under %s rebalancing %.0f times as many records are late with the\nbest of KEDA's lag triggers, and %.0f times as many with rate and lag, whatever they cost.", p, trigger/ours, rated/ours)
	}
	fmt.Fprint(w, "\n\nTrace by trace:\n\n| trace | protocol | late % | clairvoyant's | cost | clairvoyant's | over it | by the second | over it | lower bound |\n"+
		"|---|---|---|---|---|---|---|---|---|---|\n")
	for _, t := range traces {
		for _, p := range protocols {
			a := all.against(t, p)
			fmt.Fprintf(w, "| %s | %s | %.3f | %.3f | %.2f | %.2f | %.2f | %.2f | %.2f | %.2f |\n", t.Name, p, a.ours.late, a.best.late,
				a.ours.cost, a.best.cost, a.ours.cost/a.best.cost, a.bySecond.cost, a.ours.cost/a.bySecond.cost, a.bound)
		}
	}
	fmt.Fprintf(w, boundNotes, targetLate[sim.Eager], targetLate[sim.Cooperative], boundDays)
}

// outcome says which targets were missed.
func outcome(missed []string) string {
	if len(missed) == 0 {
		return "All are reached."
	}
	return "Missed: " + strings.Join(missed, ", ") + "."
}

const boundNotes = `
**Lower bound**: the lowest cost of a schedule that knows the traffic in advance, uses only useful consumer counts, and has at most %v %% late records with eager and %v %% with
cooperative rebalancing. It was computed by dynamic programming over
the number of consumers and the backlog, for the first %d days of every trace. The computation is optimistic: there is no noise, all pods of a
change start after 20 s at the same time, a change causes one pause, and the consumers share all work. Rounding is always in favour of the schedule. The bound is
close to 1: this is the value of knowing the future. The next table shows the cost of not knowing it.
`

// leastLate is the least share of late records that any such policy has.
func (t table) leastLate(traces []sim.Trace, such func(name string) bool) float64 {
	least := math.Inf(1)
	for _, name := range t.policies() {
		if such(name) {
			least = min(least, t.overall(traces, name).late)
		}
	}
	return least
}

// costOfNotKnowing compares our policy with rules that forecast nothing and keep more replicas.
func costOfNotKnowing(w io.Writer, all table, traces []sim.Trace) {
	fmt.Fprint(w, followerNotes)
	fmt.Fprint(w, "| trace | lagscaler's late % | cost | the cheapest rule no later | its late %, cost | the cheapest rule under 0.3 % | its late %, cost |\n|---|---|---|---|---|---|---|\n")
	var sum, best float64
	for _, t := range traces {
		here := all.on(t).under(sim.Eager)
		best += here.part(lineup).row(clairvoyant).cost
		ours := here.part(ablation).row(variants[0].name) // the same seed
		fmt.Fprintf(w, "| %s | %.3f | %.2f |", t.Name, ours.late, ours.cost)
		for i, limit := range []float64{ours.late, targetLate[sim.Eager]} {
			name, r := here.part(followers).cheapest(limit)
			if name == "" {
				fmt.Fprint(w, " none | |")
				continue
			}
			fmt.Fprintf(w, " %s | %.3f, %.2f |", name, r.late, r.cost)
			if i == 1 {
				sum += r.cost
			}
		}
		fmt.Fprintln(w)
	}
	fmt.Fprintf(w, jumpNotes, sum/best)
}

// cheapest is the policy that costs least of those with at most so much late.
func (t table) cheapest(late float64) (name string, least row) {
	least.cost = math.Inf(1)
	for _, policy := range t.policies() {
		if r := t.row(policy); r.late <= late && r.cost < least.cost {
			name, least = policy, r
		}
	}
	return name, least
}

const followerNotes = `
### The cost of not knowing the future

The rules in this table follow the rate of the last 30 s with a fixed headroom. They scale up at once, and scale down only to the number that the highest rate of a fixed
period needs with the same headroom. Nine combinations of headroom and period were simulated on every trace (eager, one seed), and the best one of every trace was
chosen afterwards.

`

const jumpNotes = `
With the best rule for every trace, and at most 0.3 %% late records, the cost is %.2f times the cost of the clairvoyant. lagscaler does not
know the trace and costs less.

The reason for this cost: traffic such as the ELB trace jumps by a factor of two or more within a second, every few minutes,
without any sign before the jump. New replicas process records about 55 s after the decision (a poll, a start of 20 to 40 s, a
rebalance). So if the rate jumps from a to b and the capacity is C, the oldest record waits about (1 - C/b) * 55 s, plus
the pauses of the rebalances, because the pods join one by one. With one pause of 8 s and a target lag of 30 s, no record is late only
if C >= 0.6 b. The clairvoyant starts its pods 75 s before the jump.
`
