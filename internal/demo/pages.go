package demo

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/lagscaler/lagscaler/internal/engine"
	"github.com/lagscaler/lagscaler/internal/metrics"
	"github.com/lagscaler/lagscaler/internal/record"
	"github.com/lagscaler/lagscaler/internal/web"
	"github.com/lagscaler/lagscaler/internal/web/recent"
)

// pages serves the same pages and metrics as the daemon.
func (o Options) pages(latest func() *engine.Report, ring *recent.Ring, start time.Time) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", metrics.New(metrics.Options{
		Latest: latest, Interval: Interval, Sample: SampleInterval, Version: o.Version, Revision: o.Revision,
	}))
	mux.Handle("/", web.New(web.Options{
		Latest: latest, Ring: ring, Interval: Interval, Version: o.Version + " (demo)",
		Scene: func() string { return o.Scenario.Scene(time.Since(start)) },
	}))
	return mux
}

// serve serves the pages until ctx ends. Without an address, it listens on a free port of 127.0.0.1.
func serve(ctx context.Context, running *errgroup.Group, addr string, pages http.Handler) (url string, err error) {
	if addr == "" {
		addr = "127.0.0.1:0"
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return "", fmt.Errorf("listen on %s: %w", addr, err)
	}
	server := &http.Server{Handler: pages, ReadHeaderTimeout: 5 * time.Second}
	running.Go(func() error {
		if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			return fmt.Errorf("serve the page: %w", err)
		}
		return nil
	})
	running.Go(func() error {
		<-ctx.Done()
		closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		if server.Shutdown(closing) != nil {
			return server.Close() // a page that follows live holds its connection open
		}
		return nil
	})
	return "http://" + l.Addr().String(), nil
}

// recorder records polls to the file, if there is one. The caller calls ended, which waits until all polls are written.
func (o Options) recorder() (into engine.Record, ended func()) {
	if o.Record == "" {
		return nil, func() {}
	}
	r := record.New(record.Options{Path: o.Record, MaxBytes: 100 << 20, Keep: 1, Lagscaler: o.Version, Log: o.Log})
	ctx, end := context.WithCancel(context.Background())
	var writing errgroup.Group
	writing.Go(func() error { return r.Run(ctx) })
	return r.Record, func() {
		end()
		_ = writing.Wait() // what went wrong was logged
	}
}
