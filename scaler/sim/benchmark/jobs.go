package main

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/promise"
	"github.com/lagscaler/lagscaler/scaler/sim"
)

// job is one simulation, or one bound.
type job struct {
	part    part
	traffic traffic
	world   sim.World
	policy  string
	run     func(j *job) (sim.Result, error)
	result  sim.Result
	says    *promise.Choice // of an objective: what is said of it at the end; nil: nothing
	play    promise.Play    // of a price: what was played along
}

// part is the table that a job belongs to.
type part string

const (
	curves     part = "curves"     // every candidate
	declared   part = "declared"   // our policy with other declarations
	bounds     part = "bounds"     // lower bounds of the cost
	sizes      part = "sizes"      // 12 and 144 partitions
	ablation   part = "ablation"   // our policy without one of its parts
	troubled   part = "troubled"   // with faults
	chosenNot  part = "unseen"     // on traffic on which nothing was chosen
	priced     part = "priced"     // what the fleets that are played along say of our policy
	later      part = "later"      // our policy, without the first day
	objectives part = "objectives" // our policy with objectives
	rooms      part = "rooms"      // our policy with one of the rooms for objectives in force all the time
	roomPrices part = "roomPrices" // what the fleets that are played along say of each of these rooms
	partitions      = 48
)

var (
	protocols  = []sim.Protocol{sim.Eager, sim.Cooperative}
	otherSizes = []int{12, 144}
)

// boundLate is the share of late records, in percent, that the schedules of the lower bound may have.
const boundLate = 0.3

// jobList is filled with the jobs of one part after the other.
type jobList []*job

func (l *jobList) add(p part, t traffic, w sim.World, list ...candidate) {
	w.Steps, w.PeakLoad = t.Steps, t.load()
	for _, c := range list {
		*l = append(*l, &job{part: p, traffic: t, world: w, policy: c.name, run: func(j *job) (sim.Result, error) {
			policy, err := c.make(j.world)
			if err != nil {
				return sim.Result{}, err
			}
			return sim.Simulate(j.traffic.Trace, j.world, policy), nil
		}})
	}
}

// plan is the list of jobs.
func plan(all []traffic, seeds int) []*job {
	var l jobList
	for _, t := range all {
		for _, protocol := range protocols {
			w := sim.World{Partitions: partitions, PerConsumer: speed, Protocol: protocol}
			l.seeded(t, w, seeds)
			l.priced(t, w, seeds)
			w.Seed = 1
			l.add(ablation, t, w, variants()...)
			if t.uncounted() > 0 {
				l.promised(t, w)
			}
			if t.kind == recorded {
				l.closely(t, w)
			}
		}
	}
	for _, t := range unseenTraffic(all) {
		for _, protocol := range protocols {
			w := sim.World{Partitions: partitions, PerConsumer: speed, Protocol: protocol}
			l.priced(t, w, seeds)
			w.Seed = unseenSeed
			l.add(chosenNot, t, w, onUnseen()...)
		}
	}
	for _, f := range faults {
		l.add(troubled, oneDay(all), sim.World{Partitions: partitions, PerConsumer: speed, Seed: 1, Faults: []sim.Fault{f}}, comparedClosely()...)
	}
	return l
}

// seeded are the simulations that are played with every seed.
func (l *jobList) seeded(t traffic, w sim.World, seeds int) {
	for seed := range uint64(seeds) {
		w.Seed, w.Initial = seed+1, 0
		l.add(curves, t, w, candidates()...)
		l.add(later, t, t.settled(w), presets()...)
		l.add(declared, t, w, declarations()...)
		w.Initial = partitions
		l.add(declared, t, w, oversized()...)
	}
}

// priced is a day of our policy, with its price, for every seed: the totals of a longer play leave the first day out, so they would be of
// another time.
func (l *jobList) priced(t traffic, w sim.World, seeds int) {
	t.Counts = t.Counts[:min(len(t.Counts), int(24*time.Hour/t.Step))]
	w.Steps, w.PeakLoad = t.Steps, t.load()
	for seed := range uint64(seeds) {
		w.Seed = seed + 1
		*l = append(*l, &job{part: priced, traffic: t, world: w, policy: balanced, run: price})
	}
}

// roomDays is how long traffic must last for the price of each room: totals leave the first day out if there is a whole one after it.
const roomDays = 3 * 24 * time.Hour

// promised are objectives, and each room that may be in force for them. A room is chosen after a day, so only what comes after it counts.
func (l *jobList) promised(t traffic, w sim.World) {
	if t.lasts() >= roomDays {
		*l = append(*l, &job{part: roomPrices, traffic: t, world: w, policy: balanced, run: price})
	}
	w = t.settled(w)
	l.add(rooms, t, w, inRooms()...)
	w.Steps, w.PeakLoad = t.Steps, t.load()
	for _, percent := range promisedPercent {
		*l = append(*l, &job{part: objectives, traffic: t, world: w, policy: objectiveName(percent), run: func(j *job) (r sim.Result, err error) {
			j.says, r, err = sim.Promised(j.traffic.Trace, j.world, scaler.Spec{Objective: &percent})
			return r, err
		}})
	}
}

// closely are the simulations of few policies in other worlds.
func (l *jobList) closely(t traffic, w sim.World) {
	*l = append(*l, &job{part: bounds, traffic: t, world: w, policy: "bound", run: bound})
	for _, c := range comparedClosely() {
		for _, f := range favours {
			changed := w
			f.change(&changed)
			l.add(f.label(), t, changed, c)
		}
		for _, n := range otherSizes {
			sized := w
			sized.Partitions = n
			l.add(sizes, t, sized, c)
		}
	}
}

// price plays our policy, and keeps what was played along.
func price(j *job) (r sim.Result, err error) {
	j.play, r, err = sim.Played(j.traffic.Trace, j.world, scaler.Spec{})
	return r, err
}

func bound(j *job) (sim.Result, error) {
	return sim.Result{CostOverFluid: sim.LeastCost(j.traffic.Trace, j.world, boundLate)}, nil
}

// comparedClosely are the policies of the tables with few of them.
func comparedClosely() []candidate {
	names := []string{balanced, "KEDA lagThreshold 10", "KEDA lagThreshold 1000", "KEDA rate 60/s + lag 1000", "DS2 at 85/s", clairvoyant}
	return slices.DeleteFunc(candidates(), func(c candidate) bool { return !slices.Contains(names, c.name) })
}

// oneDay is the first day of the smoothest recorded trace.
func oneDay(all []traffic) traffic {
	for _, t := range all {
		if t.Name == "nab_nyc_taxi_30m" {
			t.Name, t.Counts = "a day of taxis", t.Counts[:min(48, len(t.Counts))]
			return t
		}
	}
	return all[0]
}

// simulate runs all jobs on all cores.
func simulate(jobs []*job, progress func(done int)) error {
	var g errgroup.Group
	g.SetLimit(runtime.GOMAXPROCS(0))
	finished := make(chan struct{}, len(jobs))
	for _, j := range jobs {
		g.Go(func() error {
			r, err := j.run(j)
			if err != nil {
				return errors.Join(fmt.Errorf("%s on %s", j.policy, j.traffic.name()), err)
			}
			r.Points, r.Moves = nil, nil // nobody plots them, and there are many
			j.result = r
			finished <- struct{}{}
			progress(len(finished))
			return nil
		})
	}
	return g.Wait()
}
