package main

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/lagscaler/lagscaler/internal/output"
	"github.com/lagscaler/lagscaler/scaler/plan"
)

// planOptions are the flags of plan.
type planOptions struct {
	in     plan.Input
	output choice
}

func newPlan() *cobra.Command {
	o := planOptions{output: choice{value: "table", of: []string{"table", "json"}}}
	cmd := &cobra.Command{
		Use:   "plan",
		Short: "Compute how many consumers and partitions an arrival rate needs",
		Long: `Computes the capacity plan: how many consumers keep up with an arrival rate, and how many partitions they need.

The target lag does not change the result, because consumers that keep up have no lag. The flag exists so that a plan can be
written with all its inputs. To plan for a backlog, use --backlog and --drain-time.`,
		Example: `  lagscaler plan --rate 1000 --processing-time 50ms --target-lag 30s
  lagscaler plan --rate 1000 --processing-time 50ms --backlog 60000 --drain-time 2m --partitions 48`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if !cmd.Flags().Changed("rate") {
				return wrong{errors.New("--rate: required")}
			}
			return o.run(cmd.OutOrStdout())
		},
	}
	f := cmd.Flags()
	f.Float64Var(&o.in.Rate, "rate", 0, "arrival rate in records/s (required)")
	f.DurationVar(&o.in.ProcessingTime, "processing-time", 0, "processing time of one record, such as 50ms (required)")
	f.DurationVar(&o.in.TargetLag, "target-lag", 30*time.Second, "how late records may be; does not change the result")
	f.Int64Var(&o.in.Backlog, "backlog", 0, "records that wait")
	f.DurationVar(&o.in.DrainTime, "drain-time", plan.DefaultDrain, "time in which the backlog is processed")
	f.Int32Var(&o.in.Partitions, "partitions", 0, "existing partitions (default: the recommended number)")
	f.VarP(&o.output, "output", "o", "table or json")
	return cmd
}

func (o *planOptions) run(w io.Writer) error {
	p, err := plan.Make(o.in)
	if err != nil {
		return wrong{err}
	}
	if o.output.value == "json" {
		return output.JSON(w, p, true)
	}
	n := func(v int64) string { return strconv.FormatInt(v, 10) }
	g := output.NewTable(w, "WHAT", "NUMBER", "MEANING")
	g.Row("per consumer", fmt.Sprintf("%.4g/s", p.PerConsumer), "capacity of one consumer: 1 / processing time")
	g.Row("consumers for throughput", n(p.ConsumersForThroughput), "rate / per consumer, rounded up")
	g.Row("consumers for lag", n(p.ConsumersForLag), "rate x processing time, rounded up")
	g.Row("recommended consumers", n(p.RecommendedConsumers), "the greater of both")
	g.Row("recommended partitions", n(p.RecommendedPartitions), "the consumers, rounded up to a multiple of 12")
	g.Row("useful consumers", n(p.LeastConsumers), "that keep up when partitions are spread evenly")
	g.Row("consumers with drain", n(p.ConsumersWithDrain), fmt.Sprintf("that also drain %d records in %s", o.in.Backlog, o.in.DrainTime))
	g.Row("balanced partitions", n(p.BalancedPartitions), "three per consumer, rounded up to a multiple of 12")
	return g.Flush()
}
