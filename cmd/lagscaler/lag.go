package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/lagscaler/lagscaler/internal/api"
	"github.com/lagscaler/lagscaler/internal/daemon"
	"github.com/lagscaler/lagscaler/internal/engine"
	"github.com/lagscaler/lagscaler/internal/output"
	"github.com/lagscaler/lagscaler/lag"
)

// lagOptions are the flags of lag.
type lagOptions struct {
	place
	format     output.LagFormat
	partitions bool
	watch      bool
	every      time.Duration
	failOver   int64 // -1: never
}

// lagColumns is what the help of every lag says of the columns.
const lagColumns = `The table has one row per
group; with --partitions or -o wide it has one row per partition:

  LAG              the sum over all partitions of the group
  WORST PARTITION  the partition with the largest lag, and this lag in brackets
  TIME LAG         how long the next record has waited, in the partition where that is longest; with --partitions, in this partition
  STATUS           ok, warning, rest, stalled, stopped, rewound, rebalancing or unknown; docs/concepts.md explains them
  START, END       (START: wide) the first offset of the partition, and the offset of the next record that will be written
  COMMITTED        the offset of the next record that the group will read
  AT MOST          (wide) the lag if the member of the partition starts to read at its beginning: it has not committed yet
  LOST             (wide) records that were deleted before the group read them: START - COMMITTED, if that is positive
  OWNER            client id and host of the member to which the partition is assigned; MEMBER ID (wide) is its id
  TYPE             (wide) classic, consumer (KIP-848), share or streams
  ASSIGNOR         (wide) how the group assigns its partitions to members
  NOTE             what the numbers do not say, such as partitions that were never committed

An unknown value is printed as "-", never as 0, and ">=" marks a lower bound. A lag is unknown if the group never committed an
offset for the partition, or if the partition could not be read. A partition that could not be read makes the LAG of its group a
lower bound. A partition that was never committed does not: it is not in LAG, and NOTE counts such partitions.`

func (o *lagOptions) outputFlags(cmd *cobra.Command) {
	o.format = output.LagTable
	cmd.Flags().VarP(&o.format, "output", "o", "table, wide, json or yaml; wide is --partitions with all columns, stalled partitions and advice")
	cmd.Flags().BoolVar(&o.partitions, "partitions", false, "print one row per partition")
	cmd.Flags().BoolVarP(&o.watch, "watch", "w", false, "print repeatedly until interrupted")
	cmd.Flags().DurationVar(&o.every, "every", 0, "with --watch: interval between two readings (default: the configured interval, 10s)")
	cmd.Flags().Int64Var(&o.failOver, "fail-over", -1, "exit with 1 if the total lag of a group exceeds `N` records or is not completely known")
}

func newLag() *cobra.Command {
	o := lagOptions{}
	cmd := &cobra.Command{
		Use:   "lag [GROUP…]",
		Short: "Print the lag of all groups, or of the given groups",
		Long: `Reads lag from Kafka or from a running daemon, and prints it once, or repeatedly with --watch. ` + lagColumns + `

TIME LAG and STATUS need a history: use --server, because a daemon has one, or --watch.

The JSON of -o json is a stable contract, see docs/json.md.`,
		Example: `  lagscaler lag --brokers localhost:9092
  lagscaler lag orders --brokers localhost:9092 --partitions
  lagscaler lag orders payments --config lagscaler.yaml -o wide
  lagscaler lag --server http://localhost:9090 -o json
  lagscaler lag orders --brokers localhost:9092 --fail-over 50000 || echo "orders is behind"`,
		RunE: func(cmd *cobra.Command, groups []string) error { return o.run(cmd, groups) },
	}
	o.kafkaFlags(cmd)
	o.serverFlag(cmd)
	o.outputFlags(cmd)
	cmd.ValidArgsFunction = o.completeGroups
	return cmd
}

func (o *lagOptions) run(cmd *cobra.Command, groups []string) error {
	read, every, err := o.reader(cmd.ErrOrStderr())
	if err != nil {
		return err
	}
	ctx, out := cmd.Context(), cmd.OutOrStdout()
	if !o.watch {
		over := output.Waiting(cmd.ErrOrStderr(), "reading "+o.where())
		l, err := read(ctx)
		over()
		if err != nil {
			return err
		}
		return o.once(out, cmd.ErrOrStderr(), l, groups)
	}
	screen := output.NewScreen(out)
	return each(ctx, every, func() error {
		l, err := read(ctx)
		if err != nil && exitCode(err) == exitFailed && ctx.Err() == nil {
			fmt.Fprintln(cmd.ErrOrStderr(), err) // it may come back
			return nil
		}
		if err != nil {
			return err
		}
		printErrors(cmd.ErrOrStderr(), l)
		return screen.Show(func(w io.Writer) error {
			return o.format.Print(w, l.Only(groups), output.Reading{Partitions: o.partitions, Timed: true, More: true})
		})
	})
}

// once prints one reading and its errors.
func (o *lagOptions) once(out, errOut io.Writer, l api.Lag, groups []string) error {
	printErrors(errOut, l)
	failed := unread(l)
	l = l.Only(groups)
	if o.format.Document() || failed == nil && !empty(l) { // a head without rows says nothing
		if err := o.format.Print(out, l, output.Reading{Partitions: o.partitions, Timed: o.daemon()}); err != nil {
			return err
		}
	}
	if failed != nil {
		return failed
	}
	if len(groups) == 0 && empty(l) {
		fmt.Fprintln(errOut, "no groups: there are none, or the permission to list them is missing (run lagscaler check)")
	}
	if missing := without(l, groups); len(missing) > 0 {
		return fmt.Errorf("no such group: %s", strings.Join(missing, ", "))
	}
	if o.failOver >= 0 && over(errOut, l, o.failOver) {
		return exceeded{}
	}
	return nil
}

// lagReader reads the lag of every group.
type lagReader func(context.Context) (api.Lag, error)

// reader returns what reads lag, and the interval between two readings.
func (o *lagOptions) reader(errOut io.Writer) (lagReader, time.Duration, error) {
	if err := o.one(); err != nil {
		return nil, 0, err
	}
	if o.daemon() {
		return func(ctx context.Context) (l api.Lag, err error) {
			err = o.ask(ctx, "/api/v1/lag", url.Values{}, &l)
			return l, err
		}, pick(o.every, 10*time.Second), nil
	}
	c, err := o.load()
	if err != nil {
		return nil, 0, err
	}
	every := pick(o.every, time.Duration(c.Interval))
	e, err := daemon.Watcher(c, warnings(errOut), engine.Options{Interval: max(every, 5*time.Second)})
	if err != nil {
		return nil, 0, err
	}
	return func(ctx context.Context) (api.Lag, error) {
		e.Tick(ctx, time.Now())
		return api.LagOf(e.Latest()), ctx.Err()
	}, every, nil
}

func pick(d, otherwise time.Duration) time.Duration {
	if d > 0 {
		return d
	}
	return otherwise
}

// completeGroups completes the names of groups.
func (o *lagOptions) completeGroups(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	const patience = 3 * time.Second
	read, _, err := o.reader(io.Discard)
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	l, err := read(ctx)
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var names []string
	for _, c := range l.Clusters {
		for _, g := range c.Groups {
			if !slices.Contains(args, g.Group) {
				names = append(names, g.Group)
			}
		}
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

// printErrors prints what could not be read, one line per error.
func printErrors(w io.Writer, l api.Lag) {
	for _, c := range l.Clusters {
		for _, e := range c.Errors {
			what := "incomplete"
			if e.Stage == string(lag.StageHeaders) {
				what = "not looked at"
			}
			fmt.Fprintf(w, "%s: %s: %s\n", c.Cluster, what, reason(e))
		}
	}
}

func reason(e api.Error) string {
	parts := []string{e.Stage}
	if e.Broker != nil {
		parts = append(parts, fmt.Sprintf("broker %d", *e.Broker))
	}
	return strings.Join(append(parts, e.Code), ", ") + ": " + e.Detail
}

// unread returns an error if nothing could be read from a cluster.
func unread(l api.Lag) error {
	var silent []string
	hint := ""
	for _, c := range l.Clusters {
		if len(c.Groups) > 0 || c.Complete {
			continue
		}
		silent = append(silent, c.Cluster)
		if slices.ContainsFunc(c.Errors, func(e api.Error) bool { return e.Code == lag.Unreachable.String() }) {
			hint = ": run lagscaler where all brokers can be reached under the addresses that they advertise"
		}
	}
	if len(silent) > 0 {
		return fmt.Errorf("nothing could be read from %s%s", strings.Join(silent, ", "), hint)
	}
	return nil
}

// empty reports whether there are no groups.
func empty(l api.Lag) bool {
	return !slices.ContainsFunc(l.Clusters, func(c api.Cluster) bool { return len(c.Groups) > 0 })
}

// without are the requested groups that no cluster has.
func without(l api.Lag, groups []string) []string {
	return slices.DeleteFunc(slices.Clone(groups), func(name string) bool {
		return slices.ContainsFunc(l.Clusters, func(c api.Cluster) bool {
			return slices.ContainsFunc(c.Groups, func(g api.Group) bool { return g.Group == name })
		})
	})
}

// over reports whether the lag of a group exceeds the limit, or may exceed it because it is unknown.
func over(w io.Writer, l api.Lag, limit int64) bool {
	found := false
	for _, c := range l.Clusters {
		for _, g := range c.Groups {
			switch {
			case g.TotalLag != nil && *g.TotalLag > limit:
				bound := ""
				if !g.Complete {
					bound = ">= "
				}
				fmt.Fprintf(w, "%s: lag %s%d exceeds %d\n", output.Printable(g.Group), bound, *g.TotalLag, limit)
			case !g.Complete:
				fmt.Fprintf(w, "%s: lag is not completely known\n", output.Printable(g.Group))
			default:
				continue
			}
			found = true
		}
	}
	return found
}

// each calls do at once and then every interval, until the context ends or do fails.
func each(ctx context.Context, interval time.Duration, do func() error) error {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		if err := do(); err != nil {
			if errors.Is(ctx.Err(), context.Canceled) {
				return nil // interrupted: that is how watching ends
			}
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}
