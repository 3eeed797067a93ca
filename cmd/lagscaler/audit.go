package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/lagscaler/lagscaler/internal/audit"
	"github.com/lagscaler/lagscaler/internal/engine"
	"github.com/lagscaler/lagscaler/internal/output"
	"github.com/lagscaler/lagscaler/scaler/number"
	"github.com/lagscaler/lagscaler/scaler/say"
)

// auditOptions are the flags of audit.
type auditOptions struct {
	scaler  string
	kind    string
	since   time.Duration
	explain bool
	output  choice
}

func newAudit() *cobra.Command {
	o := auditOptions{output: choice{value: "table", of: []string{"table", "json"}}}
	cmd := &cobra.Command{
		Use:   "audit FILE...",
		Short: "Print what lagscaler did, from its audit trail",
		Long: `Prints an audit trail, which run appends to the file audit.path of the configuration: each write of replicas with the reason
and its derivation, each new number that KEDA or an HPA got, and each change of a mode, of limits and of a freeze. The file - is
the standard input. Give the oldest file first.

Exit codes: 0 success; 1 a file cannot be read; 2 the flags are wrong, or a file is no audit trail.`,
		Example: `  lagscaler audit audit.jsonl --scaler shop/orders --since 24h
  lagscaler audit audit.jsonl --kind write -o json
  kubectl -n lagscaler exec POD -- /usr/local/bin/lagscaler audit /var/lib/lagscaler/audit.jsonl --explain`,
		Args: checked(cobra.MinimumNArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			return o.run(cmd.InOrStdin(), cmd.OutOrStdout(), cmd.ErrOrStderr(), args)
		},
	}
	cmd.Flags().StringVar(&o.scaler, "scaler", "", "only this scaler, as `NAMESPACE/NAME` (default: all)")
	cmd.Flags().StringVar(&o.kind, "kind", "", "only this `KIND`: "+strings.Join(kinds(), ", ")+" (default: all)")
	cmd.Flags().DurationVar(&o.since, "since", 0, "only the last `DURATION`, such as 24h (default: all)")
	cmd.Flags().BoolVar(&o.explain, "explain", false, "print the derivation of each write")
	cmd.Flags().VarP(&o.output, "output", "o", "table or json")
	return cmd
}

func kinds() (names []string) {
	for _, k := range engine.DeedKinds {
		names = append(names, string(k))
	}
	return names
}

func (o *auditOptions) run(in io.Reader, w, errOut io.Writer, files []string) error {
	if o.kind != "" && !slices.Contains(kinds(), o.kind) {
		return wrong{fmt.Errorf("--kind: must be one of %s, not %q", strings.Join(kinds(), ", "), o.kind)}
	}
	print := o.row
	g := output.Table{}
	if o.output.value == "table" && !o.explain {
		g = output.NewTable(w, "AT", "KIND", "SCALER", "BY", "WHAT")
	}
	for _, name := range files {
		if err := o.read(in, errOut, name, func(e audit.Entry) error { return print(w, g, e) }); err != nil {
			return err
		}
	}
	if o.output.value == "table" && !o.explain {
		return g.Flush()
	}
	return nil
}

func (o *auditOptions) read(in io.Reader, errOut io.Writer, name string, yield func(audit.Entry) error) error {
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return fmt.Errorf("reading an audit trail: %w", err)
		}
		defer func() { _ = f.Close() }() // only read
		in = f
	}
	cut, err := audit.Read(name, in, func(e audit.Entry) error {
		if !o.selects(e) {
			return nil
		}
		return yield(e)
	})
	switch {
	case errors.Is(err, audit.ErrNotTrail):
		return wrong{err}
	case cut > 0:
		fmt.Fprintf(errOut, "%s: left out %s, cut short by a full disk or a crash\n", name, number.Of(cut, "line"))
	}
	return err
}

func (o *auditOptions) selects(e audit.Entry) bool {
	return (o.scaler == "" || e.Scaler == o.scaler) && (o.kind == "" || string(e.Kind) == o.kind) &&
		(o.since == 0 || time.Since(e.At) <= o.since)
}

// row prints an entry: as JSON, with its derivation, or as a row of the table.
func (o *auditOptions) row(w io.Writer, g output.Table, e audit.Entry) error {
	at := e.At.UTC().Format(time.RFC3339)
	switch {
	case o.output.value == "json":
		return output.JSON(w, e, false)
	case o.explain:
		_, err := fmt.Fprintf(w, "%s %s %s %s\n%s\n", at, e.Kind, output.Printable(e.Scaler), output.Printable(whatOf(e)), say.Text(e.Derivation))
		return err
	}
	g.Row(at, string(e.Kind), e.Scaler, e.By, whatOf(e))
	return nil
}

// whatOf is what an entry says, in one line.
func whatOf(e audit.Entry) string {
	var parts []string
	switch e.Kind {
	case engine.DeedWrite, engine.DeedGiven:
		parts = append(parts, string(e.Outcome)+": "+e.Line)
		if e.Error != "" {
			parts = append(parts, e.Error)
		}
	default:
		if e.Before != "" {
			parts = append(parts, e.Before+" -> "+e.After)
		} else {
			parts = append(parts, e.After)
		}
	}
	if e.DeclaredBy != "" {
		parts = append(parts, fmt.Sprintf("generation %d, declared by %s", e.Generation, e.DeclaredBy))
	}
	return strings.Join(parts, "; ")
}
