package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/lagscaler/lagscaler/internal/engine"
)

// UsageError means that a flag or an argument is wrong: trying again does not help.
type UsageError struct{ Err error }

func (e UsageError) Error() string { return e.Err.Error() }

// Unwrap is what is wrong.
func (e UsageError) Unwrap() error { return e.Err }

// Program is what runs the command.
type Program struct {
	Version, Commit string
	Lagscaler       string // the command with which a user may ask the demo; empty: none is compiled
}

// flags are the flags of the command.
type flags struct {
	scenario string
	duration time.Duration
	listen   string
	plain    bool
	record   string
}

// Command is `lagscaler demo`.
func Command(p Program) *cobra.Command {
	var o flags
	var stories strings.Builder
	for _, s := range Scenarios {
		fmt.Fprintf(&stories, "  %-15s %s\n", s.Name, s.Story)
	}
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Run a demo with embedded brokers and real consumers, without Kafka and Kubernetes",
		Long: "Runs three embedded brokers, a producer that replays recorded traffic, and consumers that the real engine scales.\n" +
			times() + "\nThe scenarios are:\n\n" + stories.String(),
		Example: `  lagscaler demo
  lagscaler demo --scenario hot-partition --duration 90s`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return UsageError{fmt.Errorf("unexpected argument %q", args[0])}
			}
			return o.run(cmd.Context(), p, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	cmd.Flags().StringVar(&o.scenario, "scenario", "", "which scenario (default "+Scenarios[0].Name+")")
	cmd.Flags().DurationVar(&o.duration, "duration", 0, "end after this time (default: run until interrupted)")
	cmd.Flags().StringVar(&o.listen, "listen", "", "address of the web page (default: a free port of 127.0.0.1)")
	cmd.Flags().StringVar(&o.record, "record", "", "record polls and decisions to `FILE`, for replay")
	cmd.Flags().BoolVar(&o.plain, "plain", false, "print plain lines, also on a terminal")
	return cmd
}

func (o flags) run(ctx context.Context, p Program, stdout, stderr io.Writer) error {
	scenario, err := Find(o.scenario)
	if err != nil {
		return UsageError{fmt.Errorf("--scenario: %w", err)}
	}
	if o.duration < 0 {
		return UsageError{fmt.Errorf("--duration %s: must be positive", o.duration)}
	}
	summary, err := Run(ctx, Options{
		Scenario: scenario, Duration: o.duration, Listen: o.listen, Record: o.record, Version: p.Version, Revision: p.Commit,
		Log:     slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: slog.LevelError})),
		Started: func(at Addresses) { _, _ = fmt.Fprintln(stdout, Intro(scenario, at, p.Lagscaler)) },
		Show:    o.screen(stdout, scenario),
	})
	_, _ = fmt.Fprintln(stdout, summary)
	return err
}

// screen is a live view on a terminal, and plain lines elsewhere.
func (o flags) screen(stdout io.Writer, s Scenario) func(*engine.Report) {
	if f, ok := stdout.(*os.File); ok && term.IsTerminal(int(f.Fd())) && !o.plain {
		return (&Screen{Out: stdout, Scenario: s}).Show
	}
	return (&Lines{Out: stdout, Scenario: s}).Show
}

// ExitCode is that of lagscaler's commands: 0 success, 1 failure, 2 wrong flags or arguments.
func ExitCode(err error) int {
	var usage UsageError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &usage):
		return 2
	}
	return 1
}
