package engine

import (
	"context"
	"sync"
	"time"

	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/rebalancemon"
)

// Run polls and samples until ctx ends.
//
//	                 ┌─ poller ──┐ one pair
//	ctx ── readers ──┤           ├ a cluster ── readings ──> Run (all state) ──> Latest
//	                 └─ sampler ─┘
func (e *Engine) Run(ctx context.Context) error {
	readers := newReaders(ctx, e)
	defer readers.stop()
	defer func() { e.scaling.save(context.WithoutCancel(ctx), time.Now(), true) }()
	e.takeShare(ctx, time.Now())
	readers.reconcile(e.current.Clusters)
	idle := time.NewTicker(e.opts.Interval)
	defer idle.Stop()
	e.withoutClusters(ctx, time.Now())
	for {
		select {
		case <-ctx.Done():
			return nil
		case s := <-e.settings:
			e.configure(s)
			readers.reconcile(s.Clusters)
			e.withoutClusters(ctx, time.Now())
		case now := <-idle.C:
			e.withoutClusters(ctx, now)
		case r := <-e.readings:
			e.handle(ctx, r, time.Now())
		}
	}
}

// withoutClusters decides and publishes while there is no cluster, so no reading: none was discovered yet, or the last one is gone. What
// readers see is then not that of a cluster that is gone, and the program is ready.
func (e *Engine) withoutClusters(ctx context.Context, now time.Time) {
	if len(e.current.Clusters) == 0 {
		e.Tick(ctx, now)
	}
}

// handle takes in one reading: a poll leads to decisions and a Report, a sample to a Report only when it saw a rebalance.
func (e *Engine) handle(ctx context.Context, r reading, now time.Time) {
	if e.takeShare(ctx, now) && e.Latest() != nil {
		e.publish(now)
	}
	c, ok := e.clusters[r.cluster]
	if !ok || c.Source != r.source {
		return // the cluster was removed from the configuration in the meantime
	}
	if r.obs != nil {
		e.declare(now)
		e.scaling.load(ctx, now)
		e.observed(r.cluster, *r.obs)
		e.scaling.decide(ctx, now, e.share(), func(polled string) bool { return polled == r.cluster })
		e.publish(now)
		return
	}
	var events []rebalancemon.Event
	_ = e.panics.catch(PartCompute, r.cluster, func() { // the next sample is a second away
		events = c.sampled(*r.sample, e.scaling.declared.hints[r.cluster], r.took)
	})
	if len(events) > 0 {
		e.logRebalances(events)
		e.publish(now)
	}
}

// readers are the goroutines of a running engine that read Kafka.
type readers struct {
	ctx    context.Context
	engine *Engine
	wg     sync.WaitGroup
	cancel map[string]context.CancelFunc
	source map[string]Source
}

func newReaders(ctx context.Context, e *Engine) *readers {
	return &readers{ctx: ctx, engine: e, cancel: map[string]context.CancelFunc{}, source: map[string]Source{}}
}

// reconcile starts readers for new clusters, stops those of removed clusters, and does not touch the others.
func (r *readers) reconcile(clusters []Cluster) {
	wanted := map[string]Source{}
	for _, c := range clusters {
		wanted[c.Name] = c.Source
	}
	for name, stop := range r.cancel {
		if wanted[name] != r.source[name] {
			stop()
			delete(r.cancel, name)
			delete(r.source, name)
		}
	}
	for _, c := range clusters {
		if _, runs := r.cancel[c.Name]; runs {
			continue
		}
		ctx, cancel := context.WithCancel(r.ctx)
		r.cancel[c.Name], r.source[c.Name] = cancel, c.Source
		r.wg.Go(func() { r.engine.poll(ctx, c) })
		r.wg.Go(func() { r.engine.sample(ctx, c) })
	}
}

func (r *readers) stop() {
	for _, stop := range r.cancel {
		stop()
	}
	r.wg.Wait()
}

func (e *Engine) poll(ctx context.Context, c Cluster) {
	every(ctx, e.opts.Interval, func() {
		o := e.observe(ctx, c)
		e.deliver(ctx, reading{source: c.Source, cluster: c.Name, obs: &o})
	})
}

func (e *Engine) sample(ctx context.Context, c Cluster) {
	pause := 0
	every(ctx, e.opts.SampleInterval, func() {
		if pause--; pause > 0 {
			return
		}
		pause = e.samplers()
		// A sample may take longer than its interval: a late answer is better than none, and a ticker does not queue its ticks.
		// The source has a shorter limit.
		sampleCtx, cancel := context.WithTimeout(ctx, max(2*e.opts.SampleInterval, 5*time.Second, e.opts.Interval*9/10))
		defer cancel()
		began := time.Now()
		var s lag.Sample
		if err := e.panics.catch(PartRead, c.Name, func() { s = c.Source.Sample(sampleCtx) }); err != nil {
			s = lag.Sample{Cluster: c.Name, At: time.Now(), Errors: failed(c.Name, began, began, err).Errors}
		}
		e.deliver(ctx, reading{source: c.Source, cluster: c.Name, sample: &s, took: time.Since(began)})
	})
}

func (e *Engine) deliver(ctx context.Context, r reading) {
	if ctx.Err() != nil {
		return // the reading was cut short because the program ends
	}
	select {
	case e.readings <- r:
	case <-ctx.Done():
	}
}

// every calls do at once and then every interval, until ctx ends.
func every(ctx context.Context, interval time.Duration, do func()) {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		do()
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}
