package main

import (
	"fmt"
	"io"
	"math"
	"strings"

	"github.com/lagscaler/lagscaler/scaler/sim"
)

const preface = `# How the policy does

<!-- Written by make bench-scaling. The same program writes the same bytes. -->

The simulator of ` + "`scaler/sim`" + ` runs ` + "`scaler.Evaluate`" + ` itself against recorded traffic, scaled so that its peak takes 70 %% of all
partitions at 100 records/s a consumer. Consumers differ by 5 %% in speed, pods take 20 to 40 s to start, one after another
as they come, members commit every 5 s, polls come every 10 s. An eager rebalance stops everybody for 8 s and takes in who
joins meanwhile, a cooperative one stops what moves for 4 s. [The calibration](calibration.md) holds this model against a real
run.

- **cost**: consumer time over the least that could do the work if consumers came in fractions and at once. On traces with a
  step of a second, a schedule that lets records wait can be a little below 1.
- **late**: records processed more than 30 s after they arrived. **violation**: time in which one waited that long.
- **oldest**: how long the oldest record ever waited, in any run.
- The clairvoyant knows the next ten minutes. It is a heuristic. It reads a rate over half a minute, as the policy does; one
  that takes each second for a rate holds the noise of counting, and is shown beside it.

Every trace is run in full: 70 days in all. Rows of lagscaler, the clairvoyant and KEDA at lagThreshold 10 are means of %d seeds
(at 144 partitions of %d, without KEDA), the others are of one: the whole takes a quarter of an hour of two cores.

Two traces (tweets, ELB) were meant to tune the policy on, three (taxi, Azure, Mooncake) to check it. The check was not blind:
that jumps, trends and bursts are believed only as far as they lasted was found on Azure, and for how long room is kept for
what was, the two utilizations and the window were chosen on all five. [Made-up traffic](#made-up-traffic) is a check of
another kind.
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
	fmt.Fprint(w, "\n## Against its targets\n\nMeans over the five traces, 48 partitions, target lag 30 s.\n\n"+
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
**Lower bound**: the least that a schedule of useful counts costs whose late records are at most %v %% under eager and %v %% under
cooperative rebalancing, if it is known in advance when pods have to be asked for. It was computed by dynamic programming over
the number of consumers and the backlog for the first %d days of each trace, in a kinder world: without noise, all pods of a
step after 20 s at once, one pause a step, consumers that share all work. Rounding is always in favour of the schedule. It is
close to 1: that is what knowing the future would buy. What not knowing it costs, the next table shows.
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
### What not knowing costs

Rules that follow the rate of the last half minute with so much room, up at once, and down only to what the greatest rate of so
many seconds needs with the same room: nine pairs of numbers were tried on each trace, eager, one seed, and for each trace the
best was picked in hindsight.

`

const jumpNotes = `
With the best rule for each trace, none later than 0.3 %%, these would cost %.2f times the clairvoyant's; lagscaler, which is not
told which trace it is on, costs less.

Why not knowing costs so much: traffic such as the ELB's jumps by a factor of two and more within a second, every few minutes,
and nothing before the jump tells. Replicas that are asked for at once work about 55 s later (a poll, a start of 20 to 40 s, a
rebalance), so when rates jump from a to b and the fleet can do C, the oldest record waits about (1 - C/b) 55 s and then for
the pauses of the rebalances, since pods join one after another. With one pause of 8 s and a target of 30 s none is late only
if C >= 0.6 b. The clairvoyant starts its pods 75 s before.
`
