package main

import (
	"fmt"
	"slices"
	"time"

	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/learn"
	"github.com/lagscaler/lagscaler/scaler/sim"
)

// family is a rule with a number that somebody has to choose.
type family string

const (
	ours      family = "lagscaler"
	keda      family = "KEDA lagThreshold"
	kedaRate  family = "KEDA rate and lag"
	follower  family = "a rule that follows the rate"
	ds2       family = "DS2"
	fixed     family = "fixed thresholds"
	yardstick family = "to compare with"
)

// candidate is a member of a family: the rule with one choice of its number.
type candidate struct {
	family family
	name   string
	make   func(w sim.World) (sim.Policy, error)
}

func rival(f family, make func(w sim.World) sim.Policy) candidate {
	return candidate{f, make(sim.World{}).Name(), func(w sim.World) (sim.Policy, error) { return make(w), nil }}
}

func our(f family, name string, spec scaler.Spec) candidate {
	return candidate{f, name, func(w sim.World) (sim.Policy, error) { return sim.Ours(name, sim.Declare(spec, w), nil) }}
}

// Names that have columns of their own.
const (
	balanced    = sim.OurName
	clairvoyant = "clairvoyant"
)

// presets are our policy with each of its presets.
func presets() []candidate {
	return []candidate{
		our(ours, "lagscaler, economy", scaler.Spec{Preset: scaler.Economy}),
		our(ours, balanced, scaler.Spec{}),
		our(ours, "lagscaler, latency", scaler.Spec{Preset: scaler.Latency}),
	}
}

// candidates are all policies. Consumers process 100 records/s, so that a lagThreshold of 1000 is ten seconds of work.
func candidates() []candidate {
	all := presets()
	for _, threshold := range []float64{10, 30, 100, 300, 1000, 3000} {
		all = append(all, rival(keda, func(sim.World) sim.Policy { return sim.KEDA(threshold) }))
	}
	for _, utilization := range []float64{0.4, 0.6, 0.85} {
		for _, threshold := range []float64{100, 1000} {
			all = append(all, rival(kedaRate, func(sim.World) sim.Policy { return sim.KEDARate(utilization*speed, threshold) }))
		}
	}
	for _, headroom := range []float64{1.3, 2, 3} {
		for _, hold := range []int32{450, 3600} {
			all = append(all, rival(follower, func(sim.World) sim.Policy { return &sim.RateFollower{Headroom: headroom, Hold: hold} }))
		}
	}
	for _, utilization := range []float64{0.4, 0.6, 0.85} {
		all = append(all, rival(ds2, func(sim.World) sim.Policy { return &sim.DS2{Target: utilization * speed} }))
	}
	return append(all,
		candidate{fixed, "fixed thresholds", sim.FixedThresholds},
		rival(yardstick, func(sim.World) sim.Policy { return sim.Static{} }),
		rival(yardstick, func(sim.World) sim.Policy { return &sim.Clairvoyant{} }),
	)
}

// speed is what a consumer processes, records/s.
const speed = 100.0

// declarations are what a team may say about its consumers: the truth, twice or half of it, or nothing.
func declarations() []candidate {
	with := func(name string, times float64) candidate {
		return candidate{ours, name, func(w sim.World) (sim.Policy, error) {
			var spec scaler.Spec
			if times > 0 {
				spec = sim.Declare(spec, w)
				spec.Sources[0].ProcessingTime = time.Duration(times * float64(spec.Sources[0].ProcessingTime))
			}
			return sim.Ours(name, spec, nil)
		}}
	}
	return []candidate{with("as it is", 1), with("twice as long", 2), with("half as long", 0.5), with("not declared", 0)}
}

// oversized are our policy without a declaration, on a target that begins with a consumer for each partition.
func oversized() []candidate {
	const name = "not declared, 48 replicas at first"
	return []candidate{
		{ours, name, func(sim.World) (sim.Policy, error) { return sim.Ours(name, scaler.Spec{}, nil) }},
		{ours, name + ", no trials", func(w sim.World) (sim.Policy, error) {
			return sim.Without(name, scaler.Spec{}, true, each(func(m *learn.Source) { m.NoTrial = never }))
		}},
	}
}

// never is after all traces.
var never = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)

// withoutRoom is the variant without any peak of the past: neither those of the week nor those of the last hour, which are not saved.
const withoutRoom = "without room and season"

// withoutPeriod is the variant that looks for no time after which the arrivals repeat themselves.
const withoutPeriod = "without a period that is found"

// onUnseen are those that play the traffic on which nothing was chosen.
func onUnseen() []candidate {
	names := []string{balanced, withoutPeriod, "KEDA lagThreshold 100", "KEDA rate 60/s + lag 1000", clairvoyant}
	return slices.DeleteFunc(append(candidates(), variants()...), func(c candidate) bool { return !slices.Contains(names, c.name) })
}

// variants are our policy without one of its parts, or with a changed one.
func variants() []candidate {
	var all []candidate
	for _, v := range []struct {
		name  string
		waits func(sim.Policy) sim.Policy
	}{
		{"no step up between two decisions", betweenDecisions},
		{"no step up while the last one is less than a minute old", unsettled},
	} {
		all = append(all, candidate{ours, v.name, func(w sim.World) (sim.Policy, error) {
			p, err := sim.Ours(v.name, sim.Declare(scaler.Spec{}, w), nil)
			return v.waits(p), err
		}})
	}
	for _, v := range []struct {
		name   string
		spec   scaler.Spec
		forget func(*scaler.Memory)
	}{
		{"all of it", scaler.Spec{}, nil},
		{withoutRoom, scaler.Spec{}, each(func(m *learn.Source) { m.Season = learn.Season{} })},
		{"without season", scaler.Spec{}, each(func(m *learn.Source) { m.Season.Skill = [3]learn.Accuracy{} })},
		{withoutPeriod, scaler.Spec{}, each(func(m *learn.Source) { m.Rhythm = learn.Rhythm{At: -1} })},
		{"no peak of the hour given up for a period", scaler.Spec{}, each(func(m *learn.Source) { m.Rhythm.Reliant = false })},
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
	} {
		all = append(all, candidate{ours, v.name, func(w sim.World) (sim.Policy, error) {
			return sim.Without(v.name, sim.Declare(v.spec, w), v.name != withoutRoom, v.forget)
		}})
	}
	return all
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

// favour is something that a simulator may do for policies, and no cluster does.
type favour struct {
	name   string
	change func(w *sim.World)
}

var favours = []favour{
	{"none: the world of this document", func(*sim.World) {}},
	{"members commit in the second before each poll, and the rate changes right after one", func(w *sim.World) { w.InStep = true }},
	{"members commit before a rebalance: nothing is processed twice", func(w *sim.World) { w.CommitOnRevoke = true }},
	{"every pod starts within 40 s", func(w *sim.World) { w.Starts = [2]time.Duration{20 * time.Second, 40 * time.Second} }},
	{"no favour but a hardship: every pod starts in 60 to 120 s", func(w *sim.World) { w.Starts = [2]time.Duration{60 * time.Second, 120 * time.Second} }},
	{"no favour but a hardship: every rebalance takes 8 s", func(w *sim.World) { w.Pause = 8 * time.Second }},
}

// faults happen in the second hour of a day.
var faults = []sim.Fault{
	{Kind: sim.Outage, From: time.Hour, To: 2 * time.Hour},
	{Kind: sim.Poison, From: time.Hour, To: 2 * time.Hour},
	{Kind: sim.Downstream, From: time.Hour, To: 2 * time.Hour, Size: 1500},
	{Kind: sim.Rollout, From: time.Hour, To: 2 * time.Hour, Size: 30},
	{Kind: sim.SlowStart, From: 0, To: 24 * time.Hour, Size: 3},
}

// label tells a simulation of a part from the others.
func (f favour) label() part { return part(fmt.Sprint("favour ", f.name)) }
