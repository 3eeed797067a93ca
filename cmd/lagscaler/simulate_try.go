package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/lagscaler/lagscaler/internal/output"
	"github.com/lagscaler/lagscaler/internal/plot"
	"github.com/lagscaler/lagscaler/internal/tryout"
	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/number"
	"github.com/lagscaler/lagscaler/scaler/seen"
	"github.com/lagscaler/lagscaler/scaler/sim"
)

// past is the traffic on which settings are tried, the world in which it arrives, and what is tried.
type past struct {
	trace   sim.Trace
	world   sim.World
	tried   tryout.Tried
	missing time.Duration // of the traffic
	asItWas bool          // the traffic is not scaled
}

// try prints what would have been different with other settings.
func (o *simulateOptions) try(ctx context.Context, out, errOut io.Writer) error {
	if o.compare {
		return wrong{errors.New("--compare, --proposed, --brakes, --recording: either the alternatives are simulated, or settings are tried")}
	}
	over := output.Waiting(errOut, "reading the traffic")
	var p past
	var err error
	if len(o.recording) > 0 {
		p, err = o.recorded()
	} else {
		p, err = o.traffic(ctx)
	}
	over()
	if err != nil {
		return err
	}
	if err := o.tried(&p.tried); err != nil {
		return err
	}
	p.tried.Present.Declare(p.world.PerConsumer)
	if p.tried.Proposed != nil {
		p.tried.Proposed.Declare(p.world.PerConsumer)
	}
	cases := p.tried.Cases()
	players, jobs := make([]*tryout.Player, len(cases)), make([]job, len(cases))
	for i, c := range cases {
		players[i] = tryout.NewPlayer(c, true)
		jobs[i] = job{p.trace, p.world, sim.Entry{Name: c.Name, Make: func() (sim.Policy, error) {
			return players[i].Policy(p.tried.Scaler, p.tried.Labels), nil
		}}}
	}
	results, err := simulateAll(ctx, jobs, output.Progress(errOut, "simulating", len(jobs)))
	if err != nil {
		return err
	}
	if o.output.value == "html" {
		return plot.Write(out, plot.Report{Title: "lagscaler simulate", Target: p.world.Target, Results: results})
	}
	rows := make([]tryout.Outcome, len(results))
	for i := range results {
		rows[i] = players[i].Simulated(p.tried.Scaler, &results[i])
	}
	if o.output.value == "json" {
		return output.JSON(out, rows, true)
	}
	return printTried(out, rows, p.words()+fmt.Sprintf(triedLegend, p.world.Target))
}

// words say what was simulated.
func (p *past) words() string {
	w := &p.world
	text := fmt.Sprintf("\nSimulated: %s of traffic of %s, %s records/s at most", number.Duration(p.trace.Length()), p.trace.Name,
		number.Quantity(w.PeakLoad*float64(w.Partitions)*w.PerConsumer))
	if !p.asItWas {
		text += ", to which it was scaled"
	}
	text += fmt.Sprintf("; %s, consumers of %s records/s, %s.\n", number.Of(w.Partitions, "partition"), number.Quantity(w.PerConsumer), w.Protocol)
	if p.missing > 0 {
		text += fmt.Sprintf("The recording has gaps of %s: what arrived in them counts as spread evenly.\n", number.Duration(p.missing))
	}
	if p.tried.Brakes != nil {
		text += "The scaler is alone: what other scalers take of a limit is not simulated.\n"
	}
	return text
}

// flagged is the world as far as flags say it; given reports whether a flag counts.
func (o *simulateOptions) flagged(given func(flag string) bool) (w sim.World) {
	w.Seed = o.seed
	if given("processing-time") {
		w.PerConsumer = 1 / o.processing.Seconds()
	}
	if given("protocol") {
		w.Protocol = sim.Protocol(o.protocol.value)
	}
	if given("partitions") {
		w.Partitions = o.partitions
	}
	if given("spread") {
		w.Spread = sim.Spread(o.spread.value)
	}
	return w
}

// traffic is that of a trace, or of Prometheus.
func (o *simulateOptions) traffic(ctx context.Context) (p past, err error) {
	spec, err := o.spec()
	if err != nil {
		return p, err
	}
	if len(o.traces) > 1 || len(o.traces) == 0 && o.prometheus.Server == "" || o.protocol.value == "both" {
		return p, wrong{errors.New("to try settings, give one trace, --from-prometheus or --recording, and one protocol")}
	}
	loaded, err := o.load(ctx)
	if err != nil {
		return p, err
	}
	p.trace, p.world = loaded[0], o.flagged(func(string) bool { return true })
	p.world.Target, p.world.PeakLoad = spec.TargetLag, usualPeak
	if p.asItWas = o.prometheus.Server != ""; p.asItWas {
		p.world.PeakLoad = p.trace.Peak() / (float64(p.world.Partitions) * p.world.PerConsumer)
	}
	if p.tried.Present, err = presentOf(spec); err != nil {
		return p, wrong{err}
	}
	named, err := o.name(o.proposed, o.policy)
	p.tried.Scaler, p.tried.Labels = cmp.Or(named.Name, "simulated"), named.Labels
	return p, err
}

// presentOf are the settings of a specification that may have no source: that of the simulation.
func presentOf(spec scaler.Spec) (tryout.Settings, error) {
	if len(spec.Sources) == 0 {
		spec.Sources = []seen.SourceSpec{{Cluster: "sim", Group: "sim"}}
	}
	return tryout.SettingsOf(spec)
}

// usualPeak is the load of the partitions to which the peak of a trace is scaled.
const usualPeak = 0.7

// recorded is the traffic of a recording.
func (o *simulateOptions) recorded() (p past, err error) {
	if len(o.traces) > 0 || o.prometheus.Server != "" || o.policy != "" {
		return p, wrong{errors.New("--recording has the traffic and the present policy: give neither --trace, --from-prometheus nor --policy")}
	}
	history := tryout.History{}
	if err := readRecording(o.recording, history.Replay()); err != nil {
		return p, err
	}
	named, err := o.name(o.proposed)
	if err != nil {
		return p, err
	}
	one, err := history.Past(named.Name)
	if err != nil {
		return p, wrong{fmt.Errorf("--scaler: %w", err)}
	}
	if p.trace, err = one.Trace(); err != nil {
		return p, err
	}
	if p.world, err = one.World(p.trace, o.flagged(o.cmd.Flags().Changed)); err != nil {
		return p, err
	}
	p.tried = tryout.Tried{Scaler: one.Name, Labels: named.Labels, Present: one.Present}
	p.missing, p.asItWas = one.Missing(), true
	return p, nil
}
