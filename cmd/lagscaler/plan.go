package main

import (
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
		Short: "How many consumers and partitions a rate needs",
		Long: `Computes the capacity plan: how many consumers keep up with a rate, and how many partitions they want.

The target lag changes none of the numbers: consumers that keep up have no lag. It is accepted so that a plan can be
written down whole. What drains a backlog is --backlog with --drain-time.`,
		Example: `  lagscaler plan --rate 1000 --processing-time 50ms --target-lag 30s
  lagscaler plan --rate 1000 --processing-time 50ms --backlog 60000 --drain-time 2m --partitions 48`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return o.run(cmd.OutOrStdout()) },
	}
	f := cmd.Flags()
	f.Float64Var(&o.in.Rate, "rate", 0, "records/s arriving (required)")
	f.DurationVar(&o.in.ProcessingTime, "processing-time", 0, "of one record, such as 50ms (required)")
	f.DurationVar(&o.in.TargetLag, "target-lag", 30*time.Second, "how late is late; changes none of the numbers")
	f.Int64Var(&o.in.Backlog, "backlog", 0, "records waiting")
	f.DurationVar(&o.in.DrainTime, "drain-time", plan.DefaultDrain, "in which the backlog is to be gone")
	f.Int32Var(&o.in.Partitions, "partitions", 0, "that exist (default: as many as recommended)")
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
	g.Row("per consumer", fmt.Sprintf("%.4g/s", p.PerConsumer), "what one consumer does: 1 / processing time")
	g.Row("consumers for throughput", n(p.ConsumersForThroughput), "rate / per consumer, rounded up")
	g.Row("consumers for lag", n(p.ConsumersForLag), "rate x processing time, rounded up")
	g.Row("recommended consumers", n(p.RecommendedConsumers), "the greater of both")
	g.Row("recommended partitions", n(p.RecommendedPartitions), "the consumers, rounded up to a multiple of 12")
	g.Row("useful consumers", n(p.UsefulConsumers), "that keep up on whole partitions, spread evenly")
	g.Row("consumers with drain", n(p.ConsumersWithDrain), fmt.Sprintf("that also drain %d records in %s", o.in.Backlog, o.in.DrainTime))
	g.Row("balanced partitions", n(p.BalancedPartitions), "three for each consumer, rounded up to a multiple of 12")
	return g.Flush()
}
