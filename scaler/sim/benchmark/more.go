package main

import (
	"fmt"
	"io"
	"strings"
)

// onOther compares on traffic on which nothing was chosen.
func onOther(w io.Writer, all table) {
	fmt.Fprint(w, "\n## Traffic on which nothing was chosen\n\nTwo days of each, with a seed of their own, in no mean above. The periods are others than those of the made-up traffic, and two kinds have none. Cost / late %.\n")
	for _, p := range protocols {
		names := all.policies()
		fmt.Fprintf(w, "\n### %s, nothing chosen\n\n| traffic | %s |\n|---|%s\n", p, strings.Join(names, " | "), strings.Repeat("---|", len(names)))
		for _, t := range all.traffics() {
			fmt.Fprintf(w, "| %s |", t.name())
			for _, name := range names {
				fmt.Fprintf(w, " %s |", all.under(p).on(t).row(name).cell())
			}
			fmt.Fprintln(w)
		}
	}
	fmt.Fprint(w, limits)
}

const limits = `
Where the limit is: traffic that comes back at once after a pause, at a time that nothing foretells, is late for as long as pods take to start. At 1 500/s these are about 40 s of
every hour of work, or one in a hundred records, whatever the rule does afterwards; so it is with the first two repetitions of a period, before anybody can know it. Only
replicas that stand ready help. An [objective](scaling.md#objectives-and-their-price) buys as many as your own traffic needs, and says what they cost.
`

// How far what is played may be from what is spent and late.
const (
	priceWithin = 0.15
	lateWithin  = 1.5
	lateSlack   = 0.15 // % of the records: fewer say little
	lessSlack   = 0.05
)

// pricesOf compares what the play says of a time with what was spent and late in it.
func pricesOf(w io.Writer, all table) {
	fmt.Fprintf(w, "\n## What the price says, and what it was\n\nThe fleets that are [played along](scaling.md#objectives-and-their-price) make the price of an objective. This table compares the fleet that keeps what lagscaler kept "+
		"with what was really spent and late in the first day: means over the seeds. A test (TestPredictedPrice) compares what is predicted after two days with what comes then. \"Within\": the consumers within %.0f %%, the late records within a factor of %v or %v %% of the records.\n\n"+
		"| traffic | protocol | consumers, played | really | late %%, played | really | within |\n|---|---|---|---|---|---|---|\n", 100*priceWithin, lateWithin, lateSlack)
	within, closely, rows := 0, 0, 0
	for _, t := range all.traffics() {
		for _, p := range protocols {
			m := compared(all.on(t).under(p).jobs)
			says := "no"
			if rows++; m.within(lateSlack) {
				says, within = "yes", within+1
			}
			if m.within(lessSlack) {
				closely++
			}
			fmt.Fprintf(w, "| %s | %s | %.1f | %.1f | %.3f | %.3f | %s |\n", t.name(), p, m.played, m.really, m.playedLate, m.reallyLate, says)
		}
	}
	fmt.Fprintf(w, "\nWithin on %d of %d; on %d with %v %% of the records instead of %v %%.\n%s%s", within, rows, closely, lessSlack, lateSlack, slowPods, playedRebalances)
}

// comparison is what was played and what really was: consumers on average, and late records in percent.
type comparison struct{ played, really, playedLate, reallyLate float64 }

// compared is the mean over the seeds of one traffic.
func compared(jobs []*job) (m comparison) {
	n := float64(len(jobs))
	for _, j := range jobs {
		m.played += j.played.Consumers / n
		m.really += meanConsumers(j) / n
		m.playedLate += 100 * (1 - j.played.Kept) / n
		m.reallyLate += j.result.LatePercent / n
	}
	return m
}

const slowPods = `
A price says too few late records where steps up are large. One pod in twenty starts slowly here; a step up is learned to be over when three quarters of its pods work, and all pods of a played step
of four or more begin then. On nab_elb_requests_5m, eager, six seeds, 0.016 % were played and 0.133 % really late; with pods that all start within 40 s 0.023 and 0.047 %, and with consumers that are
equally fast, too, 0.061 and 0.058 %. Fleets whose slow pods come later were tried: as long as one of twelve is missing, some consumers have a partition more than the others, and only the records of
these are late. With all consumers as slow as the busiest, 38 of 48 were within; with all of them equally busy, the price did not change.
`

const playedRebalances = `
Of an eager rebalance, a fleet that is played does not work for seven tenths: members go on until they notice the rebalance and have processed what they fetched, and the next owners process again
what was not committed. That share was measured in rebalances of the simulator (TestWhatAnEagerRebalanceCosts: 0.63 to 0.75), not chosen by this table. With the whole of it, as before, four eager rows were not within.

On traffic of short bursts, each rule of the steps up and down shows: six steps down in an hour, half a window of stabilization before one (at first, and after an outage, the whole), and a backlog that grows by what arrives, also by what of a burst
is not believed to last. A test (TestPlayedInShortBursts) compares both there. On "now and then five times as much, for 10 s" the fleets have 4 % (eager) and 2 % (cooperative) too few consumers, on the mean of
five seeds of a day. Played partitions are equal and without noise: of 167 steps up of a day that began at as many consumers in both, 22 went further in lagscaler, none in the fleet, and 16 of the 22
only because the busiest consumer had more than an equal share. Nor do fleets know that pods join one after another.
`

// within reports whether the price was right; late records may differ by slack, in percent of the records, whatever the factor.
func (m comparison) within(slack float64) bool {
	near := func(a, b float64) bool { return a <= max(lateWithin*b, b+slack) }
	cost := m.played/m.really - 1
	return cost <= priceWithin && cost >= -priceWithin && near(m.playedLate, m.reallyLate) && near(m.reallyLate, m.playedLate)
}

// meanConsumers is how many ran on average.
func meanConsumers(j *job) float64 {
	hours := j.traffic.Step.Hours() * float64(len(j.traffic.Counts))
	return j.result.ConsumerHours / hours
}
