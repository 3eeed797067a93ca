package main

import (
	"strings"
	"time"

	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/learn"
	"github.com/lagscaler/lagscaler/scaler/sim"
)

// job is one simulation, or one bound.
type job struct {
	part   part
	trace  sim.Trace
	world  sim.World
	policy string
	run    func(j *job) (sim.Result, error)
	result sim.Result
}

// part is the table that a job belongs to.
type part string

const (
	lineup    part = "lineup"    // all policies, 48 partitions
	bySecond  part = "by second" // the clairvoyant that reads rates by the second
	bounds    part = "bounds"    // lower bounds of the cost
	followers part = "followers" // rules that forecast nothing and keep more replicas
	sizes     part = "sizes"     // the main ones, 12 and 144 partitions
	ablation  part = "ablation"  // our policy without one of its parts
	madeUp    part = "made up"   // our policy on generated traffic
	troubled  part = "troubled"  // our policy with faults
)

const (
	mainPartitions = 48
	manySeeds      = 1 // at 144 partitions, where a simulation takes three times as long
	boundDays      = 14
)

var protocols = []sim.Protocol{sim.Eager, sim.Cooperative}

// targetLate is the aimed-at share of late records, in percent.
var targetLate = map[sim.Protocol]float64{sim.Eager: 0.3, sim.Cooperative: 0.05}

// targetCost is the greatest cost that is aimed at, in multiples of the clairvoyant's.
const targetCost = 1.4

// jobList is every job of the benchmark, in the order of the document.
type jobList struct{ jobs []*job }

// plan is the list of jobs. Policies that are compared closely get all seeds, the others one: five seeds for all would take an
// hour.
func plan(all, madeUp []sim.Trace, seeds int) []*job {
	var a jobList
	for _, t := range all {
		for _, protocol := range protocols {
			for seed := range uint64(seeds) {
				a.line(t, sim.World{Partitions: mainPartitions, Protocol: protocol, Seed: seed + 1})
				a.size(t, sim.World{Partitions: 12, Protocol: protocol, Seed: seed + 1})
			}
			for seed := range uint64(min(seeds, manySeeds)) {
				a.size(t, sim.World{Partitions: 144, Protocol: protocol, Seed: seed + 1})
			}
			w := sim.World{Partitions: mainPartitions, Protocol: protocol, Seed: 1}
			for _, v := range variants {
				a.try(ablation, t, w, sim.Entry{Name: v.name, Make: func() (sim.Policy, error) {
					return sim.Without(v.name, sim.Declare(v.spec, w), v.forget)
				}})
			}
			a.bound(t, w)
		}
		for _, headroom := range []float64{1.3, 1.6, 2} {
			for _, hold := range []int32{450, 1800, 3600} {
				rule := sim.RateFollower{Headroom: headroom, Hold: hold}
				a.try(followers, t, sim.World{Partitions: mainPartitions, Protocol: sim.Eager, Seed: 1}, sim.Entry{
					Name: rule.Name(), Make: func() (sim.Policy, error) { mine := rule; return &mine, nil },
				})
			}
		}
	}
	a.makeUp(madeUp)
	for _, tr := range faults {
		w := sim.World{Partitions: mainPartitions, Seed: 1, Faults: []sim.Fault{tr}}
		for _, e := range sim.Lineup(w, scaler.Spec{}, nil) {
			if comparedClosely(e.Name) {
				a.try(troubled, day(all), w, e)
			}
		}
	}
	return a.jobs
}

// try adds a simulation.
func (a *jobList) try(p part, t sim.Trace, w sim.World, e sim.Entry) {
	a.jobs = append(a.jobs, &job{part: p, trace: t, world: w, policy: e.Name, run: func(j *job) (sim.Result, error) {
		policy, err := e.Make()
		if err != nil {
			return sim.Result{}, err
		}
		return sim.Simulate(j.trace, j.world, policy), nil
	}})
}

func (a *jobList) line(t sim.Trace, w sim.World) {
	for _, e := range sim.Lineup(w, scaler.Spec{}, nil) {
		if w.Seed == 1 || comparedClosely(e.Name) {
			a.try(lineup, t, w, e)
		}
	}
	entry := sim.Entry{Name: clairvoyant, Make: func() (sim.Policy, error) { return &sim.Clairvoyant{BySecond: true}, nil }}
	if t.Step < time.Minute { // else it reads the same
		a.try(bySecond, t, w, entry)
	}
}

func (a *jobList) size(t sim.Trace, w sim.World) {
	for _, e := range sim.Lineup(w, scaler.Spec{}, nil) {
		if comparedClosely(e.Name) && (w.Partitions < mainPartitions || !strings.HasPrefix(e.Name, "KEDA")) {
			a.try(sizes, t, w, e)
		}
	}
}

func (a *jobList) bound(t sim.Trace, w sim.World) {
	t.Counts = t.Counts[:min(len(t.Counts), int(boundDays*24*time.Hour/t.Step))]
	a.jobs = append(a.jobs, &job{part: bounds, trace: t, world: w, policy: "bound", run: func(j *job) (sim.Result, error) {
		return sim.Result{CostOverFluid: sim.LeastCost(j.trace, j.world, targetLate[j.world.Protocol])}, nil
	}})
}

// Names of policies that have columns of their own.
const (
	clairvoyant = "clairvoyant"
	rateAndLag  = "KEDA rate + lag"
)

// comparedClosely reports whether a policy is compared closely.
func comparedClosely(name string) bool {
	return name == sim.OurName || name == clairvoyant || name == "KEDA lagThreshold 10"
}

// variants are our policy with a changed part, or without one.
var variants = []struct {
	name   string
	spec   scaler.Spec
	forget func(*scaler.Memory)
}{
	{"all of it", scaler.Spec{}, nil},
	{"without room and season", scaler.Spec{}, each(func(m *learn.Source) { m.Season = learn.Season{} })},
	{"without season", scaler.Spec{}, each(func(m *learn.Source) { m.Season.Skill = [3]learn.Accuracy{} })},
	{"no trend believed", scaler.Spec{}, each(func(m *learn.Source) { m.BrokenTrends = 1 })},
	{"no jump believed, and no burst", scaler.Spec{}, each(func(m *learn.Source) { m.BrokenJumps = 1 })},
	{"every jump, trend and burst believed", scaler.Spec{}, each(func(m *learn.Source) { m.BrokenJumps, m.BrokenTrends = 0, 0 })},
	{"without drain", scaler.Spec{DrainTime: 24 * time.Hour}, nil},
	{"without learned start and pause", scaler.Spec{}, func(m *scaler.Memory) {
		m.Startup = nil
		each(func(m *learn.Source) { m.Rebalances = nil })(m)
	}},
	{"window 120 s", scaler.Spec{StabilizationWindow: 120 * time.Second}, nil},
	{"window 450 s", scaler.Spec{StabilizationWindow: 450 * time.Second}, nil},
	{"economy", scaler.Spec{Preset: scaler.Economy}, nil},
	{"latency", scaler.Spec{Preset: scaler.Latency}, nil},
}

// each changes the memory of every source. A Memory is a value: its list is replaced.
func each(change func(*learn.Source)) func(*scaler.Memory) {
	return func(m *scaler.Memory) {
		list := append([]learn.Source(nil), m.Sources...)
		for i := range list {
			change(&list[i])
		}
		m.Sources = list
	}
}

// faults happen in the second hour of a day.
var faults = []sim.Fault{
	{Kind: sim.Outage, From: time.Hour, To: 2 * time.Hour},
	{Kind: sim.Poison, From: time.Hour, To: 2 * time.Hour},
	{Kind: sim.Downstream, From: time.Hour, To: 2 * time.Hour, Size: 1500},
	{Kind: sim.Rollout, From: time.Hour, To: 2 * time.Hour, Size: 30},
	{Kind: sim.SlowStart, From: 0, To: 24 * time.Hour, Size: 3},
}

// day is the first day of the taxi trace.
func day(all []sim.Trace) sim.Trace {
	for _, t := range all {
		if t.Name == "nab_nyc_taxi_30m" {
			t.Name, t.Counts = "a day of taxis", t.Counts[:min(48, len(t.Counts))]
			return t
		}
	}
	return all[0]
}
