package main

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lagscaler/lagscaler/internal/config"
)

// place says where a command gets its data: a configuration file, bootstrap addresses, or a running daemon.
type place struct {
	config  string
	brokers []string
	server  string
}

func (p *place) kafkaFlags(cmd *cobra.Command) {
	cmd.Flags().StringVarP(&p.config, "config", "c", "", "configuration `FILE`")
	cmd.Flags().StringSliceVarP(&p.brokers, "brokers", "b", nil, "bootstrap addresses `HOST:PORT`, instead of a file")
}

func (p *place) serverFlag(cmd *cobra.Command) {
	cmd.Flags().StringVarP(&p.server, "server", "s", "", "ask the running daemon at `URL`, such as http://localhost:9090")
}

// one is an error when the flags name several places.
func (p *place) one() error {
	var named []string
	for flag, set := range map[string]bool{"--config": p.config != "", "--brokers": len(p.brokers) > 0, "--server": p.server != ""} {
		if set {
			named = append(named, flag)
		}
	}
	if len(named) > 1 {
		slices.Sort(named)
		return wrong{fmt.Errorf("%s: keep one of them", strings.Join(named, ", "))}
	}
	return nil
}

// load is the configuration that the flags name.
func (p *place) load() (*config.Config, error) {
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
	default:
		return nil, wrong{errors.New("say where Kafka is: --config FILE or --brokers HOST:PORT")}
	}
}

// warnings is the log of a command: nothing but what goes wrong.
func warnings(w io.Writer) *slog.Logger {
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: slog.LevelWarn}))
}
