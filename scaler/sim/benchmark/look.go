package main

import (
	"fmt"
	"io"
	"regexp"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/sim"
)

// playAlone plays lagscaler alone, to see in a minute what a change of a rule does: cost / late % of each traffic whose name matches.
func playAlone(w io.Writer, all []traffic, pattern *regexp.Regexp, seeds int, wraps func(sim.Policy) sim.Policy) error {
	var chosen []traffic
	for _, t := range all {
		if pattern.MatchString(t.name()) {
			chosen = append(chosen, t)
		}
	}
	type cell struct{ cost, late float64 }
	cells := make([][2]cell, len(chosen))
	var mu sync.Mutex
	var g errgroup.Group
	g.SetLimit(2)
	for i, t := range chosen {
		for k, protocol := range protocols {
			for seed := range uint64(seeds) {
				g.Go(func() error {
					world := sim.World{Partitions: partitions, PerConsumer: speed, Protocol: protocol, Seed: seed + 1, Steps: t.Steps, PeakLoad: t.load()}
					policy, err := sim.Ours(sim.OurName, sim.Declare(scaler.Spec{}, world), nil)
					if err != nil {
						return err
					}
					r := sim.Simulate(t.Trace, world, wraps(policy))
					mu.Lock()
					defer mu.Unlock()
					c := &cells[i][k]
					c.cost, c.late = c.cost+r.CostOverFluid/float64(seeds), c.late+r.LatePercent/float64(seeds)
					return nil
				})
			}
		}
	}
	if err := g.Wait(); err != nil {
		return err
	}
	var mean [2]cell
	fmt.Fprintf(w, "%-60s %16s %16s\n", "cost / late %", "eager", "cooperative")
	line := func(name string, c [2]cell) {
		fmt.Fprintf(w, "%-60s %s\n", name, strings.Join([]string{fmt.Sprintf("%8.2f / %.3f", c[0].cost, c[0].late), fmt.Sprintf("%8.2f / %.3f", c[1].cost, c[1].late)}, " "))
	}
	for i, t := range chosen {
		for k := range mean {
			mean[k].cost += cells[i][k].cost / float64(len(chosen))
			mean[k].late += cells[i][k].late / float64(len(chosen))
		}
		line(t.name(), cells[i])
	}
	line("mean", mean)
	return nil
}
