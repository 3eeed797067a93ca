package main

import (
	"errors"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/lagscaler/lagscaler/internal/daemon"
	"github.com/lagscaler/lagscaler/internal/output"
	"github.com/lagscaler/lagscaler/internal/web"
	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/number"
	"github.com/lagscaler/lagscaler/scaler/say"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

// explainOptions are the flags of explain.
type explainOptions struct {
	place
	namespace  string // of a name without one; empty: such a name means a group
	processing time.Duration
	output     choice
}

func (o *explainOptions) outputFlag(cmd *cobra.Command) {
	o.output = choice{value: "text", of: []string{"text", "json"}}
	cmd.Flags().VarP(&o.output, "output", "o", "text or json")
}

func newExplain() *cobra.Command {
	o := explainOptions{}
	cmd := &cobra.Command{
		Use:   "explain GROUP|NAMESPACE/NAME",
		Short: "Explain the last decision of a scaler",
		Long: `Prints the derivation of the last decision of a scaler: what was measured, the verdict, every limit with its numbers, and
what would have to change for another decision. Name the scaler by its resource, by its target, or by a group that it scales.

With --brokers or --config no daemon is needed: lagscaler reads the group for 15 seconds and explains how many replicas it
needs.`,
		Example: `  lagscaler explain shop/orders --server http://localhost:9090
  lagscaler explain orders -s http://localhost:9090 -o json
  lagscaler explain orders --brokers localhost:9092 --processing-time 50ms`,
		Args: oneName("a scaler, or of a group"),
		RunE: func(cmd *cobra.Command, args []string) error { return o.run(cmd, args[0]) },
	}
	o.kafkaFlags(cmd)
	cmd.Flags().StringVarP(&o.server, "server", "s", "", "read from the running daemon at `URL` (default \"http://localhost:9090\", unless --brokers or --config is given)")
	cmd.Flags().DurationVar(&o.processing, "processing-time", 0, "processing time of one record, with --brokers or --config (default: learned)")
	o.outputFlag(cmd)
	return cmd
}

func (o *explainOptions) run(cmd *cobra.Command, name string) error {
	found, err := o.find(cmd, name)
	if err != nil {
		return err
	}
	if o.output.value == "json" {
		return output.JSON(cmd.OutOrStdout(), found, true)
	}
	for _, s := range found {
		explain(cmd.OutOrStdout(), s)
	}
	return nil
}

// find gets the decisions for a name from a daemon, or reads the group from Kafka.
func (o *explainOptions) find(cmd *cobra.Command, name string) ([]web.DecisionView, error) {
	if err := o.one(); err != nil {
		return nil, err
	}
	if o.config != "" || len(o.brokers) > 0 {
		return o.lookOnce(cmd, name)
	}
	var page web.DecisionsPage
	if err := o.ask(cmd.Context(), "/api/v1/decisions", url.Values{"page": {"all"}}, &page); err != nil {
		return nil, err
	}
	found := o.named(name, page.Scalers)
	if len(found) == 0 {
		return nil, fmt.Errorf("nothing scales %q: no scaler has that name, nor a target or a group of one", name)
	}
	return found, nil
}

// named are the scalers that a name means: first those in the namespace, if it has none.
func (o *explainOptions) named(name string, all []web.DecisionView) []web.DecisionView {
	only := func(name string) []web.DecisionView {
		return slices.DeleteFunc(slices.Clone(all), func(s web.DecisionView) bool { return !names(name, s) })
	}
	if o.namespace != "" && !strings.Contains(name, "/") {
		if found := only(o.namespace + "/" + name); len(found) > 0 {
			return found
		}
	}
	return only(name)
}

// lookOnce reads a group from Kafka and decides how many replicas it needs.
func (o *explainOptions) lookOnce(cmd *cobra.Command, group string) ([]web.DecisionView, error) {
	c, err := o.load()
	if err != nil {
		return nil, err
	}
	source := seen.SourceSpec{Cluster: c.Clusters[0].Name, Group: group, ProcessingTime: o.processing}
	policy, err := scaler.Spec{Sources: []seen.SourceSpec{source}}.Policy()
	if err != nil {
		return nil, wrong{err}
	}
	fmt.Fprintf(cmd.ErrOrStderr(), "reading %s for %s, because rates need several polls …\n", o.where(), daemon.LookTime)
	r, err := daemon.LookOnce(cmd.Context(), c, warnings(cmd.ErrOrStderr()), policy, source)
	if errors.Is(err, daemon.ErrNoGroup) {
		return nil, fmt.Errorf("%w: %s", err, output.Printable(group))
	}
	if err != nil {
		return nil, err
	}
	return web.DecisionsOf(r), nil
}

// names reports whether a name means a scaler: its own name, the name of its target (as in alerts), or the name of a group.
func names(name string, s web.DecisionView) bool {
	_, target, _ := strings.Cut(s.Target, "/") // Deployment/shop/orders-worker
	return name == s.Name || name == target ||
		slices.ContainsFunc(s.Sources, func(src web.SourceView) bool { return src.Group == name })
}

func explain(w io.Writer, s web.DecisionView) {
	fmt.Fprintf(w, "%s scales %s, mode %s\n", output.Printable(s.Name), output.Printable(s.Target), s.Mode)
	if len(s.Labels) > 0 {
		fmt.Fprintln(w, output.Printable(s.Labels.String()))
	}
	switch {
	case s.Refused != "":
		fmt.Fprintf(w, "nothing is decided: %s\n", s.Refused)
		return
	case s.At == nil:
		fmt.Fprintln(w, "nothing was decided yet")
		return
	}
	became := ""
	if s.Disposition != "" {
		became = " (" + s.Disposition + ")"
	}
	fmt.Fprintf(w, "%s%s\n", s.Line, became)
	if s.Failure != "" {
		fmt.Fprintf(w, "the write failed: %s\n", s.Failure)
	}
	if o := s.Owner; o != nil {
		wants := "a number of replicas that it has not computed yet"
		if o.Desired != nil {
			wants = number.Of(*o.Desired, "replica")
		}
		fmt.Fprintf(w, "beside it, %s %s wants %s\n", o.Kind, output.Printable(o.Name), wants)
	}
	fmt.Fprintln(w)
	for _, src := range s.Sources {
		fmt.Fprintf(w, "%s at the last poll: %s\n", output.Printable(src.Group), now(src.Measured))
		output.Stuck(w, src.Stuck)
	}
	fmt.Fprintf(w, "\n%s", strings.TrimRight(say.Text(s.Rows), "\n")+"\n")
}

// now is a group as of the last poll, as its page shows it.
func now(m web.Measured) string {
	late := known(m.LateSeconds, m.LateAtLeast, number.Seconds)
	if m.LateAtMost != nil {
		late = "<= " + number.Seconds(*m.LateAtMost)
	}
	return fmt.Sprintf("lag %s, time lag %s, %s arriving, %s consumed", known(m.Lag, !m.Complete, number.Whole), late,
		known(m.Produced, false, number.PerSecond), known(m.Consumed, false, number.PerSecond))
}

func known[T any](v *T, atLeast bool, text func(T) string) string {
	switch {
	case v == nil:
		return "unknown"
	case atLeast:
		return ">= " + text(*v)
	}
	return text(*v)
}
