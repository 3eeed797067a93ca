// Package daemon runs lagscaler in the process of a test, wired by the program's own internal/daemon. It reads Kafka and
// serves its pages and metrics; it has no Kubernetes.
//
// Two options here are not in a configuration: a test can see every Report, and it can make a poll fail.
package daemon

import (
	"context"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/e2e/servers/child"
	"github.com/lagscaler/lagscaler/internal/config"
	program "github.com/lagscaler/lagscaler/internal/daemon"
	"github.com/lagscaler/lagscaler/internal/engine"
)

// Options are the options of a daemon.
type Options struct {
	Brokers        string           // bootstrap addresses of the only cluster, with commas between them
	Clusters       []config.Cluster // instead of it, several
	Interval       time.Duration    // between polls; 0: as in production
	SampleInterval time.Duration    // between samples; 0: as in production
	Listen         string           // empty: a free port
	OTLP           string           // where metrics are pushed to by HTTP, at each interval; empty: nowhere
	History        *config.History  // the Prometheus that pages ask; nil: none
	Published      func(*engine.Report)
	Source         func(engine.Source) engine.Source // wraps the source of the cluster
}

// Cluster is the name of the cluster in the configuration.
const Cluster = "main"

// Daemon is a running daemon.
type Daemon struct {
	URL   string
	t     *testing.T
	log   child.Buffer
	stop  context.CancelFunc
	ended chan error
	once  sync.Once
}

// Start starts a daemon that ends with the test.
func Start(t *testing.T, o Options) *Daemon {
	t.Helper()
	c := config.Default()
	c.Clusters = []config.Cluster{{Name: Cluster, Brokers: strings.Split(o.Brokers, ","), ClientID: "lagscaler"}}
	if o.Clusters != nil {
		c.Clusters = o.Clusters
	}
	c.Kubernetes.Enabled = config.Off
	if o.Interval > 0 {
		c.Interval = config.Duration(o.Interval)
	}
	if o.SampleInterval > 0 {
		c.SampleInterval = config.Samples(o.SampleInterval)
	}
	if o.OTLP != "" {
		c.OTLP = &config.OTLP{Endpoint: config.TokenURL(o.OTLP), Protocol: config.OTLPHTTP, Interval: c.Interval}
	}
	c.History = o.History
	if o.Listen == "" {
		o.Listen = "127.0.0.1:0"
	}
	listener, err := net.Listen("tcp", o.Listen)
	if err != nil {
		t.Fatal(err)
	}
	d := &Daemon{t: t, URL: "http://" + listener.Addr().String(), ended: make(chan error, 1)}
	p, err := program.New(program.Options{
		Config: c, Build: program.Build{Version: "e2e"}, Log: &d.log, Published: o.Published, Source: o.Source,
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	d.stop = cancel
	go func() { d.ended <- p.Run(ctx, listener) }()
	t.Cleanup(d.Stop)
	return d
}

// Stop ends the daemon, as SIGTERM does, and waits until it has ended.
func (d *Daemon) Stop() {
	d.once.Do(func() {
		d.stop()
		if err := <-d.ended; err != nil {
			d.t.Errorf("the daemon ended with %v", err)
		}
		if d.t.Failed() {
			d.t.Logf("the log of the daemon:\n%s", d.log.String())
		}
	})
}
