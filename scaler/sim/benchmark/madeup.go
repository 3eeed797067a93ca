package main

import (
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/sim"
)

// Made-up traffic shows what five recorded traces may not.
const (
	madeUpStep = 10 * time.Second
	madeUpSpan = 48 * time.Hour
)

// shape is records/s at a second; it may remember what it threw.
type shape func(second float64, r *rand.Rand) float64

// madeUps are the shapes. A new one is made for each trace.
var madeUps = []struct {
	name string
	make func() shape
}{
	{"a wave a day", func() shape {
		return func(s float64, r *rand.Rand) float64 {
			return 800 * (1 - 0.8*math.Cos(2*math.Pi*s/86400)) * around(0.1, r)
		}
	}},
	{"a ramp of six hours, then a fall", func() shape {
		return func(s float64, r *rand.Rand) float64 { return 100 + 1500*math.Mod(s, 21600)/21600 + 20*r.NormFloat64() }
	}},
	{"a random walk", func() shape {
		rate := 600.0
		return func(_ float64, r *rand.Rand) float64 {
			rate = min(2000, max(100, rate*math.Exp(0.03*r.NormFloat64())))
			return rate
		}
	}},
	{"steps between 300/s and 2 000/s, 40 min apart on average", func() shape {
		rate, next := 500.0, 0.0
		return func(s float64, r *rand.Rand) float64 {
			if s >= next {
				rate, next = []float64{300, 500, 800, 1300, 2000}[r.IntN(5)], s+2400*r.ExpFloat64()
			}
			return rate * around(0.05, r)
		}
	}},
	{"each hour four times as much, for 3 min", func() shape { return spikes(3600, 180, 4) }},
	{"each 90 min five times as much, for 5 min", func() shape { return spikes(5400, 300, 5) }},
	{"now and then five times as much, for 10 s", func() shape {
		return func(_ float64, r *rand.Rand) float64 {
			if r.Float64() < 0.01 {
				return 2000 * around(0.1, r)
			}
			return 400 * around(0.1, r)
		}
	}},
	{"twice to six times as much, for 1 to 10 min, 85 min apart on average", func() shape {
		until, next, times := 0.0, 3000.0, 1.0
		return func(s float64, r *rand.Rand) float64 {
			if s >= next {
				until, times = s+60+540*r.Float64(), 2+4*r.Float64()
				next = until + 5000*r.ExpFloat64()
			}
			if s >= until {
				times = 1
			}
			return 300 * times * around(0.05, r)
		}
	}},
}

func spikes(period, length, times float64) shape {
	return func(s float64, r *rand.Rand) float64 {
		if math.Mod(s, period) < length {
			return 400 * times * around(0.05, r)
		}
		return 400 * around(0.05, r)
	}
}

// around is 1, give or take.
func around(sigma float64, r *rand.Rand) float64 { return 1 + sigma*r.NormFloat64() }

func madeUpTraces(span time.Duration) []sim.Trace {
	var all []sim.Trace
	for i, m := range madeUps {
		t, rate, r := sim.Trace{Name: m.name, Step: madeUpStep}, m.make(), rand.New(rand.NewPCG(uint64(i+1), 0))
		for at := time.Duration(0); at < span; at += madeUpStep {
			t.Counts = append(t.Counts, math.Floor(max(0, rate(at.Seconds(), r)*madeUpStep.Seconds())))
		}
		all = append(all, t)
	}
	return all
}

// rivalsOnMadeUp are whom we are shown beside there.
var rivalsOnMadeUp = []string{sim.OurName, rateAndLag, clairvoyant}

func (a *jobList) makeUp(traces []sim.Trace) {
	for _, t := range traces {
		for _, protocol := range protocols {
			w := sim.World{Partitions: mainPartitions, Protocol: protocol, Seed: 1}
			for _, e := range sim.Lineup(w, scaler.Spec{}, nil) {
				if slices.Contains(rivalsOnMadeUp, e.Name) {
					a.try(madeUp, t, w, e)
				}
			}
		}
	}
}

func onMadeUp(w io.Writer, all table) {
	fmt.Fprint(w, madeUpNotes, "| traffic | protocol |")
	for _, name := range rivalsOnMadeUp {
		fmt.Fprintf(w, " %s |", name)
	}
	fmt.Fprint(w, "\n|---|---|---|---|---|\n")
	for _, m := range madeUps {
		for _, p := range protocols {
			fmt.Fprintf(w, "| %s | %s |", m.name, p)
			for _, name := range rivalsOnMadeUp {
				r := all.on(sim.Trace{Name: m.name}).under(p).row(name)
				fmt.Fprintf(w, " %.2f / %.3f |", r.cost, r.late)
			}
			fmt.Fprintln(w)
		}
	}
}

const madeUpNotes = `
## Made-up traffic

Every trace has two days with noise; 48 partitions, one seed. The cells are cost / late %. No parameter was chosen on these traces, except one of two ways to
discount a burst. The table shows the weaknesses of the policy. A peak that comes less than once per hour finds no reserve, and its records are late
until new replicas have started. For a peak that comes every hour, the reserve is paid for the entire hour.

`
