package main

import (
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/lagscaler/lagscaler/scaler/sim"
)

// unseenDays is how long traffic lasts on which nothing was chosen.
const unseenDays = 2

// unseenFrom is the first seed of that traffic.
const unseenFrom = 100

// unseens are kinds of traffic on which no rule and no number was chosen: other periods than those of madeUps, and none. They show
// whether a rule knows more than the traffic it was made on. Choose nothing on them: add a kind to madeUps for that.
var unseens = []struct {
	name string
	make func() shape
}{
	{"on and off: 40 min of 1 500/s, 100 min of nothing", func() shape { return onOff(2400, 6000) }},
	{"on and off: 20 min of 1 500/s, 27 min of nothing", func() shape { return onOff(1200, 1620) }},
	{"on and off: 2 hours of 1 500/s, 5 hours of nothing", func() shape { return onOff(7200, 18000) }},
	{"on and off at random, 30 and 75 min on average", func() shape {
		on, next := false, 0.0
		return func(s float64, r *rand.Rand) float64 {
			if s >= next {
				on = !on
				next = s + 300 + map[bool]float64{true: 1500, false: 4200}[on]*r.ExpFloat64()
			}
			if on {
				return 1500 * around(0.05, r)
			}
			return 0
		}
	}},
	{"each 75 min three times as much, for 6 min", func() shape { return spikes(4500, 360, 3) }},
	{"each 2 hours six times as much, for 2 min", func() shape { return spikes(7200, 120, 6) }},
	{"each 30 min three times as much, for 4 min", func() shape { return spikes(1800, 240, 3) }},
	{"each hour, up to 4 min earlier or later, four times as much, for 5 min", func() shape {
		begins := 3600.0
		return func(s float64, r *rand.Rand) float64 {
			rate := 400 * around(0.05, r)
			if s >= begins {
				rate *= 4
			}
			if s >= begins+300 {
				begins = math.Ceil(s/3600)*3600 + 480*(r.Float64()-0.5)
				if begins < s {
					begins += 3600
				}
			}
			return rate
		}
	}},
	{"two waves a day", func() shape {
		return func(s float64, r *rand.Rand) float64 {
			return 800 * (1 - 0.7*math.Cos(4*math.Pi*s/86400)) * around(0.1, r)
		}
	}},
	{"a wave of five hours, with a jump at a third of it", func() shape {
		return func(s float64, r *rand.Rand) float64 {
			at := math.Mod(s, 18000)
			rate := 500 * (1 - 0.6*math.Cos(2*math.Pi*at/18000))
			if at > 6000 && at < 8000 {
				rate += 700
			}
			return rate * around(0.07, r)
		}
	}},
	{"jumps to twice as much at random, 2 hours apart, for 20 min", func() shape {
		until, next := 0.0, 4000.0
		return func(s float64, r *rand.Rand) float64 {
			if s >= next {
				until = s + 1200
				next = until + 6000*r.ExpFloat64()
			}
			if s < until {
				return 1200 * around(0.05, r)
			}
			return 600 * around(0.05, r)
		}
	}},
}

func onOff(on, off float64) shape {
	return func(s float64, r *rand.Rand) float64 {
		if math.Mod(s+off/2, on+off) < off {
			return 0
		}
		return 1500 * around(0.05, r)
	}
}

// unseenSeed is the seed of its simulations.
const unseenSeed = 11

// unseenTraffic is all of it; nothing where only a little is played.
func unseenTraffic(played []traffic) []traffic {
	if len(played) <= len(kinds) { // a test
		return nil
	}
	var all []traffic
	for i, m := range unseens {
		t, rate, r := sim.Trace{Name: m.name, Step: madeUpStep}, m.make(), rand.New(rand.NewPCG(uint64(unseenFrom+i), 0))
		for at := time.Duration(0); at < unseenDays*24*time.Hour; at += madeUpStep {
			t.Counts = append(t.Counts, math.Floor(max(0, rate(at.Seconds(), r)*madeUpStep.Seconds())))
		}
		all = append(all, traffic{t, sim.Cliffs, unseen})
	}
	return all
}

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
