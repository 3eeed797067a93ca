package tryout

import (
	"strings"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/rebalancemon"
	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/seen"
	"github.com/lagscaler/lagscaler/scaler/sim"
)

// pastOf is a recording of two partitions, of which the first gets three of four records; the sixth minute is missing.
func pastOf() *Past {
	at := time.Date(2026, 11, 30, 9, 0, 0, 0, time.UTC)
	p := &Past{
		Name: orders, pace: 1, initial: 3, learned: learned{perConsumer: 80, perReplica: 1, protocol: rebalancemon.Incremental},
		Present: Settings{Policy: scaler.Policy{TargetLag: 20 * time.Second}, Sources: []seen.SourceSpec{{CommitInterval: 2500 * time.Millisecond}}},
	}
	p.arrivals.first, p.arrivals.of = at, map[string]float64{"orders/0": 0, "orders/1": 0}
	for i, sum := 0, 0.0; i <= 60; i++ {
		if i < 30 || i > 36 {
			p.arrivals.times, p.arrivals.sums, p.arrivals.last = append(p.arrivals.times, at), append(p.arrivals.sums, sum), at
		}
		sum += 400
		at = at.Add(10 * time.Second)
	}
	p.arrivals.of["orders/0"], p.arrivals.of["orders/1"] = 18_000, 6_000
	return p
}

// A world has what the recording says, flags say the rest or more, and what was missing counts as spread evenly.
func TestWorldOfARecording(t *testing.T) {
	p := pastOf()
	trace, err := p.Trace()
	if err != nil {
		t.Fatal(err)
	}
	for i, n := range trace.Counts {
		if n < 399 || n > 401 {
			t.Errorf("%g records in step %d", n, i)
		}
	}
	w, err := p.World(trace, sim.World{})
	if err != nil {
		t.Fatal(err)
	}
	if len(trace.Counts) != 60 || w.Partitions != 2 || w.Weights[0] != 0.75 || w.PerConsumer != 80 || w.Protocol != sim.Cooperative ||
		w.Initial != 3 || w.Target != 20*time.Second || w.Commit != 2*time.Second || w.PeakLoad*160 < 39.9 || w.PeakLoad*160 > 40.1 {
		t.Errorf("%d steps, %+v", len(trace.Counts), w)
	}
	if w, err = p.World(trace, sim.World{PerConsumer: 50, Protocol: sim.Eager}); err != nil || w.PerConsumer != 50 || w.Protocol != sim.Eager {
		t.Errorf("%v: %+v", err, w)
	}
}

// What the simulator cannot play is an error that says so.
func TestWorldsThatCannotBeSimulated(t *testing.T) {
	for want, change := range map[string]func(p *Past){
		"2 groups":                   func(p *Past) { p.Present.Sources = append(p.Present.Sources, seen.SourceSpec{}) },
		"3 consumers in a replica":   func(p *Past) { p.learned.perReplica = 3 },
		"neither declared nor learn": func(p *Past) { p.learned.perConsumer = 0 },
		"20 times shorter":           func(p *Past) { p.pace = 20 },
	} {
		p := pastOf()
		change(p)
		if _, err := p.World(sim.Trace{Step: time.Second, Counts: []float64{1}}, sim.World{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	p := pastOf()
	p.arrivals.sums[len(p.arrivals.sums)-1] = 0
	if _, err := p.Trace(); err == nil || !strings.Contains(err.Error(), "no traffic") {
		t.Errorf("without traffic: %v", err)
	}
}
