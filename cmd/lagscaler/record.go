package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/lagscaler/lagscaler/internal/config"
	"github.com/lagscaler/lagscaler/internal/daemon"
	"github.com/lagscaler/lagscaler/internal/output"
	"github.com/lagscaler/lagscaler/lag/kafkasource/tape"
)

// recordOptions are the flags of record.
type recordOptions struct {
	place
	cluster   string
	out       string
	provider  string
	polls     int
	every     time.Duration
	keepNames bool
}

func newRecord() *cobra.Command {
	var o recordOptions
	cmd := &cobra.Command{
		Use:   "record",
		Short: "Record what the brokers of a cluster answer, without names, for a bug report",
		Long: `Polls a cluster a few times and writes what its brokers answer to a file, which can be attached to an issue: the tests of
lagscaler then read these answers for ever. Names of groups, topics, members, clients, hosts, racks and the cluster become
numbers, the same in all of the file; user data and messages of errors are left out. Offsets, counts, states and times stay.
With --keep-names nothing is replaced. Nothing is written to Kafka, and no record is read.`,
		Example: `  lagscaler record --config lagscaler.yaml --cluster main --out main.jsonl.gz --provider "Amazon MSK Serverless"`,
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return o.run(cmd.Context(), cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	o.kafkaFlags(cmd)
	f := cmd.Flags()
	f.StringVar(&o.cluster, "cluster", "", "the `NAME` of the cluster in the configuration (default: the only one)")
	f.StringVar(&o.out, "out", "", "the `FILE` to write (required); it must not exist")
	f.StringVar(&o.provider, "provider", "", "what the Kafka is, as `TEXT`, such as \"Redpanda 26.1\"")
	f.IntVar(&o.polls, "polls", 3, "how often to poll, 1 to 100")
	f.DurationVar(&o.every, "every", 10*time.Second, "the time between two polls")
	f.BoolVar(&o.keepNames, "keep-names", false, "keep all names")
	return cmd
}

func (o *recordOptions) run(ctx context.Context, out, errOut io.Writer) error {
	var bad []error
	if o.out == "" {
		bad = append(bad, errors.New("--out: is required"))
	}
	if o.polls < 1 || o.polls > 100 {
		bad = append(bad, fmt.Errorf("--polls: %d: must be 1 to 100", o.polls))
	}
	if o.every < 0 {
		bad = append(bad, fmt.Errorf("--every: %s: must not be negative", o.every))
	}
	if err := errors.Join(bad...); err != nil {
		return wrong{err}
	}
	c, err := o.load()
	if err != nil {
		return err
	}
	cluster, err := oneCluster(c, o.cluster)
	if err != nil {
		return err
	}
	file, err := os.OpenFile(o.out, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return wrong{fmt.Errorf("--out: %w", err)}
	}
	said := output.Waiting(errOut, fmt.Sprintf("recording %d polls of cluster %s", o.polls, cluster.Name))
	recording, err := daemon.RecordCluster(ctx, c.InForce(cluster), tape.Options{
		Polls: o.polls, Every: o.every, Names: o.keepNames, Lagscaler: thisBuild().Version, Provider: o.provider,
	})
	said()
	if err == nil {
		err = recording.Write(file)
	}
	if err = errors.Join(err, file.Close()); err != nil {
		return errors.Join(err, os.Remove(o.out))
	}
	return summarize(out, o.out, recording)
}

// oneCluster is the cluster with the name, or the only one.
func oneCluster(c *config.Config, name string) (config.Cluster, error) {
	var names []string
	for _, cluster := range c.Clusters {
		if cluster.Name == name || name == "" && len(c.Clusters) == 1 {
			return cluster, nil
		}
		names = append(names, cluster.Name)
	}
	return config.Cluster{}, wrong{fmt.Errorf("--cluster: %q: must be one of %s", name, strings.Join(names, ", "))}
}

// summarize says what is in a recording.
func summarize(out io.Writer, file string, t *tape.Tape) error {
	last := t.Polls[len(t.Polls)-1]
	fmt.Fprintf(out, "%s: %d polls, %d answers of %d brokers, %d groups\n", file, len(t.Polls), len(t.Exchanges), countBrokers(t), len(last.Groups))
	for _, code := range slices.Sorted(maps.Keys(last.Errors)) {
		fmt.Fprintf(out, "errors in the last poll: %s, %d times\n", code, last.Errors[code])
	}
	names := "it has no names of groups, topics, clients or hosts"
	if t.Header.Names {
		names = "it has the names of groups, topics, clients and hosts"
	}
	_, err := fmt.Fprintf(out, "%s; look at it with: zcat %s\n", names, file)
	return err
}

func countBrokers(t *tape.Tape) (n int) {
	for _, a := range t.APIs {
		if a.Broker >= 0 {
			n++
		}
	}
	return n
}
