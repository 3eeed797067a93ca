package daemon

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	toolkit "github.com/prometheus/exporter-toolkit/web"

	"github.com/lagscaler/lagscaler/internal/config"
	"github.com/lagscaler/lagscaler/internal/serve"
)

const stopTimeout = 5 * time.Second // for answers under way when the process ends

// server serves a port: plain, or with TLS and basic auth if there is a web configuration.
type server struct {
	http     *http.Server
	listener net.Listener
	file     string // web configuration; empty: plain
	log      *slog.Logger
}

func (d *Daemon) server(listener net.Listener) *server {
	return &server{
		http: serve.New(d.routes(), d.log), listener: serve.Listen(listener, d.log),
		file: d.config.Load().WebConfigFile, log: d.log,
	}
}

// healthServer serves the probes alone, on a port of their own: nobody else can use up its connections. It is plain, since
// the kubelet has no password.
func (d *Daemon) healthServer() *server {
	mux := http.NewServeMux()
	mux.Handle("GET /healthz", d.pages)
	mux.Handle("GET /readyz", d.pages)
	return &server{http: serve.New(mux, d.log), listener: serve.Listen(d.health, d.log), log: d.log}
}

// listenHealth opens the port of the probes, if the configuration has one.
func (d *Daemon) listenHealth(address string) (err error) {
	if address == "" {
		return nil
	}
	if d.health, err = net.Listen("tcp", address); err != nil {
		return fmt.Errorf("healthListen: %w", err)
	}
	return nil
}

// routes are all paths of the port. Every answer is made from the latest Report, so a request never reads Kafka.
func (d *Daemon) routes() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", d.metrics)
	if d.config.Load().Metrics.Compat {
		mux.Handle("GET /metrics/compat", d.metrics.Compat())
	}
	mux.Handle("/", d.pages)
	return mux
}

func (s *server) run() error {
	err := toolkit.Serve(s.listener, s.http, &toolkit.FlagConfig{WebConfigFile: &s.file}, s.log)
	if err != nil && !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serving: %w", err)
	}
	return nil
}

func (s *server) stop(error) {
	ctx, cancel := context.WithTimeout(context.Background(), stopTimeout)
	defer cancel()
	if err := s.http.Shutdown(ctx); err != nil {
		s.log.Warn("answers under way were cut off", "error", err)
		_ = s.http.Close()
	}
}

// CheckWebConfig validates the web configuration file: TLS and basic auth of the port.
func CheckWebConfig(c *config.Config) error {
	if err := toolkit.Validate(c.WebConfigFile); err != nil {
		return fmt.Errorf("webConfigFile: %s: %w", c.WebConfigFile, err)
	}
	return nil
}
