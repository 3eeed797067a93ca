package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lagscaler/lagscaler/internal/client"
	"github.com/lagscaler/lagscaler/internal/config"
)

// place says where a command gets its data: a configuration file, bootstrap addresses, or a running daemon.
type place struct {
	config  string
	brokers []string
	server  string
	asks    bool     // there is a flag for the daemon
	kubectl *kubectl // the daemon is found in a Kubernetes cluster; nil: it is not
}

// daemon reports whether the data come from a running daemon.
func (p *place) daemon() bool { return p.server != "" || p.kubectl != nil }

func (p *place) kafkaFlags(cmd *cobra.Command) {
	cmd.Flags().StringVarP(&p.config, "config", "c", "", "configuration `FILE`")
	cmd.Flags().StringSliceVarP(&p.brokers, "brokers", "b", nil, "bootstrap addresses `HOST:PORT`, instead of a configuration file")
}

func (p *place) serverFlag(cmd *cobra.Command) {
	p.asks = true
	cmd.Flags().StringVarP(&p.server, "server", "s", "", "read from the running daemon at `URL`, such as http://localhost:9090")
}

// one returns an error if the flags name several places.
func (p *place) one() error {
	var named []string
	for flag, set := range map[string]bool{"--config": p.config != "", "--brokers": len(p.brokers) > 0, "--server": p.server != ""} {
		if set {
			named = append(named, flag)
		}
	}
	if len(named) > 1 {
		slices.Sort(named)
		return wrong{fmt.Errorf("%s: give only one of them", strings.Join(named, ", "))}
	}
	return nil
}

// where says in words what is read.
func (p *place) where() string {
	switch {
	case p.kubectl != nil:
		return "the daemon in the cluster"
	case p.server != "":
		return "the daemon at " + p.server
	case p.config != "":
		return "the clusters of " + p.config
	}
	return "the cluster at " + strings.Join(p.brokers, ",")
}

// load is the configuration that the flags name, with at least one cluster.
func (p *place) load() (*config.Config, error) {
	c, err := p.loadAny()
	if err == nil && len(c.Clusters) == 0 {
		return nil, wrong{fmt.Errorf("%s has no cluster of its own; those of strimzi are read by a running daemon: give --server URL", p.config)}
	}
	return c, err
}

// loadAny is load for a command that also does its work without a cluster.
func (p *place) loadAny() (*config.Config, error) {
	if err := p.one(); err != nil {
		return nil, err
	}
	switch {
	case p.config != "":
		c, err := config.Load(p.config)
		if err != nil {
			return nil, wrong{err}
		}
		return c, nil
	case len(p.brokers) > 0:
		return config.Brokers(p.brokers)
	case p.asks:
		return nil, wrong{errors.New("the address of Kafka is missing: give --config FILE, --brokers HOST:PORT, or --server URL")}
	default:
		return nil, wrong{errors.New("the address of Kafka is missing: give --config FILE or --brokers HOST:PORT")}
	}
}

// warnings is a log of warnings and errors only.
func warnings(w io.Writer) *slog.Logger {
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: slog.LevelWarn}))
}

// choice is a flag with a closed set of values.
type choice struct {
	value string
	of    []string
}

// String is the value.
func (c *choice) String() string { return c.value }

// Set takes one of the values.
func (c *choice) Set(s string) error {
	if !slices.Contains(c.of, s) {
		return fmt.Errorf("must be %s or %s", strings.Join(c.of[:len(c.of)-1], ", "), c.of[len(c.of)-1])
	}
	c.value = s
	return nil
}

// Type names the kind of flag in the help.
func (c *choice) Type() string { return strings.Join(c.of, "|") }

// ask reads a JSON document from the daemon that the flags name.
func (p *place) ask(ctx context.Context, path string, query url.Values, into any) error {
	if p.kubectl != nil {
		return p.kubectl.ask(ctx, path, query, into)
	}
	return asked("--server", client.Get(ctx, cmp.Or(p.server, "http://localhost:9090"), path, query, into))
}

// asked marks an invalid address as a mistake of the user in a flag.
func asked(flag string, err error) error {
	var address *client.AddressError
	if errors.As(err, &address) {
		return wrong{fmt.Errorf("%s %w", flag, err)}
	}
	return err
}
