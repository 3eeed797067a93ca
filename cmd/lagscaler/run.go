package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"net/url"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lagscaler/lagscaler/internal/config"
	"github.com/lagscaler/lagscaler/internal/daemon"
	"github.com/lagscaler/lagscaler/lag/shard"
)

// runOptions are the flags of run.
type runOptions struct {
	place
	listen    string
	shard     string
	advertise string
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
	cmd.Flags().StringVar(&o.shard, "shard", "", "read and decide only what belongs to one of several processes: `INDEX/SHARDS`, such as 0/3 for the first of three (docs/operations.md)")
	cmd.Flags().StringVar(&o.advertise, "advertise", "", "`URL` at which other shards reach the pages and the API of this process, such as http://10.0.0.7:9090")
	return cmd
}

func (o *runOptions) run(ctx context.Context, stderr io.Writer) error {
	c, reloader, err := o.configuration()
	if err != nil {
		return err
	}
	own, err := o.ownShard()
	if err != nil {
		return wrong{err}
	}
	c.Listen = cmp.Or(o.listen, c.Listen)
	listener, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return wrong{fmt.Errorf("listening: %w", err)}
	}
	d, err := daemon.New(daemon.Options{Config: c, Reloader: reloader, Listen: o.listen, Build: thisBuild(), Log: stderr, Shard: own, Advertise: o.advertise})
	if err != nil {
		_ = listener.Close() // the reason for ending says more
		return wrong{err}
	}
	return d.Run(ctx, listener)
}

// ownShard is the shard of the flags. The error names everything that is wrong with them.
func (o *runOptions) ownShard() (own shard.Shard, err error) {
	var wrongs []error
	if o.shard != "" {
		if own, err = shard.Parse(o.shard); err != nil {
			wrongs = append(wrongs, fmt.Errorf("--shard: %w", err))
		}
	}
	o.advertise = withoutBrackets(o.advertise)
	if u, err := url.Parse(o.advertise); o.advertise != "" && (err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || strings.Trim(u.Path, "/") != "") {
		wrongs = append(wrongs, fmt.Errorf("--advertise: %q is not a URL such as http://10.0.0.7:9090", o.advertise))
	}
	return own, errors.Join(wrongs...)
}

// withoutBrackets is a URL without brackets around an IPv4 address: whoever writes the address of a pod into a template does not know which
// kind it is, and a URL must have them around an IPv6 address.
func withoutBrackets(text string) string {
	before, rest, _ := strings.Cut(text, "[")
	address, after, ok := strings.Cut(rest, "]")
	if ip, err := netip.ParseAddr(address); ok && err == nil && ip.Is4() {
		return before + address + after
	}
	return text
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
