package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/lagscaler/lagscaler/internal/demo"
	"github.com/lagscaler/lagscaler/internal/engine"
)

// demoOptions are the flags of demo.
type demoOptions struct {
	scenario string
	duration time.Duration
	listen   string
	plain    bool
	record   string
}

func newDemo() *cobra.Command {
	var o demoOptions
	var stories strings.Builder
	for _, s := range demo.Scenarios {
		fmt.Fprintf(&stories, "  %-15s %s\n", s.Name, s.Story)
	}
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Run a demo with embedded brokers and real consumers, without Kafka and Kubernetes",
		Long: "Runs three embedded brokers, a producer that replays recorded traffic, and consumers that the real engine scales.\n" +
			"All time windows are 20 times shorter than in production. The scenarios are:\n\n" + stories.String(),
		Example: `  lagscaler demo
  lagscaler demo --scenario hot-partition --duration 90s`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return o.run(cmd.Context(), cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	cmd.Flags().StringVar(&o.scenario, "scenario", "", "which scenario (default "+demo.Scenarios[0].Name+")")
	cmd.Flags().DurationVar(&o.duration, "duration", 0, "end after this time (default: run until interrupted)")
	cmd.Flags().StringVar(&o.listen, "listen", "", "address of the web page (default: a free port of 127.0.0.1)")
	cmd.Flags().StringVar(&o.record, "record", "", "record polls and decisions to `FILE`, for replay")
	cmd.Flags().BoolVar(&o.plain, "plain", false, "print plain lines, also on a terminal")
	return cmd
}

func (o demoOptions) run(ctx context.Context, stdout, stderr io.Writer) error {
	scenario, err := demo.Find(o.scenario)
	if err != nil {
		return wrong{fmt.Errorf("--scenario: %w", err)}
	}
	if o.duration < 0 {
		return wrong{fmt.Errorf("--duration %s: must be positive", o.duration)}
	}
	b := thisBuild()
	summary, err := demo.Run(ctx, demo.Options{
		Scenario: scenario, Duration: o.duration, Listen: o.listen, Record: o.record, Version: b.Version, Revision: b.Commit,
		Log:     slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: slog.LevelError})),
		Started: func(at demo.Addresses) { _, _ = fmt.Fprintln(stdout, demo.Intro(scenario, at, os.Args[0])) },
		Show:    o.screen(stdout, scenario),
	})
	_, _ = fmt.Fprintln(stdout, summary)
	return err
}

// screen is a live view on a terminal, and plain lines elsewhere.
func (o demoOptions) screen(stdout io.Writer, s demo.Scenario) func(*engine.Report) {
	if f, ok := stdout.(*os.File); ok && term.IsTerminal(int(f.Fd())) && !o.plain {
		return (&demo.Screen{Out: stdout, Scenario: s}).Show
	}
	return (&demo.Lines{Out: stdout, Scenario: s}).Show
}
