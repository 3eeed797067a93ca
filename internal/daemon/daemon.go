package daemon

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/lagscaler/lagscaler/internal/audit"
	"github.com/lagscaler/lagscaler/internal/config"
	"github.com/lagscaler/lagscaler/internal/engine"
	"github.com/lagscaler/lagscaler/internal/messages/webhook"
	"github.com/lagscaler/lagscaler/internal/metrics"
	"github.com/lagscaler/lagscaler/internal/otlp"
	"github.com/lagscaler/lagscaler/internal/record"
	"github.com/lagscaler/lagscaler/internal/web"
	"github.com/lagscaler/lagscaler/internal/web/recent"
	"github.com/lagscaler/lagscaler/lag/shard"
	"github.com/lagscaler/lagscaler/scaler/kube/strimzi"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

// Options are the options of a daemon.
type Options struct {
	Config   *config.Config
	Reloader *config.Reloader // reads the file again when it changes; nil without a file
	Listen   string           // address from the command line; empty: the configured address
	Build    Build
	Log      io.Writer

	Identity  string               // holder of the Lease; empty: the name of the pod, or host and process id
	Clock     seen.Clock           // for decisions; the zero value is the real clock. Tests use a faster one
	Shard     shard.Shard          // which part of the groups is this process's own; zero: all
	Follows   bool                 // without Kubernetes: another replica of the shard leads. Measurements run both
	Advertise string               // the URL at which other shards reach the pages; empty: they do not
	Published func(*engine.Report) // called after every Report; must not block; may be nil

	// Source wraps the source of every cluster; nil: they are not wrapped. Tests make single polls fail.
	Source func(engine.Source) engine.Source

	// Dial opens the connections to brokers; nil: directly. Tests cut them, or let an address lead elsewhere.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// Build is what the binary was made from.
type Build struct{ Version, Commit, Date string }

// Daemon is the whole program, made from one configuration.
type Daemon struct {
	opts     Options
	config   atomic.Pointer[config.Config] // in force
	log      *slog.Logger
	level    slog.LevelVar
	sources  *sources
	kube     controller         // nil without Kubernetes
	strimzi  *strimzi.Discovery // nil without Kubernetes, or without a file
	engine   *engine.Engine
	recorder *record.Recorder // nil: nothing is recorded
	audit    *audit.Trail
	deeds    audit.Recent // for the pages
	metrics  *metrics.Page
	pusher   *otlp.Pusher // nil: metrics are not pushed

	messenger *webhook.Messenger
	pages     http.Handler
	history   web.HistoryReader // nil: nothing is read
	health    net.Listener      // of the probes alone; nil: they have no port of their own
	external  *externalScaler   // nil: nobody is answered
	custom    *customMetrics    // nil: the API server is not answered
}

// New makes all parts and starts none of them. It does not connect to Kafka yet. Its errors mean that the configuration or
// the environment of the process is wrong, so trying again does not help.
func New(o Options) (*Daemon, error) {
	c := o.Config
	if err := CheckWebConfig(c); err != nil {
		return nil, err
	}
	d := &Daemon{opts: o}
	d.config.Store(c)
	d.level.Set(c.Log.Level.Slog())
	d.log = newLog(o.Log, c.Log.Format, &d.level)
	d.sources = newSources(d.log, o)
	clusters, err := d.openClusters()
	if err != nil {
		return nil, err
	}
	c, o = d.config.Load(), d.opts
	if k, err := connectKubernetes(o, d.log); err != nil {
		return nil, err
	} else if k != nil {
		d.kube = k
		d.discover(k.Strimzi)
	}
	if d.external, err = d.newExternalScaler(); err != nil {
		return nil, err
	}
	if d.custom, err = d.newCustomMetrics(); err != nil {
		return nil, err
	}
	if d.messenger, err = d.newMessenger(c); err != nil {
		return nil, err
	}
	ring := recent.New()
	d.engine = engine.New(engineSettings(c, clusters), d.engineOptions(ring))
	if err := d.pastFrom(c.History); err != nil {
		return nil, err
	}
	d.showIn(ring)
	if err := d.pushTo(c.OTLP); err != nil {
		return nil, err
	}
	return d, errors.Join(d.listenHealth(c.HealthListen), d.external.listen(), d.custom.listen())
}

// openClusters opens the clusters of the configuration, without those that have files of their own and cannot be opened.
func (d *Daemon) openClusters() (clusters []engine.Cluster, err error) {
	if d.opts.Reloader == nil {
		return d.sources.follow(d.opts.Config)
	}
	err = d.opts.Reloader.Open(func(c *config.Config) (err error) {
		next := *d.opts.Config
		next.Clusters = c.Clusters
		if clusters, err = d.sources.follow(&next); err == nil {
			d.opts.Config = &next
			d.config.Store(&next)
		}
		return err
	})
	return clusters, err
}

// engineOptions connects the engine with the other parts.
func (d *Daemon) engineOptions(ring *recent.Ring) engine.Options {
	c := d.config.Load()
	d.recorder = d.newRecorder(c.Record)
	d.audit = d.newTrail(c.Audit)
	o := engine.Options{
		Audit:          func(deed engine.Deed) { d.audit.Note(deed); d.deeds.Note(deed) },
		Interval:       time.Duration(c.Interval),
		SampleInterval: time.Duration(c.SampleInterval),
		Clock:          d.opts.Clock,
		Log:            d.log,
		Publish:        d.publishTo(ring),
		Uptime:         uptime,
	}
	if d.recorder != nil {
		o.Record, o.RecordFact = d.recorder.Record, d.recorder.RecordFact
	}
	if d.external != nil {
		o.Asked = d.external.server.Asked
	}
	if d.kube == nil && !d.opts.Shard.Alone() {
		o.Shards = engine.FixedShard(d.opts.Shard, d.opts.Follows)
	}
	switch {
	case d.kube != nil:
		o.Shards = d.kube
		o.Targets, o.Memories, o.Leading = d.kube, d.kube, d.kube.Leading
	case c.Memory.File != "":
		o.Memories = memoryFile{path: c.Memory.File, log: d.log}
	}
	return o
}

// publishTo returns the function that gets every Report. Metrics are not here: they read the latest Report from the engine.
func (d *Daemon) publishTo(ring *recent.Ring) func(*engine.Report) {
	failures := newReadErrors(d.log)
	return func(r *engine.Report) {
		ring.Add(r)
		failures.published(r)
		d.messenger.Published(r)
		if d.kube != nil {
			d.kube.Publish(outcomesOf(r))
		}
		if d.external != nil {
			d.external.server.Published()
		}
		if d.opts.Published != nil {
			d.opts.Published(r)
		}
	}
}

// MissingRights returns the permissions that the Kubernetes API server denies; nil without Kubernetes.
func (d *Daemon) MissingRights() []string {
	if d.kube == nil {
		return nil
	}
	return d.kube.MissingRights()
}

// engineSettings are the settings of the engine.
func engineSettings(c *config.Config, clusters []engine.Cluster) engine.Settings {
	return engine.Settings{Clusters: clusters, SLO: c.SLO, Labels: c.Labels, Mode: c.Mode, Brakes: c.Brakes.Scaler()}
}

// newTrail is the audit trail of this replica.
func (d *Daemon) newTrail(c config.Audit) *audit.Trail {
	return audit.New(audit.Options{Path: c.Path, MaxMiB: c.MaxMiB, Keep: c.Keep, By: d.by(), Configuration: d.fingerprint, Log: d.log})
}

// by is this replica, as audit trails and recordings name it.
func (d *Daemon) by() string {
	if d.opts.Identity != "" {
		return d.opts.Identity
	}
	by, _ := ownIdentity() // without a name of the host, they have none
	return by
}

// fingerprint tells configurations apart: the first digits of the SHA-256 of the one in force, as the status page shows it.
func (d *Daemon) fingerprint() string {
	text, err := d.config.Load().Redacted()
	if err != nil {
		return ""
	}
	return fmt.Sprintf("%x", sha256.Sum256(text))[:12]
}

// newRecorder returns nil if nothing is to be recorded.
func (d *Daemon) newRecorder(c config.Record) *record.Recorder {
	if c.Path == "" {
		return nil
	}
	return record.New(record.Options{
		Path: c.Path, MaxBytes: int64(c.MaxMiB) << 20, Keep: c.Keep, Lagscaler: d.opts.Build.Version, By: d.by(), Configuration: d.fingerprint, Log: d.log,
	})
}

func newLog(w io.Writer, f config.Format, level slog.Leveler) *slog.Logger {
	options := &slog.HandlerOptions{Level: level}
	if f == config.JSON {
		return slog.New(slog.NewJSONHandler(w, options))
	}
	return slog.New(slog.NewTextHandler(w, options))
}
