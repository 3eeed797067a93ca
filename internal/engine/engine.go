package engine

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/lag/shard"
	"github.com/lagscaler/lagscaler/rebalancemon"
	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/brakes"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

// Settings are what may change while the engine runs.
type Settings struct {
	Clusters []Cluster
	SLO      func(cluster, group string) lag.SLO           // all thresholds of a group, as the configuration says; nil: lag.DefaultSLO for all
	Labels   func(cluster, group string) map[string]string // whose a group is, as the configuration says; nil: it says nothing
	Mode     scaler.Mode                                   // the global one; empty: each scaler's own
	Brakes   brakes.Settings                               // limits above single scalers, and freezes
}

// Options are fixed for an engine's life.
type Options struct {
	Interval       time.Duration // between polls of a cluster that has no interval of its own, 10 s when zero
	SampleInterval time.Duration // between samples of group states of such a cluster, 1 s when zero; negative: none
	Clock          seen.Clock    // of decisions; the zero value is the real one, with a poll each Interval
	Log            *slog.Logger  // nil: discarded

	Targets  Targets     // nil: nothing is scaled
	Memories Memories    // nil: what is learned ends with the process
	Leading  func() bool // nil: always
	Record   Record      // nil: not recorded

	// Audit is told what is done, and what changes of what is in force; nil: nobody keeps it. It must not block.
	Audit func(Deed)

	// RecordFact is told what the audit trail knows besides the decisions, in the order of Record; nil: not recorded. It must not block.
	RecordFact func(Fact)

	// Asked says when another autoscaler last asked for the number of a scaler; nil: nobody may ask.
	Asked func(scaler string) (at time.Time, ok bool)

	// Shards says which groups are this process's own; nil: all.
	Shards Shards

	Publish func(*Report) // nil: none; Run calls it after each Report, so it must not block

	Uptime func() (up time.Duration, ok bool) // of the machine, with the time in which it was suspended; nil: not known
}

// Record is told what a scaler saw at a poll, the decision that then stood, and what it has learned.
// Run calls it, so it must not block.
type Record func(name string, in scaler.Input, result scaler.Result)

// Engine runs the loop. Latest may be called from anywhere; everything else belongs to the goroutine of Run, or of Tick.
type Engine struct {
	opts     Options
	log      *slog.Logger
	latest   atomic.Pointer[Report]
	readings chan reading
	settings chan Settings
	panics   *panics

	current  Settings
	rules    atomic.Pointer[rules] // what current and scaling.declared say of groups, for the goroutines that take polls in
	clusters map[string]*cluster
	scaling  scaling
	awake    awake
	shown    map[*ClusterReport]*ClusterReport // what the last Report has of them, where it is a part
	shownBy  *shard.View
}

// reading is what an I/O goroutine read: a sample or an observation, or what it made of an observation.
type reading struct {
	source  Source // tells the readings of a replaced source from those of its successor
	cluster string
	sample  *lag.Sample
	obs     *lag.Observation
	took    time.Duration

	back  chan *taking // with obs: gets what is to be made of it, or is closed; nil: Run does it itself
	taken *taking      // what was made of it
}

// New makes an engine; nothing runs until Run or Tick.
func New(s Settings, o Options) *Engine {
	if o.Interval <= 0 {
		o.Interval = 10 * time.Second
	}
	if o.SampleInterval == 0 {
		o.SampleInterval = time.Second
	}
	if o.Clock.Poll <= 0 {
		o.Clock.Poll = o.Interval
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	e := &Engine{
		opts: o, log: o.Log,
		readings: make(chan reading),
		settings: make(chan Settings),
		panics:   newPanics(o.Log),
		clusters: map[string]*cluster{},
	}
	e.scaling = newScaling(e.opts, e, e.panics)
	e.configure(s)
	return e
}

// Latest is the last Report, nil before the first poll ended.
func (e *Engine) Latest() *Report { return e.latest.Load() }

// Interval is the time between two polls of a cluster that has no interval of its own.
func (e *Engine) Interval() time.Duration { return e.opts.Interval }

// Reconfigure gives new settings to a running engine. A cluster whose Source stays the same keeps its history.
func (e *Engine) Reconfigure(ctx context.Context, s Settings) error {
	select {
	case e.settings <- s:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (e *Engine) configure(s Settings) {
	if s.SLO == nil {
		s.SLO = func(string, string) lag.SLO { return lag.DefaultSLO }
	}
	if s.Labels == nil {
		s.Labels = func(string, string) map[string]string { return nil }
	}
	e.current, e.scaling.mode, e.scaling.braking.settings = s, s.Mode, s.Brakes
	e.rule()
	kept := map[string]*cluster{}
	for _, c := range s.Clusters {
		if old, ok := e.clusters[c.Name]; ok && old.Source == c.Source {
			old.Cluster = c
			kept[c.Name] = old
			continue
		}
		kept[c.Name] = newCluster(c, e.slo, e.labels)
	}
	e.clusters = kept
}

// rules are what holds for groups. They are not changed, but replaced.
type rules struct {
	slo    func(cluster, group string) lag.SLO // as the configuration says
	labels func(cluster, group string) map[string]string

	slos  map[groupName]lag.SLO // as scalers say
	owned map[groupName]map[string]string
}

// rule puts the present settings and declarations into force for groups.
func (e *Engine) rule() {
	e.rules.Store(&rules{slo: e.current.SLO, labels: e.current.Labels, slos: e.scaling.declared.slos, owned: e.scaling.declared.labels})
}

// slo is the thresholds in force: those of a scaler of the group, completed by those of the configuration. It reads the present
// settings, so that a cluster keeps its history when they change. Every goroutine may call it.
func (e *Engine) slo(cluster, group string) lag.SLO {
	r := e.rules.Load()
	slo := r.slo(cluster, group)
	if own, ok := r.slos[groupName{cluster, group}]; ok {
		return own.Or(slo)
	}
	return slo
}

// Tick polls every cluster once, each under its own deadline, and does everything that follows from it: the whole cycle of
// the program, without timers.
func (e *Engine) Tick(ctx context.Context, now time.Time) {
	e.takeShare(ctx, now)
	e.declare(now)
	observations := make([]lag.Observation, len(e.current.Clusters))
	var wg sync.WaitGroup
	for i, c := range e.current.Clusters {
		wg.Go(func() { observations[i] = e.observe(ctx, c) })
	}
	wg.Wait()
	e.declare(now)
	e.scaling.load(ctx, now)
	for i, c := range e.current.Clusters {
		t := e.take(c.Name, observations[i])
		observations[i] = lag.Observation{} // see taking.compute
		t.run()
		e.took(t)
	}
	e.scaling.decide(ctx, now, 0, func(string) bool { return true })
	e.publish(now)
}

// declare takes in what is declared now, and tells the sources which topics and groups that names.
func (e *Engine) declare(now time.Time) {
	e.scaling.read(now)
	e.rule()
	for _, c := range e.current.Clusters {
		if r, ok := c.Source.(TopicReader); ok {
			r.ReadTopics(e.scaling.declared.topicNames(c.Name))
		}
		if r, ok := c.Source.(GroupReader); ok {
			names := e.scaling.declared.groupNames(c.Name, e.current.SLO, e.scaling.recordTimes(c.Name), now)
			names.Reads = e.scaling.declared.reads(c.Name)
			r.ReadGroups(names)
		}
	}
}

// observe polls under a deadline shorter than the interval, so that polls never queue up.
func (e *Engine) observe(ctx context.Context, c Cluster) (o lag.Observation) {
	ctx, cancel := context.WithTimeout(ctx, e.polls(&c)*9/10)
	defer cancel()
	began := time.Now()
	if err := e.panics.catch(PartRead, c.Name, func() { o = c.Source.Observe(ctx) }); err != nil {
		return failed(c.Name, began, time.Now(), err)
	}
	return o
}

// publish makes the Report that readers see from now on.
func (e *Engine) publish(now time.Time) {
	r := &Report{At: now, Leader: e.scaling.leading(), Mode: e.current.Mode, Scalers: e.scaling.published(), Panics: e.panics.published(), Brakes: e.scaling.braking.uses}
	for i := range r.Scalers {
		r.Scalers[i].Owners = e.scalerLabels(r.Scalers[i].Scaler)
	}
	if v := e.scaling.view; v != nil {
		r.Shard = v.Shard
	}
	shown := map[*ClusterReport]*ClusterReport{}
	for _, c := range e.clusters {
		r.Clusters = append(r.Clusters, e.own(c.report, shown))
		p := c.polled()
		p.Interval = e.polls(&c.Cluster)
		if every, ok := e.samples(&c.Cluster); ok {
			p.SampleInterval = every
		}
		r.Polls = append(r.Polls, p)
	}
	e.shown, e.shownBy = shown, e.scaling.view
	slices.SortFunc(r.Clusters, func(a, b *ClusterReport) int { return strings.Compare(a.Name, b.Name) })
	slices.SortFunc(r.Polls, func(a, b PollStats) int { return strings.Compare(a.Cluster, b.Cluster) })
	e.latest.Store(r)
	if e.opts.Publish != nil {
		e.opts.Publish(r)
	}
}

func (e *Engine) logRebalances(events []rebalancemon.Event) {
	for _, ev := range events {
		e.log.Debug("rebalance", "kafka_cluster", ev.Cluster, "group", ev.Group, "outcome", ev.Outcome, "cause", ev.Cause,
			"duration", ev.Duration(ev.End), "count", ev.Count)
	}
}
