package main

import (
	"math"
	"math/rand/v2"
	"time"

	"github.com/lagscaler/lagscaler/scaler/sim"
)

// Made-up traffic shows what five recorded traces may not.
const madeUpStep = 10 * time.Second

// shape is records/s at a second; it may remember what it threw.
type shape func(second float64, r *rand.Rand) float64

// madeUps are the shapes. A new one is made for each trace. Each is scaled to the peak of the recorded traces, but for small.
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
	{"steady", func() shape { return func(_ float64, r *rand.Rand) float64 { return 1000 * around(0.03, r) } }},
	{small, func() shape {
		return func(s float64, r *rand.Rand) float64 {
			return 20 * (1 - 0.5*math.Cos(2*math.Pi*s/86400)) * around(0.3, r)
		}
	}},
	{"on and off: an hour of 1 500/s, two hours of nothing", func() shape {
		return func(s float64, r *rand.Rand) float64 {
			if math.Mod(s, 10800) < 3600 {
				return 1500 * around(0.05, r)
			}
			return 0
		}
	}},
	{"once a day three times as much, for an hour", func() shape { return spikes(86400, 3600, 3) }},
	{"growth by a half each day", func() shape {
		return func(s float64, r *rand.Rand) float64 { return 300 * math.Pow(1.5, s/86400) * around(0.1, r) }
	}},
	{"heavy-tailed bursts of 30 s", func() shape {
		until, times := 0.0, 1.0
		return func(s float64, r *rand.Rand) float64 {
			if s >= until {
				until, times = s+30, min(8, math.Pow(1-r.Float64(), -0.5))
			}
			return 200 * times * around(0.05, r)
		}
	}},
	{"a saw of ten minutes", func() shape {
		return func(s float64, r *rand.Rand) float64 { return 300 + 1200*math.Mod(s, 600)/600*around(0.1, r) }
	}},
	{"office hours: 8 to 18 from Monday on, with a dip at noon", func() shape {
		return func(s float64, r *rand.Rand) float64 {
			hour := math.Mod(s/3600, 24)
			rate := 100 + 1400*math.Max(0, math.Sin(math.Pi*(hour-8)/10))
			if hour > 12 && hour < 13 {
				rate *= 0.6
			}
			if hour < 8 || hour > 18 {
				rate = 100
			}
			return rate * around(0.08, r)
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

// small is traffic whose peak needs three consumers.
const small = "small rates"

const smallLoad = 0.05

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
