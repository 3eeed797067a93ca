package main

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/lagscaler/lagscaler/internal/daemon"
	"github.com/lagscaler/lagscaler/internal/output"
	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/lag/kafkasource"
)

// checkOptions are the flags of check.
type checkOptions struct {
	place
	fileOnly bool
}

func newCheck() *cobra.Command {
	var o checkOptions
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Validate the configuration, connect to the brokers, and report missing ACLs",
		Long: `Validates the configuration file. Then tries everything that a poll needs: every bootstrap address, the permission to list
all groups, and every broker, group and topic. For a missing ACL it prints the operation and the resource.

Exit codes: 0 everything works; 1 a check of Kafka failed; 2 the file is wrong.`,
		Example: `  lagscaler check --config lagscaler.yaml
  lagscaler check --brokers kafka-0:9092,kafka-1:9092`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return o.run(cmd.Context(), cmd.OutOrStdout()) },
	}
	o.kafkaFlags(cmd)
	cmd.Flags().BoolVar(&o.fileOnly, "file-only", false, "only validate the file; do not connect to Kafka")
	return cmd
}

func (o *checkOptions) run(ctx context.Context, out io.Writer) error {
	c, err := o.load()
	if err != nil {
		return err
	}
	if err := daemon.CheckWebConfig(c); err != nil {
		return wrong{err}
	}
	if o.config != "" {
		if _, err := fmt.Fprintf(out, "%s: ok (clusters: %d, group rules: %d, scalers: %d, mode: %s)\n", o.config, len(c.Clusters), len(c.Groups), len(c.Scalers), c.Mode); err != nil {
			return err
		}
	}
	if o.fileOnly {
		return nil
	}
	var bad, all int
	table := output.NewTable(out, "CLUSTER", "CHECKED", "RESULT", "MISSING ACL", "DETAIL")
	for _, cluster := range c.Clusters {
		findings, err := daemon.CheckCluster(ctx, cluster)
		if err != nil {
			return wrong{err}
		}
		all += len(findings)
		bad += printFindings(table, cluster.Name, findings)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	if bad > 0 {
		return fmt.Errorf("%d of %d checks failed", bad, all)
	}
	return nil
}

// printFindings prints the checks of a cluster and counts those that failed.
func printFindings(table output.Table, cluster string, findings []kafkasource.Finding) (bad int) {
	for _, f := range findings {
		result := "ok"
		if f.Code != lag.OK {
			result = f.Code.String()
			bad++
		}
		table.Row(cluster, f.Subject, result, f.Missing, f.Detail)
	}
	return bad
}
