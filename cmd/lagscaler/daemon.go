package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/oklog/run"

	"github.com/lagscaler/lagscaler/internal/config"
	"github.com/lagscaler/lagscaler/internal/engine"
	"github.com/lagscaler/lagscaler/internal/metrics"
	"github.com/lagscaler/lagscaler/internal/record"
	"github.com/lagscaler/lagscaler/internal/web"
)

// daemon is the program of run: every part of it, made from one configuration.
type daemon struct {
	config   atomic.Pointer[config.Config] // in force
	reloader *config.Reloader              // nil without a file
	listen   string                        // of the command line; empty: the file's
	log      *slog.Logger
	level    slog.LevelVar
	sources  *sources
	targets  targets // no Controller without Kubernetes
	engine   *engine.Engine
	recorder *record.Recorder // nil: nothing is recorded
	metrics  *metrics.Page
	pages    http.Handler
}

// newDaemon makes every part and starts none.
func newDaemon(c *config.Config, r *config.Reloader, stderr io.Writer) (*daemon, error) {
	if err := checkWeb(c); err != nil {
		return nil, err
	}
	d := &daemon{reloader: r}
	d.config.Store(c)
	d.level.Set(c.Log.Level.Slog())
	d.log = newLog(stderr, c.Log.Format, &d.level)
	d.sources = newSources(d.log)
	found, err := d.sources.follow(c)
	if err != nil {
		return nil, wrong{err}
	}
	if d.targets.Controller, err = connectKubernetes(c, d.log); err != nil {
		return nil, err
	}
	ring := web.NewRing()
	d.engine = engine.New(settings(c, found), d.options(c, ring))
	d.show(c, ring)
	return d, nil
}

// options joins the engine with what surrounds it.
func (d *daemon) options(c *config.Config, ring *web.Ring) engine.Options {
	troubles := newTroubles(d.log)
	d.recorder = newRecorder(c.Record, d.log)
	o := engine.Options{
		Interval:       time.Duration(c.Interval),
		SampleInterval: time.Duration(c.SampleInterval),
		Log:            d.log,
		Publish:        func(r *engine.Report) { ring.Add(r); troubles.published(r) },
	}
	if d.recorder != nil {
		o.Record = d.recorder.Record
	}
	switch {
	case d.targets.Controller != nil:
		o.Targets, o.Memories, o.Leading = d.targets, d.targets, d.targets.Leading
		shown := o.Publish
		o.Publish = func(r *engine.Report) { shown(r); d.targets.publish(r) }
	case c.Memory.File != "":
		o.Memories = memoryFile{path: c.Memory.File, log: d.log}
	}
	return o
}

// show makes what readers see: metrics and pages.
func (d *daemon) show(c *config.Config, ring *web.Ring) {
	b := thisBuild()
	d.metrics = metrics.New(metrics.Options{
		Latest:   d.engine.Latest,
		Filter:   seriesOf(c.Metrics),
		Interval: time.Duration(c.Interval), Sample: time.Duration(c.SampleInterval),
		ConfigLoaded: d.configLoaded(),
		Version:      b.version, Revision: b.commit,
	})
	d.pages = web.New(web.Options{
		Latest: d.engine.Latest, Ring: ring, Interval: time.Duration(c.Interval),
		Version: b.version, Config: d.redacted, Troubles: d.problems, Log: d.log,
	})
}

// redacted is the configuration in force without its secrets, for the status page.
func (d *daemon) redacted() string {
	text, err := d.config.Load().Redacted()
	if err != nil {
		return err.Error()
	}
	return string(text)
}

func newLog(w io.Writer, f config.Format, level slog.Leveler) *slog.Logger {
	options := &slog.HandlerOptions{Level: level}
	if f == config.JSON {
		return slog.New(slog.NewJSONHandler(w, options))
	}
	return slog.New(slog.NewTextHandler(w, options))
}

// seriesOf chooses the series that the configuration asks for.
func seriesOf(m config.Metrics) metrics.Filter {
	return metrics.Filter{
		Topics: m.Topics.Match, Partitions: m.Partitions.Match.Match,
		OverThreshold: m.Partitions.OverThreshold, Top: m.Partitions.Top,
		MaxGroups: m.MaxGroups, MaxSeries: m.MaxSeries,
	}
}

// configLoaded reports whether the file is in force; it is nil when there is no file.
func (d *daemon) configLoaded() func() bool {
	if d.reloader == nil {
		return nil
	}
	return func() bool { return d.reloader.Outcome().Err == nil }
}

// run starts every goroutine that lives as long as the process. The first that ends, ends all.
//
//	           ┌─ interrupt   SIGINT, SIGTERM
//	           ├─ reload      the file, SIGHUP ──settings──┐
//	           ├─ kubernetes  watches ──targets──┐         │
//	run group ─┤   status, Events <──────────┐   v         v
//	           ├─ engine      polls, samples, decisions ──> Report ──┐ Latest()
//	           ├─ metrics     renders each new Report  <─────────────┤
//	           ├─ record      writes polls to a file; ends after the engine
//	           ├─ http        /metrics, pages, API, health <─────────┘
//	           └─ election    the Lease; ends when all that writes has ended
func (d *daemon) run(ctx context.Context, listener net.Listener) error {
	defer d.sources.close()
	var g run.Group
	add := func(execute func(context.Context) error) (ended chan struct{}) {
		ctx, cancel := context.WithCancel(ctx)
		ended = make(chan struct{})
		g.Add(func() error { defer close(ended); return execute(ctx) }, func(error) { cancel() })
		return ended
	}
	add(func(ctx context.Context) error { <-ctx.Done(); return nil })
	if d.reloader != nil {
		add(d.reload)
	}
	deciding := add(d.engine.Run)
	add(d.metrics.Run)
	if r := d.recorder; r != nil {
		recording, cancel := context.WithCancel(context.WithoutCancel(ctx))
		g.Add(func() error { return r.Run(recording) }, func(error) { <-deciding; cancel() })
	}
	server := d.server(listener)
	g.Add(server.run, server.stop)
	if k := d.targets.Controller; k != nil {
		writing := add(k.Run)
		elected, cancel := context.WithCancel(context.WithoutCancel(ctx))
		g.Add(func() error { return k.Elect(elected) }, func(error) { <-deciding; <-writing; cancel() })
	}
	d.log.Info("running", "version", thisBuild().version, "listen", listener.Addr().String(),
		"mode", d.config.Load().Mode, "clusters", len(d.config.Load().Clusters), "kubernetes", d.targets.Controller != nil)
	if err := g.Run(); err != nil {
		return err
	}
	d.log.Info("stopped")
	return nil
}

// reload follows the configuration file until ctx ends.
func (d *daemon) reload(ctx context.Context) error {
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	defer signal.Stop(hangup)
	return d.reloader.Run(ctx, d.log, hangup, func(c *config.Config) error { return d.apply(ctx, c) })
}

// apply puts a new configuration into force. What is fixed for the life of the process stays as it is, and is named.
func (d *daemon) apply(ctx context.Context, c *config.Config) error {
	next := *c
	next.Listen = cmp.Or(d.listen, next.Listen)
	if kept := keep(&next, d.config.Load()); len(kept) > 0 {
		d.log.Warn("some changes of the configuration need a restart", "fields", kept)
	}
	found, err := d.sources.follow(&next)
	if err != nil {
		return err
	}
	if err := d.engine.Reconfigure(ctx, settings(&next, found)); err != nil {
		return fmt.Errorf("reconfiguring: %w", err)
	}
	if d.targets.Controller != nil {
		d.targets.Configure(kubernetesSettings(&next))
	}
	d.level.Set(next.Log.Level.Slog())
	d.metrics.SetFilter(seriesOf(next.Metrics))
	d.config.Store(&next)
	return nil
}
