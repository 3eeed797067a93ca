package engine

import (
	"cmp"
	"context"
	"log/slog"
	"maps"
	"slices"
	"time"

	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/lag/shard"
	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/asleep"
	"github.com/lagscaler/lagscaler/scaler/bill"
	"github.com/lagscaler/lagscaler/scaler/brakes"
	"github.com/lagscaler/lagscaler/scaler/breaker"
	"github.com/lagscaler/lagscaler/scaler/learn"
	"github.com/lagscaler/lagscaler/scaler/seen"
	"github.com/lagscaler/lagscaler/scaler/timeline"
)

// Targets are what is scaled: workloads of Kubernetes, or the demo's fleet.
type Targets interface {
	// Scalers are the declared scalers and their targets as the platform shows them now. It reads caches and does no I/O.
	Scalers(now time.Time) []scaler.Scaler
	// Apply writes a change. It returns an error that wraps [scaler.ErrConflict] when the target's size is no longer
	// Change.From, or somebody else owns it.
	Apply(ctx context.Context, c scaler.Change) error
}

// ScalerReport is one scaler's last decision, what became of it, and what happened before.
type ScalerReport struct {
	scaler.Outcome
	Week      learn.Week        // what was, and what was decided, for a comparison
	Bill      bill.Account      // replica hours and late records of the last week
	Timeline  timeline.Timeline // decisions and rebalances of the last week
	HistoryAt time.Time         // Week, Bill and Timeline are the leader's, as this replica read them then; zero: its own
	Counts    ScalerCounts
	Speeds    []learn.Speeds // of the consumers of each source, in the order of Sources
}

const (
	applyTimeout   = 5 * time.Second // for all writes of one poll together
	parallelWrites = 64
)

// lastPolls answers from the last poll of each cluster.
type lastPolls interface {
	source(spec seen.SourceSpec, remembered func(topic string) bool) seen.Source // for a decision
	measured(spec seen.SourceSpec) lag.Measurement                               // for readers
	interval(cluster string) (own time.Duration, known bool)                     // of the polls of a cluster; 0: that of the clock
}

// scaling decides for all scalers and applies the decisions. Like all state of the engine it belongs to the goroutine of Run.
type scaling struct {
	targets Targets // nil: nothing is scaled
	leading func() bool
	asked   func(scaler string) (at time.Time, ok bool) // nil: nobody may ask
	record  Record
	clock   seen.Clock
	log     *slog.Logger
	polls   lastPolls
	panics  *panics
	shards  Shards // nil: this process decides everything

	view     *shard.View // what is this process's own; nil: everything
	mode     scaler.Mode // the global one
	declared declared    // as of the last reading
	memory   memory
	saved    saved
	left     leftBefore
	reports  map[string]ScalerReport // by name, without Counts
	counts   map[string]*counts

	clusterIDs clusterIDs
	turns      turns
	braking    braking
	audit      *Trail
	fleet      breaker.Stop // of all scalers
}

func newScaling(o Options, polls lastPolls, p *panics) scaling {
	leading := o.Leading
	if leading == nil {
		leading = func() bool { return true }
	}
	return scaling{
		targets: o.Targets, leading: leading, asked: o.Asked, record: o.Record, clock: o.Clock, log: o.Log, polls: polls, panics: p,
		shards: o.Shards, memory: memory{store: o.Memories, log: o.Log, learned: map[string]scaler.Memory{}},
		left: leftBefore{}, clusterIDs: clusterIDs{},
		reports: map[string]ScalerReport{}, counts: map[string]*counts{}, turns: newTurns(), braking: braking{ledger: brakes.NewLedger(o.Clock)}, audit: NewTrail(o.Audit, o.RecordFact),
	}
}

// read takes in what is declared now.
func (s *scaling) read(now time.Time) {
	if s.targets == nil {
		s.declared.view = s.view // a shard reads its own groups also where nothing is scaled
		return
	}
	s.declared = declare(s.targets.Scalers(now), s.mode, s.view)
	s.declared.remember(s.asleep)
	s.freeze(now)
	s.observeWrites(now)
}

// asleep is what is remembered of a scaler's target at zero.
func (s *scaling) asleep(one *scaler.Scaler) asleep.State {
	if own := s.memory.learned[one.Name].Asleep; one.Asleep == nil || !own.Zero() {
		return own
	}
	return *one.Asleep
}

// decide evaluates the scalers that are due at the polls of these clusters, see [scaling.paced], and applies what changed.
// One target's failure never stops the others. The decisions take no longer than their share, see [turns].
func (s *scaling) decide(ctx context.Context, now time.Time, share time.Duration, polled func(cluster string) bool) {
	reports := map[string]ScalerReport{}
	s.auditInForce(now)
	for i := range s.declared.scalers {
		one := &s.declared.scalers[i]
		one.Workload.Followed = s.followed(one, now)
	}
	var waiting []*asking
	began := time.Now()
	for _, i := range s.turns.order(s.declared.scalers, share) {
		one := s.declared.scalers[i]
		due := s.evaluates(&one, polled) && !s.turns.late(one.Name, time.Since(began))
		var report ScalerReport
		var asks *asking
		if err := s.panics.catch(PartDecide, one.Name, func() { report, asks = s.decideOne(one, due, now, polled) }); err != nil {
			report, asks = s.failed(one, err), nil
		}
		if asks != nil {
			waiting = append(waiting, asks)
		}
		reports[one.Name] = report
	}
	s.turns.tell(s.log)
	s.tellNeeds(now)
	s.apply(ctx, reports, s.concludeAll(waiting, reports, now))
	s.braking.uses = s.braking.ledger.Uses(s.round(now))
	s.forget(now, reports)
	s.reports = reports
	s.watchFleet(now)
	s.save(ctx, now, false)
}

// evaluates reports whether a scaler is decided at this poll.
func (s *scaling) evaluates(one *scaler.Scaler, polled func(cluster string) bool) bool {
	if one.Refused() || one.Mode == scaler.Observe {
		return false
	}
	_, known := s.reports[one.Name]
	cluster, _ := s.paced(one)
	return !known || s.turns.waits(one.Name) || cluster != "" && polled(cluster)
}

// paced is the cluster at whose polls a scaler is decided: that of its source with the shortest interval, the first one of equals.
// Empty: it has no source in a cluster that is read. A source of another cluster is as old as its own interval allows.
func (s *scaling) paced(one *scaler.Scaler) (cluster string, clock seen.Clock) {
	clock = s.clock
	for i := range one.Sources {
		own, known := s.polls.interval(one.Sources[i].Cluster)
		if own = cmp.Or(own, s.clock.Poll); known && (cluster == "" || own < clock.Poll) {
			cluster, clock.Poll = one.Sources[i].Cluster, own
		}
	}
	return cluster, clock
}

// decideOne is one scaler's part of decide: a decision if it is due, else the last one. asks is nil when there is nothing to write.
func (s *scaling) decideOne(one scaler.Scaler, due bool, now time.Time, polled func(cluster string) bool) (last ScalerReport, asks *asking) {
	last = s.reports[one.Name]
	switch {
	case one.Refused() || one.Mode == scaler.Observe:
		s.turns.forget(one.Name)
		last = ScalerReport{Outcome: scaler.Outcome{Scaler: one}}
	case due:
		in := s.input(&one, now)
		decided := &asking{in: in, one: one, result: scaler.Evaluate(in)}
		if _, changes := decided.result.Change(); changes {
			last.Scaler = one
			return last, decided // it is concluded when all are decided
		}
		last, _, _ = s.conclude(decided, now)
	default:
		last.Scaler = one
	}
	if !last.Decision.At.IsZero() && slices.ContainsFunc(one.Sources, func(src seen.SourceSpec) bool { return polled(src.Cluster) }) {
		last.Measured = s.measure(one, last.Decision)
	}
	return last, nil
}

// failed is the report of a scaler whose decision panicked: its last decision, and why there is no new one.
func (s *scaling) failed(one scaler.Scaler, err error) ScalerReport {
	report := s.reports[one.Name]
	report.Scaler, report.Disposition, report.Failure = one, scaler.Failed, err.Error()
	return report
}

// measure is what readers see of a scaler's sources. Rates of a part of a group are the decision's: nobody else counts them.
func (s *scaling) measure(one scaler.Scaler, d scaler.Decision) []lag.Measurement {
	out := make([]lag.Measurement, len(one.Sources))
	for i, spec := range one.Sources {
		m := s.polls.measured(spec)
		if m.Part && i < len(d.Needs) {
			n := &d.Needs[i]
			m.Produced, m.Consumed = lag.Rate{PerSecond: n.Rate, Known: n.RateKnown}, lag.Rate{PerSecond: n.Consumed, Known: n.RateKnown}
		}
		out[i] = m
	}
	return out
}

// load loads what was learned when it is time, before a poll is taken in: the poll may depend on it.
func (s *scaling) load(ctx context.Context, now time.Time) {
	if loaded, ok := s.memory.load(ctx, now, s.learns()); ok {
		s.left.remember(loaded)
		s.clusterIDs.remember(loaded)
		s.rememberFleet()
	}
	s.follow(ctx, now)
}

// learns reports whether this process keeps what is learned. In observe nothing is learned, and there is no right to
// what is saved.
func (s *scaling) learns() bool { return s.leading() && s.mode != scaler.Observe }

// save saves what was learned when it is time, and at the end.
func (s *scaling) save(ctx context.Context, now time.Time, atExit bool) {
	if s.learns() {
		s.memory.save(ctx, now, atExit)
	}
}

// forget drops what was remembered of scalers that were declared until now. One that was not seen yet keeps what was
// loaded of it: declarations may be read later than memories.
func (s *scaling) forget(now time.Time, declared map[string]ScalerReport) {
	for name := range s.reports {
		if _, ok := declared[name]; !ok {
			delete(s.memory.learned, name)
			delete(s.counts, name)
			s.turns.forget(name)
			s.braking.ledger.Forget(name)
			s.audit.gone(now, name)
		}
	}
}

func (s *scaling) count(name string) *counts {
	c, ok := s.counts[name]
	if !ok {
		c = &counts{decisions: map[scaler.Reason]uint64{}}
		s.counts[name] = c
	}
	return c
}

// published are the reports as readers see them, sorted by name.
func (s *scaling) published() []ScalerReport {
	out := make([]ScalerReport, 0, len(s.reports))
	for _, name := range slices.Sorted(maps.Keys(s.reports)) {
		r := s.reports[name]
		if !s.owns(&r.Scaler) {
			continue
		}
		r.Counts = s.count(name).published()
		s.saved.tell(&r)
		out = append(out, r)
	}
	return out
}
