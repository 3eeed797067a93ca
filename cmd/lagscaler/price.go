package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"net/url"

	"github.com/spf13/cobra"

	"github.com/lagscaler/lagscaler/internal/output"
	"github.com/lagscaler/lagscaler/internal/web"
	"github.com/lagscaler/lagscaler/scaler/number"
	"github.com/lagscaler/lagscaler/scaler/sim"
)

// priceOptions are the flags of price. Its traffic is that of a scaler of a running daemon, or that of simulate.
type priceOptions struct {
	trafficOptions
	daemon    place
	objective float64
	output    choice
}

func newPrice() *cobra.Command {
	o := priceOptions{trafficOptions: newTraffic("eager", "cooperative")}
	cmd := &cobra.Command{
		Use:   "price [NAMESPACE/NAME]",
		Short: "Print what it costs to process a share of the records within a time",
		Long: `Prints, for target lags from 10 s to 10 min and for objectives from 99 % to 99.99 % of the records, how many replicas the
traffic of the last days would have needed, on average and at most, and what would make it cheaper.

With the name of a scaler it asks a running daemon, which simulates groups with more and with fewer replicas on the real traffic.
With --trace or --from-prometheus no daemon is needed: the command simulates these groups on the given traffic. All flags except
--server and --output are for a trace.`,
		Example: `  lagscaler price shop/orders --server http://localhost:9090
  lagscaler price --trace nab_tweets_goog_5m --target-lag 30s --objective 99.9
  lagscaler price --from-prometheus http://localhost:9090 --query 'sum(rate(lagscaler_group_produced_records_total{group="orders"}[5m]))'`,
		Args: checked(cobra.MaximumNArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error { return o.run(cmd, args) },
	}
	f := cmd.Flags()
	f.StringVarP(&o.daemon.server, "server", "s", "http://localhost:9090", "read from the running daemon at `URL`")
	f.StringSliceVar(&o.traces, "trace", nil, "CSV `FILE` or name of a shipped trace, instead of a scaler")
	f.StringVar(&o.policy, "policy", "", "`FILE` with the KafkaScaler whose policy is simulated (default: the default policy)")
	f.Float64Var(&o.objective, "objective", 0, "percent of the records within the target lag, beside those of the table; the policy may set another value")
	o.flags(cmd)
	o.outputFlag(cmd)
	return cmd
}

func (o *priceOptions) outputFlag(cmd *cobra.Command) {
	o.output = choice{value: "table", of: []string{"table", "json"}}
	cmd.Flags().VarP(&o.output, "output", "o", "table or json")
}

func (o *priceOptions) run(cmd *cobra.Command, args []string) error {
	simulated := len(o.traces) > 0 || o.prometheus.Server != ""
	switch {
	case simulated && len(args) > 0:
		return wrong{fmt.Errorf("%s and a trace: give only one of them", args[0])}
	case !simulated && len(args) == 0:
		return wrong{errors.New("give the name of a scaler, or --trace, or --from-prometheus")}
	case len(o.traces) > 1:
		return wrong{fmt.Errorf("--trace: %d traces: give only one of them", len(o.traces))}
	case o.objective != 0 && !(o.objective > 0 && o.objective < 100):
		return wrong{fmt.Errorf("--objective %v: must be above 0 and below 100 percent", o.objective)}
	}
	var page web.PricePage
	if simulated {
		played, err := o.play(cmd)
		if err != nil {
			return err
		}
		page = *played
	} else if err := o.daemon.ask(cmd.Context(), "/api/v1/price", url.Values{"scaler": {args[0]}}, &page); err != nil {
		return err
	}
	if o.output.value == "json" {
		return output.JSON(cmd.OutOrStdout(), page, true)
	}
	return printPrice(cmd.OutOrStdout(), &page)
}

// play simulates the traffic of the flags.
func (o *priceOptions) play(cmd *cobra.Command) (*web.PricePage, error) {
	spec, err := o.spec()
	if err != nil {
		return nil, err
	}
	over := output.Waiting(cmd.ErrOrStderr(), "simulating the traffic")
	defer over()
	loaded, err := o.load(cmd.Context())
	if err != nil {
		return nil, err
	}
	objective := o.objective
	if spec.Objective != nil {
		objective = *spec.Objective
	}
	t := loaded[0]
	collectSeldom()
	played, _, err := sim.Played(t, sim.World{
		Partitions: o.partitions, PerConsumer: 1 / o.processing.Seconds(), Target: spec.TargetLag,
		Protocol: sim.Protocol(o.protocol.value), Spread: sim.Spread(o.spread.value), Seed: o.seed,
	}, spec)
	if err != nil {
		return nil, wrong{err}
	}
	return web.PriceOf(t.Name, spec.TargetLag, objective, &played, 1), nil
}

func printPrice(w io.Writer, page *web.PricePage) error {
	if len(page.Rows) == 0 {
		const either = "less than an hour of traffic was played yet, or the capacity of a consumer is not known" // an older daemon does not say which
		return fmt.Errorf("%s: %s", output.Printable(page.Name), output.Printable(cmp.Or(page.Missing, either)))
	}
	head := []string{"TARGET LAG"}
	for _, c := range page.Rows[0].Cells {
		head = append(head, number.Kept(c.Objective/100))
	}
	g := output.NewTable(w, head...)
	outOfReach := false
	for _, r := range page.Rows {
		cells := []string{number.Seconds(r.TargetLag)}
		for _, c := range r.Cells {
			cells = append(cells, priced(c))
			outOfReach = outOfReach || !c.Reachable
		}
		g.Row(cells...)
	}
	if err := g.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(w, "\nReplicas on average / at most, so that this share of the records is processed within the target lag: %s, as the last %s would have cost.\n",
		output.Printable(page.Name), number.Seconds(page.Played))
	if outOfReach {
		fmt.Fprintln(w, "(…) nothing that was played would have kept it; this would have kept most.")
	}
	for _, line := range []string{page.InForce, page.Cheapest, page.Cheaper, page.Counted} {
		if line != "" {
			fmt.Fprintf(w, "%s\n", line)
		}
	}
	return nil
}

// priced is a cell: "12 / 30"; in brackets where the objective is out of reach.
func priced(c web.PriceCell) string {
	text := number.Quantity(c.Replicas) + " / " + number.Quantity(c.Most)
	if !c.Reachable {
		return "(" + text + ")"
	}
	return text
}
