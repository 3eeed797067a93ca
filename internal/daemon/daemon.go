package daemon

import (
	"io"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/lagscaler/lagscaler/internal/config"
	"github.com/lagscaler/lagscaler/internal/engine"
	"github.com/lagscaler/lagscaler/internal/metrics"
	"github.com/lagscaler/lagscaler/internal/record"
	"github.com/lagscaler/lagscaler/internal/web/recent"
	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/kube"
)

// Options say which daemon to make.
type Options struct {
	Config   *config.Config
	Reloader *config.Reloader // follows the file of the configuration; nil without a file
	Listen   string           // of the command line; empty: the configured one
	Build    Build
	Log      io.Writer

	Identity  string               // in the Lease; empty: the name of the pod, or host and process
	Clock     scaler.Clock         // of decisions; the zero value is the real one. Tests run a faster one
	Published func(*engine.Report) // called after each Report, must not block; nil: nobody
}

// Build is what the binary was made from.
type Build struct{ Version, Commit, Date string }

// Daemon is the program: every part of it, made from one configuration.
type Daemon struct {
	opts     Options
	config   atomic.Pointer[config.Config] // in force
	log      *slog.Logger
	level    slog.LevelVar
	sources  *sources
	kube     *kube.Controller // nil without Kubernetes
	engine   *engine.Engine
	recorder *record.Recorder // nil: nothing is recorded
	metrics  *metrics.Page
	pages    http.Handler
}

// New makes every part and starts none. Its errors say that the configuration, or what surrounds the process, is wrong:
// trying again does not help.
func New(o Options) (*Daemon, error) {
	c := o.Config
	if err := CheckWebConfig(c); err != nil {
		return nil, err
	}
	d := &Daemon{opts: o}
	d.config.Store(c)
	d.level.Set(c.Log.Level.Slog())
	d.log = newLog(o.Log, c.Log.Format, &d.level)
	d.sources = newSources(d.log)
	clusters, err := d.sources.follow(c)
	if err != nil {
		return nil, err
	}
	if d.kube, err = connectKubernetes(o, d.log); err != nil {
		return nil, err
	}
	ring := recent.New()
	d.engine = engine.New(engineSettings(c, clusters), d.engineOptions(ring))
	d.showIn(ring)
	return d, nil
}

// engineOptions join the engine with what surrounds it.
func (d *Daemon) engineOptions(ring *recent.Ring) engine.Options {
	c := d.config.Load()
	d.recorder = newRecorder(c.Record, d.opts.Build.Version, d.log)
	o := engine.Options{
		Interval:       time.Duration(c.Interval),
		SampleInterval: time.Duration(c.SampleInterval),
		Clock:          d.opts.Clock,
		Log:            d.log,
		Publish:        d.publishTo(ring),
	}
	if d.recorder != nil {
		o.Record = d.recorder.Record
	}
	switch {
	case d.kube != nil:
		o.Targets, o.Memories, o.Leading = d.kube, d.kube, d.kube.Leading
	case c.Memory.File != "":
		o.Memories = memoryFile{path: c.Memory.File, log: d.log}
	}
	return o
}

// publishTo hands each Report to everybody who is told of it; readers that only want the latest ask the engine.
func (d *Daemon) publishTo(ring *recent.Ring) func(*engine.Report) {
	failures := newReadErrors(d.log)
	return func(r *engine.Report) {
		ring.Add(r)
		failures.published(r)
		if d.kube != nil {
			d.kube.Publish(outcomesOf(r))
		}
		if d.opts.Published != nil {
			d.opts.Published(r)
		}
	}
}

// MissingRights are the rights that the Kubernetes API server refuses; none without Kubernetes.
func (d *Daemon) MissingRights() []string {
	if d.kube == nil {
		return nil
	}
	return d.kube.MissingRights()
}

// engineSettings are what a configuration means to the engine.
func engineSettings(c *config.Config, clusters []engine.Cluster) engine.Settings {
	return engine.Settings{Clusters: clusters, SLO: c.SLO, Mode: c.Mode}
}

// newRecorder is the recorder that a configuration asks for, or nil.
func newRecorder(c config.Record, version string, log *slog.Logger) *record.Recorder {
	if c.Path == "" {
		return nil
	}
	return record.New(record.Options{
		Path: c.Path, MaxBytes: int64(c.MaxMiB) << 20, Keep: c.Keep, Lagscaler: version, Log: log,
	})
}

func newLog(w io.Writer, f config.Format, level slog.Leveler) *slog.Logger {
	options := &slog.HandlerOptions{Level: level}
	if f == config.JSON {
		return slog.New(slog.NewJSONHandler(w, options))
	}
	return slog.New(slog.NewTextHandler(w, options))
}
