package tryout

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/lagscaler/lagscaler/rebalancemon"
	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/sim"
)

// step is the length of a step of a trace that is made of a recording: about the time between two polls.
const step = 10 * time.Second

// learned is what a recording says of the consumers of its first group.
type learned struct {
	perConsumer float64 // records/s; 0: not known
	perReplica  int32
	startup     []float64 // seconds
	rebalances  []float64 // seconds
	protocol    rebalancemon.Protocol
}

func (l *learned) take(d *scaler.Decision, m *scaler.Memory) {
	if n := d.Needs; len(n) > 0 && n[0].Capacity.Known() {
		l.perConsumer = n[0].PerConsumer
	}
	l.perReplica, l.startup = d.Why.PerReplica, m.Startup
	if len(m.Sources) > 0 {
		l.rebalances = m.Sources[0].Rebalances
	}
}

// Trace is the traffic of the first group of the scaler.
func (p *Past) Trace() (sim.Trace, error) {
	a := &p.arrivals
	t := sim.Trace{Name: p.Name, Step: step, Begins: a.first}
	if len(a.times) < 2 || a.last.Sub(a.first) < 2*step || a.sums[len(a.sums)-1] == 0 {
		return t, fmt.Errorf("%s: the recording has no traffic of 20 s or more", p.Name)
	}
	i, before := 0, 0.0
	for at := a.first.Add(step); !at.After(a.last); at = at.Add(step) {
		for a.times[i+1].Before(at) {
			i++
		}
		share := at.Sub(a.times[i]).Seconds() / a.times[i+1].Sub(a.times[i]).Seconds()
		sum := a.sums[i] + share*(a.sums[i+1]-a.sums[i])
		t.Counts = append(t.Counts, sum-before)
		before = sum
	}
	return t, nil
}

// Missing is how long the recording does not say what arrived. The records of that time count as spread evenly.
func (p *Past) Missing() time.Duration { return p.arrivals.missing }

// World is the group and its consumers, as far as the recording says it; the rest is that of w. The error says what the simulator cannot
// play: several groups, several consumers in a replica, or the clock of the demo.
func (p *Past) World(t sim.Trace, w sim.World) (sim.World, error) {
	l := &p.learned
	var errs []error
	if n := len(p.Present.Sources); n != 1 {
		errs = append(errs, fmt.Errorf("%s: %d groups: the simulator has one; replay plays all of them", p.Name, n))
	}
	if p.pace != 1 {
		errs = append(errs, fmt.Errorf("%s: time windows were %g times shorter than in production, as in the demo: replay plays them", p.Name, p.pace))
	}
	if l.perReplica > 1 {
		errs = append(errs, fmt.Errorf("%s: %d consumers in a replica: the simulator has one; replay plays them", p.Name, l.perReplica))
	}
	if l.perConsumer == 0 && w.PerConsumer == 0 {
		errs = append(errs, fmt.Errorf("%s: what a consumer processes is neither declared nor learned: give --processing-time", p.Name))
	}
	if err := errors.Join(errs...); err != nil {
		return w, err
	}
	source := &p.Present.Sources[0]
	w.Partitions, w.Initial, w.Target = len(p.arrivals.of), p.initial, p.Present.Policy.TargetLag
	if w.PerConsumer == 0 {
		w.PerConsumer = l.perConsumer
	}
	w.PeakLoad = t.Peak() / (float64(w.Partitions) * w.PerConsumer)
	w.Weights = p.weights()
	if w.Protocol == "" && (l.protocol == rebalancemon.Cooperative || l.protocol == rebalancemon.Incremental) {
		w.Protocol = sim.Cooperative
	}
	w.Protocol = cmp.Or(w.Protocol, sim.Eager)
	if source.CommitInterval >= time.Second {
		w.Commit = source.CommitInterval.Truncate(time.Second)
	}
	if len(l.startup) > 0 {
		w.Starts = [2]time.Duration{seconds(slices.Min(l.startup)), seconds(slices.Max(l.startup))}
	}
	if len(l.rebalances) > 0 {
		sorted := slices.Sorted(slices.Values(l.rebalances))
		w.Pause = max(time.Second, seconds(sorted[len(sorted)/2]))
	}
	return w, nil
}

func (p *Past) weights() []float64 {
	sum := p.arrivals.sums[len(p.arrivals.sums)-1]
	var all []float64
	for _, partition := range slices.Sorted(maps.Keys(p.arrivals.of)) {
		all = append(all, p.arrivals.of[partition]/sum)
	}
	return all
}

func seconds(s float64) time.Duration {
	return time.Duration(s * float64(time.Second)).Round(time.Second)
}
