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
//	                 └─ sampler ─┘     <── polls to be taken in, see taking
//
// New settings are published at once: what was known of a cluster that is not among them any more is gone.
func (e *Engine) Run(ctx context.Context) error {
	readers := newReaders(ctx, e)
	defer func() {
		readers.stop()
		e.takeRest()
	}()
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
			if len(s.Clusters) > 0 && e.Latest() != nil {
				e.publish(time.Now())
			}
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
	switch {
	case r.taken != nil:
		e.finish(ctx, r.taken, now)
		return
	case r.back != nil:
		e.begin(ctx, r, now)
		return
	}
	c, ok := e.clusters[r.cluster]
	if !ok || c.Source != r.source {
		return // the cluster was removed from the configuration in the meantime
	}
	if c.taking != nil {
		c.queue = append(c.queue, r)
		return
	}
	if r.obs != nil {
		e.declare(now)
		e.scaling.load(ctx, now)
		t := e.take(r.cluster, *r.obs)
		t.run()
		e.took(t)
		e.decided(ctx, c, now)
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
	ctx     context.Context
	engine  *Engine
	wg      sync.WaitGroup
	cancel  map[string]context.CancelFunc
	cluster map[string]Cluster // that are read
	started int
	over    chan struct{} // closed when Run gives no poll back any more
}

func newReaders(ctx context.Context, e *Engine) *readers {
	return &readers{ctx: ctx, engine: e, cancel: map[string]context.CancelFunc{}, cluster: map[string]Cluster{}, over: make(chan struct{})}
}

// reconcile starts readers for new clusters, stops those of removed clusters, starts those anew whose interval is another one, and
// does not touch the others.
func (r *readers) reconcile(clusters []Cluster) {
	wanted := map[string]Cluster{}
	for _, c := range clusters {
		wanted[c.Name] = c
	}
	for name, stop := range r.cancel {
		if wanted[name] != r.cluster[name] {
			stop()
			delete(r.cancel, name)
			delete(r.cluster, name)
		}
	}
	for _, c := range clusters {
		if _, runs := r.cancel[c.Name]; runs {
			continue
		}
		ctx, cancel := context.WithCancel(r.ctx)
		r.cancel[c.Name], r.cluster[c.Name] = cancel, c
		turn := r.started
		r.started++
		listed := &listing{every: r.engine.polls(&c)}
		r.wg.Go(func() { r.engine.poll(ctx, r, c, turn, listed) })
		if every, ok := r.engine.samples(&c); ok {
			r.wg.Go(func() { r.engine.sample(ctx, c, spread(turn, every), listed) })
		}
	}
}

func (r *readers) stop() {
	for _, stop := range r.cancel {
		stop()
	}
	close(r.over)
	r.wg.Wait()
}

// poll polls a cluster until ctx ends, and takes its polls in. As long as Run goes on, which may decide for a while after ctx has ended, a
// poll that it has given back is finished: Run may be waiting for it.
func (e *Engine) poll(ctx context.Context, r *readers, c Cluster, turn int, listed *listing) {
	left := true // the poll before this one was left out
	spread(turn, e.polls(&c)).run(ctx, func() {
		if left = e.rests(left); left {
			return
		}
		listed.polled()
		o, back := e.observe(ctx, c), make(chan *taking, 1)
		if !e.deliver(ctx, reading{source: c.Source, cluster: c.Name, obs: &o, back: back}) {
			return
		}
		if t, ok := r.given(back); ok {
			t.run()
			e.deliver(r.ctx, reading{source: c.Source, cluster: c.Name, taken: t})
		}
	})
}

// given waits for a poll that Run gives back; ok is false if it never will. What it gave before it ended counts.
func (r *readers) given(back <-chan *taking) (t *taking, ok bool) {
	select {
	case t, ok = <-back:
		return t, ok
	case <-r.over:
	}
	select {
	case t, ok = <-back:
	default:
	}
	return t, ok
}

func (e *Engine) sample(ctx context.Context, c Cluster, p pace, listed *listing) {
	// A sample may take longer than its interval: a late answer is better than none, and a ticker does not queue its ticks.
	// The source has a shorter limit.
	most := max(2*p.interval, 5*time.Second, e.polls(&c)*9/10)
	p.run(ctx, func() {
		if n := e.samplers(); n > 1 && !listed.due(n, p.interval) {
			return
		}
		listed.sampled()
		sampleCtx, cancel := context.WithTimeout(ctx, most)
		defer cancel()
		began := time.Now()
		var s lag.Sample
		if err := e.panics.catch(PartRead, c.Name, func() { s = c.Source.Sample(sampleCtx) }); err != nil {
			s = lag.Sample{Cluster: c.Name, At: time.Now(), Errors: failed(c.Name, began, began, err).Errors}
		}
		if s.LeftOut {
			return
		}
		e.deliver(ctx, reading{source: c.Source, cluster: c.Name, sample: &s, took: time.Since(began)})
	})
}

// deliver gives a reading to Run; it returns false if ctx ended first.
func (e *Engine) deliver(ctx context.Context, r reading) bool {
	if ctx.Err() != nil {
		return false // the reading was cut short because the program ends
	}
	select {
	case e.readings <- r:
		return true
	case <-ctx.Done():
		return false
	}
}
