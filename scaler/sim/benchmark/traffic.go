package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/lagscaler/lagscaler/scaler/sim"
	"github.com/lagscaler/lagscaler/scaler/sim/traces"
)

// traffic is a trace with one way to change its rate between two steps.
type traffic struct {
	sim.Trace
	Steps sim.Steps
	kind  kind
}

// kind groups traffic in the tables.
type kind string

const (
	recorded     kind = "recorded, cliffs"
	interpolated kind = "recorded, interpolated"
	generated    kind = "made up"
	unseen       kind = "nothing was chosen on it" // in no mean of the document
)

var kinds = []kind{recorded, interpolated, generated}

// name is unique.
func (t traffic) name() string {
	if t.kind == interpolated {
		return t.Name + ", interpolated"
	}
	return t.Name
}

func (t traffic) lasts() time.Duration { return time.Duration(len(t.Counts)) * t.Step }

// uncounted is the first day, where there are at least two.
func (t traffic) uncounted() time.Duration {
	const day = 24 * time.Hour
	if t.lasts() < 2*day {
		return 0
	}
	return day
}

// settled is a world in which the first day does not count.
func (t traffic) settled(w sim.World) sim.World {
	w.Uncounted = t.uncounted()
	return w
}

// load is its peak as a share of what a consumer for each partition processes; 0: the usual one.
func (t traffic) load() float64 {
	if t.Name == small {
		return smallLoad
	}
	return 0
}

// The longest part of a recorded trace that is simulated, and how long made-up traffic lasts: in all, and in the sample.
const (
	wholeDays    = 3
	wholeMadeUp  = 2
	sampleDays   = 1
	sampleMadeUp = 1
)

// allTraffic is all recorded traffic, with its steps as cliffs and, where a step is longer than a minute, interpolated, and all
// made-up kinds. The sample is shorter, and has every second made-up kind.
func allTraffic(whole bool) ([]traffic, error) {
	days, madeUpDays := sampleDays, sampleMadeUp
	if whole {
		days, madeUpDays = wholeDays, wholeMadeUp
	}
	var all []traffic
	files, err := shipped()
	if err != nil {
		return nil, err
	}
	for _, t := range files {
		t.Counts = t.Counts[:min(len(t.Counts), int(time.Duration(days)*24*time.Hour/t.Step))]
		all = append(all, traffic{t, sim.Cliffs, recorded})
	}
	for _, t := range all {
		if t.Step > time.Minute {
			all = append(all, traffic{t.Trace, sim.Interpolated, interpolated})
		}
	}
	for i, t := range madeUpTraces(time.Duration(madeUpDays) * 24 * time.Hour) {
		if whole || i%2 == 0 {
			all = append(all, traffic{t, sim.Cliffs, generated})
		}
	}
	return all, nil
}

// shipped are the traces of the repository, by name.
func shipped() ([]sim.Trace, error) {
	entries, err := traces.Files.ReadDir(".")
	if err != nil {
		return nil, fmt.Errorf("listing traces: %w", err)
	}
	var all []sim.Trace
	for _, e := range entries {
		t, err := read(e.Name())
		if err != nil {
			return nil, err
		}
		all = append(all, t)
	}
	return all, nil
}

func read(file string) (sim.Trace, error) {
	f, err := traces.Files.Open(file)
	if err != nil {
		return sim.Trace{}, fmt.Errorf("opening a trace: %w", err)
	}
	defer f.Close()
	return sim.ReadTrace(strings.TrimSuffix(file, ".csv"), f)
}
