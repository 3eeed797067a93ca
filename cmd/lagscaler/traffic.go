package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/lagscaler/lagscaler/internal/client"
	"github.com/lagscaler/lagscaler/internal/config"
	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/sim"
	"github.com/lagscaler/lagscaler/scaler/sim/traces"
)

// trafficOptions are the flags of commands that simulate traffic.
type trafficOptions struct {
	traces     []string
	policy     string
	partitions int
	processing time.Duration
	target     time.Duration
	protocol   choice
	spread     choice
	seed       uint64
	prometheus client.Prometheus
}

func newTraffic(protocols ...string) trafficOptions {
	return trafficOptions{
		protocol: choice{value: protocols[0], of: protocols},
		spread:   choice{value: "uniform", of: []string{"uniform", "skewed", "hot"}},
	}
}

// flags adds those that say what is simulated, but for the traces and the policy.
func (o *trafficOptions) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.IntVar(&o.partitions, "partitions", 48, "partitions of the topic")
	f.DurationVar(&o.processing, "processing-time", 10*time.Millisecond, "processing time of one record")
	f.DurationVar(&o.target, "target-lag", 30*time.Second, "a record that is processed later than this is late; the policy may set another value")
	f.Var(&o.protocol, "protocol", "how the group rebalances")
	f.Var(&o.spread, "spread", "how records are distributed over partitions")
	f.Uint64Var(&o.seed, "seed", 1, "seed of all random numbers")
	f.StringVar(&o.prometheus.Server, "from-prometheus", "", "take the trace from the Prometheus at `URL`")
	f.StringVar(&o.prometheus.Query, "query", "", "with --from-prometheus: query for the arrival rate in records/s")
	f.DurationVar(&o.prometheus.Window, "window", 7*24*time.Hour, "with --from-prometheus: time range, until now")
	f.DurationVar(&o.prometheus.Step, "step", 5*time.Minute, "with --from-prometheus: time between two samples")
}

// spec is the policy under test.
func (o *trafficOptions) spec() (scaler.Spec, error) {
	spec := scaler.Spec{TargetLag: o.target}
	if o.policy != "" {
		loaded, err := config.LoadScaler(o.policy)
		if err != nil {
			return spec, wrong{err}
		}
		spec = loaded.Scaler()
		if spec.TargetLag == 0 {
			spec.TargetLag = o.target
		}
	}
	if o.partitions <= 0 || o.processing <= 0 {
		return spec, wrong{fmt.Errorf("--partitions %d, --processing-time %s: must be positive", o.partitions, o.processing)}
	}
	return spec, nil
}

// load reads the traces of the flags.
func (o *trafficOptions) load(ctx context.Context) ([]sim.Trace, error) {
	if o.prometheus.Server != "" {
		t, err := o.fromPrometheus(ctx)
		return []sim.Trace{t}, err
	}
	names := o.traces
	if len(names) == 0 {
		names = traces.Names()
	}
	var out []sim.Trace
	for _, name := range names {
		t, err := loadTrace(name)
		if err != nil {
			return nil, wrong{err}
		}
		out = append(out, t)
	}
	return out, nil
}

// loadTrace reads a file, or a shipped trace by its name.
func loadTrace(name string) (sim.Trace, error) {
	f, err := traces.Open(name)
	if err != nil {
		return sim.Trace{}, fmt.Errorf("--trace %w", err)
	}
	defer func() { _ = f.Close() }() // only read
	t, err := sim.ReadTrace(filepath.Base(name), f)
	t.Name = strings.TrimSuffix(t.Name, ".csv")
	return t, err
}

func (o *trafficOptions) fromPrometheus(ctx context.Context) (sim.Trace, error) {
	p := o.prometheus
	if p.Query == "" {
		return sim.Trace{}, wrong{errors.New("--query: required with --from-prometheus")}
	}
	if p.Step < time.Second || p.Step%time.Second != 0 || p.Window < 2*p.Step {
		return sim.Trace{}, wrong{fmt.Errorf("--window %s, --step %s: must be whole seconds, and the window at least two steps", p.Window, p.Step)}
	}
	series, err := p.Ask(ctx)
	if err != nil {
		return sim.Trace{}, asked("--from-prometheus", err)
	}
	if n := len(series); n != 1 {
		return sim.Trace{}, wrong{fmt.Errorf("--query gives %d series: must be one, such as sum(…)", n)}
	}
	t, err := p.Trace(series[0])
	if err != nil {
		return sim.Trace{}, wrong{fmt.Errorf("--query: %w", err)}
	}
	return t, nil
}
