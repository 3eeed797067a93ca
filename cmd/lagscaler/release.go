package main

import (
	"fmt"
	"io"
	"net/url"

	"github.com/spf13/cobra"

	"github.com/lagscaler/lagscaler/internal/output"
	"github.com/lagscaler/lagscaler/internal/web"
	"github.com/lagscaler/lagscaler/scaler/release"
)

// releaseOptions are the flags of check-release.
type releaseOptions struct {
	place
	since  string
	output choice
}

func newCheckRelease() *cobra.Command {
	o := releaseOptions{output: choice{value: "text", of: []string{"text", "json"}}}
	cmd := &cobra.Command{
		Use:   "check-release NAMESPACE/NAME --since TIME",
		Short: "Say whether a release made the consumers of a scaler slower",
		Long: `Asks a running daemon for the effect of a release of the consumers of a scaler: whether busy consumers process as many records as
before the release, with a confidence interval; the lag since then; and the rebalances. The release consists of all rollouts of the
target since the time of --since. If no rollout was seen, the release begins at that time.

Exit codes: 0 fine; 1 worse, or the daemon could not be asked; 2 wrong flags or arguments; 3 unknown, because consumers were
not busy, or too little has been seen yet.`,
		Example: `  lagscaler check-release shop/orders --since 10m --server http://localhost:9090
  lagscaler check-release shop/orders --since 2026-12-01T06:00:00Z -o json`,
		Args: oneName("a scaler"),
		RunE: func(cmd *cobra.Command, args []string) error { return o.run(cmd, args[0]) },
	}
	cmd.Flags().StringVarP(&o.server, "server", "s", "http://localhost:9090", "ask the running daemon at `URL`")
	cmd.Flags().StringVar(&o.since, "since", "", "when the release began: a time of RFC 3339, or a `DURATION` ago such as 10m (required)")
	cmd.Flags().VarP(&o.output, "output", "o", "text or json")
	return cmd
}

func (o *releaseOptions) run(cmd *cobra.Command, name string) error {
	if o.since == "" {
		return wrong{fmt.Errorf("--since is missing: when the release began, such as 10m")}
	}
	var page web.ReleasePage
	if err := o.ask(cmd.Context(), "/api/v1/release", url.Values{"scaler": {name}, "since": {o.since}}, &page); err != nil {
		return err
	}
	if o.output.value == "json" {
		if err := output.JSON(cmd.OutOrStdout(), page, true); err != nil {
			return err
		}
	} else {
		printRelease(cmd.OutOrStdout(), &page)
	}
	switch page.Verdict {
	case release.Fine:
		return nil
	case release.Worse:
		return exceeded{}
	}
	return unsure{}
}

func printRelease(w io.Writer, page *web.ReleasePage) {
	rollout := "no rollout was seen since " + page.Since.Format("15:04:05Z")
	switch {
	case page.Seen && page.Ended == nil:
		rollout = "a rollout goes on since " + page.Began.Format("15:04:05Z")
	case page.Seen:
		rollout = fmt.Sprintf("rolled out from %s to %s", page.Began.Format("15:04:05Z"), page.Ended.Format("15:04:05Z"))
	}
	fmt.Fprintf(w, "%s: %s (%s)\n", output.Printable(page.Name), page.Verdict, rollout)
	for _, g := range page.Groups {
		fmt.Fprintf(w, "\n%s of %s: %s\n", output.Printable(g.Group), output.Printable(g.Cluster), g.Verdict)
		fmt.Fprintf(w, "  speed       %s: %s\n", g.Speed.Verdict, g.Speed.Line)
		fmt.Fprintf(w, "  lag         %s: %s\n", g.Lag.Verdict, g.Lag.Line)
		fmt.Fprintf(w, "  rebalances  %s\n", g.Rebalances.Line)
	}
}
