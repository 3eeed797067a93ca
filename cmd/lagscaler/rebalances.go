package main

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/lagscaler/lagscaler/internal/api"
	"github.com/lagscaler/lagscaler/internal/daemon"
	"github.com/lagscaler/lagscaler/internal/engine"
	"github.com/lagscaler/lagscaler/internal/output"
	"github.com/lagscaler/lagscaler/internal/web"
	"github.com/lagscaler/lagscaler/rebalancemon"
)

// rebalanceOptions are the flags of rebalances.
type rebalanceOptions struct {
	place
	output choice
	watch  bool
	during time.Duration
}

// rebalanceColumns is what the help of every rebalances says of the columns.
const rebalanceColumns = `The columns of the table; docs/rebalances.md explains causes and outcomes:

  START         when the rebalance began
  TOOK          how long it took, and how exactly that is known. "<=": it was shorter than the time between two readings, so only the
                most is known
  OUTCOME       success, failed, empty or unknown; "-" while it lasts
  JOINED, LEFT  how many members joined and left
  GENERATION    the generation of the group after it, or its epoch
  COUNT         how many rebalances the row stands for: several, if the readings show their number but not each of them
  EVIDENCE      what was seen, from which the CAUSE follows`

func (o *rebalanceOptions) outputFlags(cmd *cobra.Command) {
	o.output = choice{value: "table", of: []string{"table", "json"}}
	cmd.Flags().VarP(&o.output, "output", "o", "table or json")
	cmd.Flags().BoolVarP(&o.watch, "watch", "w", false, "print every rebalance when it ends, until interrupted")
}

func newRebalances() *cobra.Command {
	o := rebalanceOptions{}
	cmd := &cobra.Command{
		Use:   "rebalances [GROUP…]",
		Short: "Print the rebalances of all groups, or of the given groups",
		Long: `Prints the rebalances that a running daemon has seen (--server). With --brokers or --config it reads the cluster itself for
the time of --for. With --watch it prints every rebalance when it ends, until interrupted.

` + rebalanceColumns + `

The JSON of -o json is a stable contract, see docs/json.md.`,
		Example: `  lagscaler rebalances --server http://localhost:9090
  lagscaler rebalances orders --brokers localhost:9092 --for 60s
  lagscaler rebalances --server http://localhost:9090 --watch`,
		RunE: func(cmd *cobra.Command, groups []string) error { return o.run(cmd, groups) },
	}
	o.kafkaFlags(cmd)
	o.serverFlag(cmd)
	o.outputFlags(cmd)
	cmd.Flags().DurationVar(&o.during, "for", time.Minute, "without a daemon: how long to read the cluster")
	return cmd
}

func (o *rebalanceOptions) run(cmd *cobra.Command, groups []string) error {
	if err := o.one(); err != nil {
		return err
	}
	ctx, out := cmd.Context(), cmd.OutOrStdout()
	if o.daemon() {
		return o.fromServer(ctx, out, cmd.ErrOrStderr(), groups)
	}
	if o.during <= 0 {
		return wrong{fmt.Errorf("--for %s: must be positive", o.during)}
	}
	return o.fromCluster(ctx, out, cmd.ErrOrStderr(), groups)
}

// fromServer prints the rebalances of a daemon, and with --watch new ones every second.
func (o *rebalanceOptions) fromServer(ctx context.Context, out, errOut io.Writer, groups []string) error {
	read := func() ([]api.Rebalance, error) {
		var page web.RebalancesPage
		err := o.ask(ctx, "/api/v1/rebalances", url.Values{"group": groups, "page": {"all"}}, &page)
		slices.Reverse(page.Events) // the oldest first, as things happened
		return page.Events, err
	}
	if !o.watch {
		events, err := read()
		if err != nil {
			return err
		}
		if err := o.print(out, events); err != nil {
			return err
		}
		return o.unseen(errOut, events, groups, func() (l api.Lag, err error) {
			err = o.ask(ctx, "/api/v1/lag", url.Values{}, &l)
			return l, err
		})
	}
	printer := endedPrinter{o: o, out: out, printed: map[string]bool{}}
	return each(ctx, time.Second, func() error {
		events, err := read()
		if err != nil {
			fmt.Fprintln(errOut, err) // it may come back
			return nil
		}
		return printer.print(events)
	})
}

// fromCluster reads a cluster with its own engine.
func (o *rebalanceOptions) fromCluster(ctx context.Context, out, errOut io.Writer, groups []string) error {
	c, err := o.load()
	if err != nil {
		return err
	}
	if !o.watch {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, o.during)
		defer cancel()
	}
	if o.watch {
		fmt.Fprintf(errOut, "reading %s; rebalances are printed when they end …\n", o.where())
	} else {
		fmt.Fprintf(errOut, "reading %s for %s …\n", o.where(), o.during)
	}
	printer := endedPrinter{o: o, out: out, printed: map[string]bool{}}
	var failed error
	e, err := daemon.Watcher(c, warnings(errOut), engine.Options{
		Interval: time.Duration(c.Interval), SampleInterval: time.Duration(c.SampleInterval),
		Publish: func(r *engine.Report) {
			if o.watch && failed == nil {
				failed = printer.print(eventsIn(r, groups))
			}
		},
	})
	if err != nil {
		return err
	}
	if err := e.Run(ctx); err != nil {
		return err
	}
	if o.watch || e.Latest() == nil {
		return failed
	}
	events := eventsIn(e.Latest(), groups)
	if err := o.print(out, events); err != nil {
		return err
	}
	return o.unseen(errOut, events, groups, func() (api.Lag, error) { return api.LagOf(e.Latest()), nil })
}

// unseen says of which groups no rebalance was printed, and returns an error if some of them do not exist. lag reads which groups exist; it
// is asked only if a group has no rebalance.
func (o *rebalanceOptions) unseen(errOut io.Writer, events []api.Rebalance, groups []string, lag func() (api.Lag, error)) error {
	if len(groups) == 0 {
		if len(events) == 0 {
			fmt.Fprintln(errOut, "no rebalance was seen")
		}
		return nil
	}
	quiet := slices.DeleteFunc(slices.Clone(groups), func(name string) bool {
		return slices.ContainsFunc(events, func(e api.Rebalance) bool { return e.Group == name })
	})
	if len(quiet) == 0 {
		return nil
	}
	var missing []string
	if l, err := lag(); err == nil && whole(l) {
		missing = without(l, quiet)
	}
	for _, name := range quiet {
		if !slices.Contains(missing, name) {
			fmt.Fprintf(errOut, "no rebalance of group %q was seen\n", name)
		}
	}
	if len(missing) > 0 {
		return fmt.Errorf("no such group: %s", strings.Join(missing, ", "))
	}
	return nil
}

// whole reports whether every group that exists is there.
func whole(l api.Lag) bool {
	return len(l.Partial) == 0 && !slices.ContainsFunc(l.Clusters, func(c api.Cluster) bool { return !c.Complete })
}

// eventsIn are a report's rebalances, the oldest first.
func eventsIn(r *engine.Report, groups []string) []api.Rebalance {
	var all []rebalancemon.Event
	for _, c := range r.Clusters {
		for i := range c.Groups {
			if g := &c.Groups[i]; len(groups) == 0 || slices.Contains(groups, g.Lag.Group) {
				all = append(all, g.Rebalances.Events.All()...)
			}
		}
	}
	slices.SortStableFunc(all, func(a, b rebalancemon.Event) int { return a.Start.Compare(b.Start) })
	return api.RebalancesOf(all, r.At)
}

// endedPrinter prints every rebalance once, after its end.
type endedPrinter struct {
	o       *rebalanceOptions
	out     io.Writer
	printed map[string]bool
}

func (t *endedPrinter) print(events []api.Rebalance) error {
	for _, e := range events {
		key := e.Cluster + "\x00" + e.Group + "\x00" + e.Start.String()
		if e.End == nil || t.printed[key] {
			continue
		}
		t.printed[key] = true
		if t.o.output.value == "json" {
			if err := output.JSON(t.out, e, false); err != nil {
				return err
			}
			continue
		}
		if _, err := fmt.Fprintln(t.out, rebalanceLine(e)); err != nil {
			return err
		}
	}
	return nil
}

// took is the duration of a rebalance. Of one that is shorter than the time between two readings, only the most is known.
func took(e *api.Rebalance) string {
	if e.DurationSeconds < e.ResolutionSeconds {
		return fmt.Sprintf("<= %.1fs", e.Longest())
	}
	return fmt.Sprintf("%.1fs ± %.1fs", e.DurationSeconds, e.ResolutionSeconds)
}

// rebalanceLine is a rebalance in one line.
func rebalanceLine(e api.Rebalance) string {
	return fmt.Sprintf("%s %s: %s in %s, by %s: %s", e.Start.Format(time.TimeOnly), output.Printable(e.Group), output.Text(e.Outcome), took(&e), e.Cause, output.Printable(e.Evidence))
}

func (o *rebalanceOptions) print(w io.Writer, events []api.Rebalance) error {
	if o.output.value == "json" {
		return output.JSON(w, events, true)
	}
	if len(events) == 0 {
		return nil // a head without rows says nothing
	}
	g := output.NewTable(w, "START", "GROUP", "TOOK", "OUTCOME", "CAUSE", "JOINED", "LEFT", "GENERATION", "COUNT", "EVIDENCE")
	for _, e := range events {
		generation := ""
		if e.Generation != nil {
			generation = strconv.Itoa(int(*e.Generation))
		}
		g.Row(e.Start.Format(time.DateTime), e.Group, took(&e), output.Text(e.Outcome),
			e.Cause, strconv.Itoa(e.Joined), strconv.Itoa(e.Left), generation, strconv.Itoa(e.Count), e.Evidence)
	}
	return g.Flush()
}
