package sim

import (
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/lagscaler/lagscaler/scaler"
)

func TestUsefulCounts(t *testing.T) {
	for partitions, want := range map[int][]int{
		1:  {1},
		12: {1, 2, 3, 4, 6, 12},
		48: {1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 16, 24, 48},
	} {
		if got := usefulCounts(partitions); !slices.Equal(got, want) {
			t.Errorf("%d partitions: %v, want %v", partitions, got, want)
		}
	}
}

// A step of ten seconds, by hand: 100 records/s a consumer, a pause of 8 s or 4 s, pods that start in 20 s.
func TestBoundStep(t *testing.T) {
	for _, c := range []struct {
		name          string
		protocol      Protocol
		from, to      int // consumers
		in            stepInput
		cost, backlog float64
	}{
		{"enough", Eager, 4, 4, stepInput{arrive: 4000}, 40, 500},
		{"too few", Eager, 3, 3, stepInput{arrive: 4000}, 30, 1500},
		{"eager up", Eager, 2, 4, stepInput{arrive: 4000}, 40 + 2*20, 500 + 4000 - 2*400},
		{"eager down", Eager, 4, 2, stepInput{arrive: 1000}, 20, 500 + 1000 - 2*200},
		{"cooperative up", Cooperative, 2, 4, stepInput{arrive: 4000}, 40 + 2*20, 500 + 4000 - 4*200 - 6*400},
		{"cooperative down", Cooperative, 4, 2, stepInput{arrive: 3000}, 20, 500 + 3000 - 2000},
		{"late, and its price", Eager, 3, 3, stepInput{arrive: 4000, young: 1200, due: 700, price: 0.1}, 30 + 30, 1500},
		{"no more is late than is due", Eager, 3, 3, stepInput{arrive: 4000, young: 1200, due: 100, price: 0.1}, 30 + 10, 1500},
	} {
		pause := 8 * time.Second
		if c.protocol == Cooperative {
			pause = 4 * time.Second
		}
		s := costProblem{World: World{Protocol: c.protocol, Pause: pause, Starts: usualStarts}.filled(), counts: []int{1, 2, 3, 4}}
		_, got := s.step(schedule{backlog: 500}, c.from-1, c.to-1, c.in)
		if math.Abs(got.cost-c.cost) > 1e-9 || math.Abs(got.backlog-c.backlog) > 1e-9 {
			t.Errorf("%s: cost %v and backlog %v, want %v and %v", c.name, got.cost, got.backlog, c.cost, c.backlog)
		}
	}
}

// Of all schedules of a short trace none costs less than the bound says.
func TestNoScheduleCostsLess(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		tr := Trace{Name: "short", Step: 10 * time.Second, Counts: rapid.SliceOfN(rapid.Float64Range(1, 100), 7, 7).Draw(rt, "counts")}
		w := World{Partitions: 4, Protocol: rapid.SampledFrom([]Protocol{Eager, Cooperative}).Draw(rt, "protocol")}.filled()
		limit := rapid.SampledFrom([]float64{0, 1, 10}).Draw(rt, "limit")
		s := newCostProblem(tr, w)
		least := math.Inf(1)
		var try func(at schedule, i, c int)
		try = func(at schedule, i, c int) {
			switch {
			case c == len(s.arrivals):
				if at.late <= limit/100*s.arrived {
					least = min(least, at.cost)
				}
				return
			case at.cost >= least:
				return
			}
			young, due := s.waiting(c)
			for j := range s.counts {
				_, next := s.step(at, i, j, stepInput{s.arrivals[c], young, due, 0})
				try(next, j, c+1)
			}
		}
		for i := range s.counts {
			try(schedule{}, i, 0)
		}
		if got := LeastCost(tr, w, limit) * s.fluid; got > least+1e-6 {
			rt.Errorf("the bound is %v, and a schedule costs %v", got, least)
		}
	})
}

// The bound is below what every policy costs, and not far below the fluid.
func TestBoundIsBelowAll(t *testing.T) {
	tr := trace(t, "nab_elb_requests_5m")
	tr.Counts = tr.Counts[:72]
	w := World{Seed: 2}
	least := LeastCost(tr, w, 5)
	if least < 0.9 || least > 1.2 {
		t.Errorf("the bound is %.2f times the fluid", least)
	}
	for _, e := range Lineup(w, scaler.Spec{}, nil) {
		p, err := e.Make()
		if err != nil {
			t.Fatal(err)
		}
		if r := Simulate(tr, w, p); r.LatePercent <= 5 && r.CostOverFluid < least {
			t.Errorf("%s: %.3f, below the bound of %.3f", r.Policy, r.CostOverFluid, least)
		}
	}
}
