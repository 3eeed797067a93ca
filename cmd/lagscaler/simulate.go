package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/lagscaler/lagscaler/internal/output"
	"github.com/lagscaler/lagscaler/internal/plot"
	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/sim"
	"github.com/lagscaler/lagscaler/scaler/sim/traces"
)

// simulateOptions are the flags of simulate.
type simulateOptions struct {
	trafficOptions
	tryOptions
	recording []string
	compare   bool
	output    choice

	cmd *cobra.Command
}

func newSimulate() *cobra.Command {
	o := simulateOptions{
		trafficOptions: newTraffic("eager", "cooperative", "both"),
		output:         choice{value: "table", of: []string{"table", "json", "html"}},
	}
	cmd := &cobra.Command{
		Use:   "simulate",
		Short: "Simulate a policy on recorded traffic",
		Long: `Simulates partitions, consumers, rebalances and the start-up of pods with the traffic of a trace and the policy of the daemon.
With --compare it also simulates the alternatives: KEDA's kafka trigger, DS2, fixed thresholds, a fixed number of replicas,
and a policy that knows the traffic of the next ten minutes.

A trace is a CSV file with the columns t_s,count, or a trace that is shipped: ` + strings.Join(traces.Names(), ", ") + `.
--from-prometheus takes the traffic from your Prometheus instead.

With --proposed, --brakes or --recording it prints one row for each case: the policy of --policy, the proposed policy, and the
proposed policy without one restriction (a limit, a freeze, …), for each restriction. A row has the changes of the replicas, the late
records, the consumer hours, and for how long each restriction held. The traffic of Prometheus and of a recording is then simulated
as it was; the traffic of a trace is scaled to 70 % of what the partitions can process. A recording also contains the present policy,
the partitions and the capacity of a consumer.`,
		Example: `  lagscaler simulate --trace nab_tweets_goog_5m --compare
  lagscaler simulate --trace week.csv --policy scaler.yaml --protocol both -o html > report.html
  lagscaler simulate --from-prometheus http://localhost:9090 --query 'sum(rate(lagscaler_group_produced_records_total{group="orders"}[5m]))'
  lagscaler simulate --recording polls.jsonl.gz --proposed orders.yaml --brakes lagscaler.yaml`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return o.run(cmd.Context(), cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	f := cmd.Flags()
	f.StringSliceVar(&o.traces, "trace", nil, "CSV `FILE` or name of a shipped trace; may be repeated (default: all shipped traces)")
	f.StringVar(&o.policy, "policy", "", "`FILE` with the KafkaScaler whose policy is simulated (default: the default policy)")
	f.BoolVar(&o.compare, "compare", false, "also simulate the alternatives")
	f.StringSliceVar(&o.recording, "recording", nil, "`FILE` of a recording, the oldest first; may be repeated")
	o.trafficOptions.flags(cmd)
	o.tryOptions.flags(cmd)
	f.VarP(&o.output, "output", "o", "table, json or html")
	o.cmd = cmd
	return cmd
}

func (o *simulateOptions) run(ctx context.Context, out, errOut io.Writer) error {
	if o.proposed != "" || o.brakes != "" || len(o.recording) > 0 {
		return o.try(ctx, out, errOut)
	}
	spec, err := o.spec()
	if err != nil {
		return err
	}
	over := output.Waiting(errOut, "reading the traffic")
	loaded, err := o.load(ctx)
	over()
	if err != nil {
		return err
	}
	jobs := o.jobs(loaded, spec)
	results, err := simulateAll(ctx, jobs, output.Progress(errOut, "simulating", len(jobs)))
	if err != nil {
		return err
	}
	return o.print(out, results, spec.TargetLag)
}

// job is one simulation.
type job struct {
	trace sim.Trace
	world sim.World
	entry sim.Entry
}

func (o *simulateOptions) jobs(all []sim.Trace, spec scaler.Spec) []job {
	protocols := []sim.Protocol{sim.Protocol(o.protocol.value)}
	if o.protocol.value == "both" {
		protocols = []sim.Protocol{sim.Eager, sim.Cooperative}
	}
	var jobs []job
	for _, t := range all {
		for _, p := range protocols {
			w := sim.World{
				Partitions: o.partitions, PerConsumer: 1 / o.processing.Seconds(), Target: spec.TargetLag,
				Protocol: p, Spread: sim.Spread(o.spread.value), Seed: o.seed,
			}
			lineup := sim.Lineup(w, spec, nil)
			if !o.compare {
				lineup = lineup[:1]
			}
			for _, e := range lineup {
				jobs = append(jobs, job{t, w, e})
			}
		}
	}
	return jobs
}

// collectSeldom makes the garbage collector run as seldom as a simulation needs, unless GOGC says how often.
func collectSeldom() {
	if _, set := os.LookupEnv("GOGC"); !set {
		debug.SetGCPercent(sim.GCPercent)
	}
}

// simulateAll runs jobs on all cores and returns their results in the order of the jobs.
func simulateAll(ctx context.Context, jobs []job, finished func()) ([]sim.Result, error) {
	collectSeldom()
	results := make([]sim.Result, len(jobs))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(runtime.GOMAXPROCS(0))
	for i, j := range jobs {
		g.Go(func() error {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			policy, err := j.entry.Make()
			if err != nil {
				return wrong{err}
			}
			results[i] = sim.Simulate(j.trace, j.world, policy)
			finished()
			return nil
		})
	}
	return results, g.Wait()
}

// simulated is a row of the JSON contract.
type simulated struct {
	Trace            string  `json:"trace"`
	Policy           string  `json:"policy"`
	Seed             uint64  `json:"seed"`
	Protocol         string  `json:"protocol"`
	Partitions       int     `json:"partitions"`
	CostOverFluid    float64 `json:"costOverFluid"`
	LatePercent      float64 `json:"latePercent"`
	ViolationPercent float64 `json:"violationPercent"`
	RebalancesPerDay float64 `json:"rebalancesPerDay"`
	PeakAgeSeconds   float64 `json:"peakAgeSeconds"`
}

func (o *simulateOptions) print(w io.Writer, results []sim.Result, target time.Duration) error {
	switch o.output.value {
	case "html":
		return plot.Write(w, plot.Report{Title: "lagscaler simulate", Target: target, Results: results})
	case "json":
		rows := make([]simulated, 0, len(results))
		for _, r := range results {
			rows = append(rows, simulated{
				r.Trace, r.Policy, r.Seed, string(r.Protocol), r.Partitions, r.CostOverFluid, r.LatePercent,
				r.ViolationPercent, r.RebalancesPerDay, r.PeakAge.Seconds(),
			})
		}
		return output.JSON(w, rows, true)
	}
	g := output.NewTable(w, "TRACE", "PROTOCOL", "POLICY", "COST", "LATE %", "VIOLATION %", "REBALANCES/DAY", "OLDEST")
	for _, r := range results {
		g.Row(r.Trace, string(r.Protocol), r.Policy, fmt.Sprintf("%.2f", r.CostOverFluid), fmt.Sprintf("%.3f", r.LatePercent),
			fmt.Sprintf("%.2f", r.ViolationPercent), fmt.Sprintf("%.0f", r.RebalancesPerDay), r.PeakAge.String())
	}
	if err := g.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, simulateLegend, o.processing, o.partitions, target)
	return err
}

// simulateLegend explains the table and the values that may be defaults.
const simulateLegend = `
Simulated with %s per record, %d partitions and a target lag of %s.
COST            consumer time, divided by the least time that could process the traffic: 1.00 cannot be reached
LATE %%          the share of the records that waited for longer than the target lag
VIOLATION %%     the share of the time in which some record had waited for longer than the target lag
REBALANCES/DAY  rebalances per day
OLDEST          how long the oldest record waited at most
`
