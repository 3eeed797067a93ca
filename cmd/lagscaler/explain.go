package main

import (
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lagscaler/lagscaler/internal/web"
	"github.com/lagscaler/lagscaler/scaler"
)

// explainOptions are the flags of explain.
type explainOptions struct {
	server string
	output choice
}

func newExplain() *cobra.Command {
	o := explainOptions{output: choice{value: "text", of: []string{"text", "json"}}}
	cmd := &cobra.Command{
		Use:   "explain GROUP|NAMESPACE/NAME",
		Short: "Say how a scaler's last decision came about",
		Long: `Prints the last decision of a scaler, named by its resource or by a group that it scales, as a derivation: what was
measured, the verdict, each limit with its numbers, and what would have to change for another answer.`,
		Example: `  lagscaler explain shop/orders --server http://localhost:9090
  lagscaler explain orders -s http://localhost:9090 -o json`,
		Args: func(cmd *cobra.Command, args []string) error {
			if err := cobra.ExactArgs(1)(cmd, args); err != nil {
				return wrong{err}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return o.run(cmd, args[0]) },
	}
	cmd.Flags().StringVarP(&o.server, "server", "s", "http://localhost:9090", "the running daemon at `URL`")
	cmd.Flags().VarP(&o.output, "output", "o", "text or json")
	return cmd
}

func (o *explainOptions) run(cmd *cobra.Command, name string) error {
	var page web.DecisionsPage
	if err := ask(cmd.Context(), o.server, "/api/v1/decisions", url.Values{}, &page); err != nil {
		return err
	}
	var found []web.DecisionView
	for _, s := range page.Scalers {
		if s.Name == name || slices.ContainsFunc(s.Sources, func(src web.SourceView) bool { return src.Group == name }) {
			found = append(found, s)
		}
	}
	if len(found) == 0 {
		return fmt.Errorf("nothing scales %q: neither a scaler nor a group of one has that name", name)
	}
	if o.output.value == "json" {
		return printJSON(cmd.OutOrStdout(), found, true)
	}
	for _, s := range found {
		explain(cmd.OutOrStdout(), s)
	}
	return nil
}

func explain(w io.Writer, s web.DecisionView) {
	fmt.Fprintf(w, "%s scales %s, mode %s\n", printable(s.Name), printable(s.Target), s.Mode)
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
		fmt.Fprintf(w, "beside it, %s %s wants %d\n", o.Kind, printable(o.Name), o.Desired)
	}
	fmt.Fprintf(w, "\n%s", strings.TrimRight(scaler.Text(s.Rows), "\n")+"\n")
}
