package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net"

	"github.com/spf13/cobra"

	"github.com/lagscaler/lagscaler/internal/config"
	"github.com/lagscaler/lagscaler/internal/daemon"
)

// runOptions are the flags of run.
type runOptions struct {
	place
	listen string
}

func newRun() *cobra.Command {
	var o runOptions
	cmd := &cobra.Command{
		Use:   "run",
		Short: "Run the daemon: measure, decide, and serve metrics, web pages and API",
		Long: `Runs until it is interrupted. If Kafka or Kubernetes cannot be reached, it keeps trying. If the configuration is wrong at the
start, it ends with exit code 2. The configuration file is read again when it changes, and on SIGHUP.`,
		Example: `  lagscaler run --config lagscaler.yaml
  lagscaler run --brokers localhost:9092 --listen :9090`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return o.run(cmd.Context(), cmd.ErrOrStderr()) },
	}
	o.kafkaFlags(cmd)
	cmd.Flags().StringVar(&o.listen, "listen", "", "address of metrics, web pages, API and health (default: the configured address, :9090)")
	return cmd
}

func (o *runOptions) run(ctx context.Context, stderr io.Writer) error {
	c, reloader, err := o.configuration()
	if err != nil {
		return err
	}
	c.Listen = cmp.Or(o.listen, c.Listen)
	listener, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return wrong{fmt.Errorf("listening: %w", err)}
	}
	d, err := daemon.New(daemon.Options{Config: c, Reloader: reloader, Listen: o.listen, Build: thisBuild(), Log: stderr})
	if err != nil {
		_ = listener.Close() // the reason for ending says more
		return wrong{err}
	}
	return d.Run(ctx, listener)
}

// configuration is the configuration of the flags; the reloader is nil without a file.
func (o *runOptions) configuration() (*config.Config, *config.Reloader, error) {
	if err := o.one(); err != nil {
		return nil, nil, err
	}
	if o.config == "" {
		c, err := o.load()
		return c, nil, err
	}
	r, err := config.NewReloader(o.config)
	if err != nil {
		return nil, nil, wrong{err}
	}
	c := *r.Config()
	return &c, r, nil
}
