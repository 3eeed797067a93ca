package daemon

import (
	"context"
	"net"

	"github.com/oklog/run"
)

// Run starts all goroutines that live as long as the process. When one of them ends, all end.
//
//	           ┌─ interrupt   the end of ctx: SIGINT, SIGTERM
//	           ├─ reload      the file, SIGHUP ──settings──┐
//	           ├─ strimzi     clusters that Strimzi runs ──> reload
//	           ├─ kubernetes  watches ──targets──┐         │
//	run group ─┤   status, Events <──────────┐   v         v
//	           ├─ engine      polls, samples, decisions ──> Report ──┐ Latest()
//	           ├─ metrics     renders each new Report  <─────────────┤
//	           ├─ messages    tells receivers what happens; ends after the engine, before the election
//	           ├─ otlp        pushes the metrics to a collector, if one is configured
//	           ├─ record      writes polls to a file; ends after the engine
//	           ├─ http        /metrics, pages, API, health <─────────┘
//	           ├─ health      /healthz and /readyz on a port of their own, if one is configured
//	           ├─ external    the endpoint that KEDA asks, if one is configured; it reads Latest(), too
//	           ├─ custom      the endpoint that the API server asks for an HPA, if one is configured
//	           └─ election    the Lease; ends after everything that writes to Kubernetes
func (d *Daemon) Run(ctx context.Context, listener net.Listener) error {
	defer d.sources.close()
	var g run.Group
	add := func(execute func(context.Context) error) (ended chan struct{}) {
		ctx, cancel := context.WithCancel(ctx)
		ended = make(chan struct{})
		g.Add(func() error { defer close(ended); return execute(ctx) }, func(error) { cancel() })
		return ended
	}
	interrupted := ctx
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	add(func(ctx context.Context) error { return d.untilInterrupted(ctx, interrupted) })
	if d.opts.Reloader != nil {
		add(d.reload)
	}
	if d.strimzi != nil {
		add(d.strimzi.Run)
	}
	deciding := add(d.engine.Run)
	add(d.metrics.Run)
	if d.pusher != nil {
		add(d.pusher.Run)
	}
	telling, stopTelling := context.WithCancel(context.WithoutCancel(ctx))
	told := make(chan struct{})
	g.Add(func() error { defer close(told); return d.messenger.Run(telling) }, func(error) { <-deciding; stopTelling() })
	if r := d.recorder; r != nil {
		recording, cancel := context.WithCancel(context.WithoutCancel(ctx))
		g.Add(func() error { return r.Run(recording) }, func(error) { <-deciding; cancel() })
	}
	if d.config.Load().Audit.Path != "" {
		auditing, cancel := context.WithCancel(context.WithoutCancel(ctx))
		g.Add(func() error { return d.audit.Run(auditing) }, func(error) { <-deciding; cancel() })
	}
	d.serve(&g, add, listener)
	if k := d.kube; k != nil {
		writing := add(k.Run)
		elected, cancel := context.WithCancel(context.WithoutCancel(ctx))
		g.Add(func() error { return k.Elect(elected) }, func(error) { <-deciding; <-writing; <-told; cancel() })
	}
	d.log.Info("running", "version", d.opts.Build.Version, "listen", listener.Addr().String(),
		"mode", d.config.Load().Mode, "clusters", len(d.config.Load().Clusters), "kubernetes", d.kube != nil)
	if err := g.Run(); err != nil {
		return err
	}
	d.log.Info("stopped")
	return nil
}

// serve adds everything that answers requests.
func (d *Daemon) serve(g *run.Group, add func(func(context.Context) error) chan struct{}, listener net.Listener) {
	server := d.server(listener)
	g.Add(server.run, server.stop)
	if d.health != nil {
		health := d.healthServer()
		g.Add(health.run, health.stop)
	}
	if e := d.external; e != nil {
		add(func(ctx context.Context) error { return e.server.Run(ctx, e.listener) })
	}
	if m := d.custom; m != nil {
		add(m.run)
	}
}

// untilInterrupted returns when the program is to end: at once, but for a shard, which goes on for a while if the others may be about to
// do without it.
func (d *Daemon) untilInterrupted(ctx, interrupted context.Context) error {
	select {
	case <-ctx.Done():
	case <-interrupted.Done():
		if d.kube != nil {
			d.kube.Linger(ctx)
		}
	}
	return nil
}
