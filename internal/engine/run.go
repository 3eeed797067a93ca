package engine

import (
	"context"
	"sync"
	"time"
)

// Run polls and samples until ctx ends.
//
//	                 ┌─ poller ──┐ one pair
//	ctx ── readers ──┤           ├ a cluster ── posts ──> Run (owns all state) ──> Latest
//	                 └─ sampler ─┘
func (e *Engine) Run(ctx context.Context) error {
	readers := newReaders(ctx, e)
	defer readers.stop()
	defer func() { e.scaling.save(context.WithoutCancel(ctx), time.Now(), true) }()
	readers.follow(e.current.Clusters)
	for {
		select {
		case <-ctx.Done():
			return nil
		case s := <-e.settings:
			e.configure(s)
			readers.follow(s.Clusters)
		case p := <-e.posts:
			e.take(ctx, p, time.Now())
		}
	}
}

// take does what follows from one post.
func (e *Engine) take(ctx context.Context, p post, now time.Time) {
	c, ok := e.clusters[p.cluster]
	if !ok || c.Source != p.source {
		return // of a cluster that was taken out of the configuration meanwhile
	}
	if p.obs != nil {
		e.scaling.read(now)
		e.observed(p.cluster, *p.obs)
		e.scaling.decide(ctx, now, func(polled string) bool { return polled == p.cluster })
		e.publish(now)
		return
	}
	if events := c.sampled(*p.sample, e.scaling.declared.hints[p.cluster], p.took); len(events) > 0 {
		e.logRebalances(events)
		e.publish(now)
	}
}

// readers are the I/O goroutines of a running engine.
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

// follow starts readers for new clusters, ends those of clusters that are gone, and leaves the others alone.
func (r *readers) follow(clusters []Cluster) {
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
		o := e.observe(ctx, c.Source)
		e.post(ctx, post{source: c.Source, cluster: c.Name, obs: &o})
	})
}

func (e *Engine) sample(ctx context.Context, c Cluster) {
	every(ctx, e.opts.SampleInterval, func() {
		// A sample may take longer than its interval: a slow answer is better than none, and ticks do not queue up.
		sampleCtx, cancel := context.WithTimeout(ctx, max(2*e.opts.SampleInterval, 5*time.Second))
		defer cancel()
		began := time.Now()
		s := c.Source.Sample(sampleCtx)
		e.post(ctx, post{source: c.Source, cluster: c.Name, sample: &s, took: time.Since(began)})
	})
}

func (e *Engine) post(ctx context.Context, p post) {
	if ctx.Err() != nil {
		return // an answer that was cut off by the end says nothing
	}
	select {
	case e.posts <- p:
	case <-ctx.Done():
	}
}

// every calls do now and then each interval, until ctx ends.
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
