package main

import (
	"strings"
	"time"

	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/sim"
)

// job is one simulation.
type job struct {
	part   part
	trace  sim.Trace
	world  sim.World
	policy string
	build  func() (sim.Policy, error)
	result sim.Result
}

// part is the table a job belongs to.
type part string

const (
	lineup   part = "lineup"   // everybody, 48 partitions
	sizes    part = "sizes"    // the main ones, 12 and 144 partitions
	ablation part = "ablation" // ourselves, with one thing taken away
	troubled part = "troubled" // ourselves, when things go wrong
)

const mainPartitions = 48

var protocols = []sim.Protocol{sim.Eager, sim.Cooperative}

// plan is every simulation of the benchmark, in the order of the document. What is compared closely gets all seeds; the
// rest, one: with five, everything would take an hour.
func plan(all []sim.Trace, seeds int) []*job {
	var jobs []*job
	add := func(p part, t sim.Trace, w sim.World, name string, build func() (sim.Policy, error)) {
		jobs = append(jobs, &job{part: p, trace: t, world: w, policy: name, build: build})
	}
	for _, t := range all {
		for _, protocol := range protocols {
			for seed := range uint64(seeds) {
				w := sim.World{Partitions: mainPartitions, Protocol: protocol, Seed: seed + 1}
				for _, e := range sim.Lineup(w, scaler.Spec{}, nil) {
					if seed == 0 || closely(e.Name) {
						add(lineup, t, w, e.Name, e.Make)
					}
				}
			}
			for _, partitions := range []int{12, 144} {
				w := sim.World{Partitions: partitions, Protocol: protocol, Seed: 1}
				for _, e := range sim.Lineup(w, scaler.Spec{}, nil) {
					if closely(e.Name) && (partitions < mainPartitions || !strings.HasPrefix(e.Name, "KEDA")) {
						add(sizes, t, w, e.Name, e.Make)
					}
				}
			}
		}
		w := sim.World{Partitions: mainPartitions, Protocol: sim.Eager, Seed: 1}
		for _, v := range variants {
			add(ablation, t, w, v.name, func() (sim.Policy, error) { return sim.Without(v.name, sim.Declare(v.spec, w), v.forget) })
		}
	}
	for _, tr := range troubles {
		w := sim.World{Partitions: mainPartitions, Seed: 1, Troubles: []sim.Trouble{tr}}
		for _, e := range sim.Lineup(w, scaler.Spec{}, nil) {
			if closely(e.Name) {
				add(troubled, day(all), w, e.Name, e.Make)
			}
		}
	}
	return jobs
}

// closely reports whether a policy is compared closely.
func closely(name string) bool {
	return name == sim.OurName || name == "clairvoyant" || name == "KEDA lagThreshold 10"
}

// variants are our policy with something else, or without something.
var variants = []struct {
	name   string
	spec   scaler.Spec
	forget func(*scaler.Memory)
}{
	{"all of it", scaler.Spec{}, nil},
	{"without room for jumps and without season", scaler.Spec{}, func(m *scaler.Memory) { eachSeason(m, func(s *scaler.Season) { *s = scaler.Season{} }) }},
	{"without season", scaler.Spec{}, func(m *scaler.Memory) { eachSeason(m, func(s *scaler.Season) { s.Skill = [3]scaler.Skilled{} }) }},
	{"window 900 s", scaler.Spec{StabilizationWindow: 900 * time.Second}, nil},
	{"economy", scaler.Spec{Preset: scaler.Economy}, nil},
	{"latency", scaler.Spec{Preset: scaler.Latency}, nil},
}

// eachSeason changes what is remembered of seasons. A Memory is a value: its list is replaced.
func eachSeason(m *scaler.Memory, change func(*scaler.Season)) {
	list := append([]scaler.SourceMemory(nil), m.Sources...)
	for i := range list {
		change(&list[i].Season)
	}
	m.Sources = list
}

// troubles are what goes wrong in the second hour of a day.
var troubles = []sim.Trouble{
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
