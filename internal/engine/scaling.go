package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/asleep"
	"github.com/lagscaler/lagscaler/scaler/bill"
	"github.com/lagscaler/lagscaler/scaler/brakes"
	"github.com/lagscaler/lagscaler/scaler/breaker"
	"github.com/lagscaler/lagscaler/scaler/learn"
	"github.com/lagscaler/lagscaler/scaler/say"
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
	Week     learn.Week        // what was, and what was decided, for a comparison
	Bill     bill.Account      // replica hours and late records of the last week
	Timeline timeline.Timeline // decisions and rebalances of the last week
	Counts   ScalerCounts
	Speeds   []learn.Speeds // of the consumers of each source, in the order of Sources
}

const (
	applyTimeout   = 5 * time.Second // for all writes of one poll together
	parallelWrites = 64
)

// lastPolls answers from the last poll of each cluster.
type lastPolls interface {
	source(spec seen.SourceSpec, remembered func(topic string) bool) seen.Source // for a decision
	measured(spec seen.SourceSpec) lag.Measurement                               // for readers
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

	mode     scaler.Mode // the global one
	declared declared    // as of the last reading
	memory   memory
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
		memory: memory{store: o.Memories, log: o.Log, learned: map[string]scaler.Memory{}},
		left:   leftBefore{}, clusterIDs: clusterIDs{},
		reports: map[string]ScalerReport{}, counts: map[string]*counts{}, turns: newTurns(), braking: braking{ledger: brakes.NewLedger(o.Clock)}, audit: NewTrail(o.Audit, o.RecordFact),
	}
}

// read takes in what is declared now.
func (s *scaling) read(now time.Time) {
	if s.targets != nil {
		s.declared = declare(s.targets.Scalers(now), s.mode)
		s.declared.remember(s.asleep)
		s.freeze(now)
		s.observeWrites(now)
	}
}

// asleep is what is remembered of a scaler's target at zero.
func (s *scaling) asleep(one *scaler.Scaler) asleep.State {
	if own := s.memory.learned[one.Name].Asleep; one.Asleep == nil || !own.Zero() {
		return own
	}
	return *one.Asleep
}

// decide evaluates the scalers whose first source lives in one of the polled clusters, and applies what changed.
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
	return !known || s.turns.waits(one.Name) || len(one.Sources) > 0 && polled(one.Sources[0].Cluster)
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
	if s.memory.load(ctx, now, s.learns()) {
		s.left.remember(s.memory.learned)
		s.clusterIDs.remember(s.memory.learned)
		s.rememberFleet()
	}
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

// write is a change that a scaler asks for.
type write struct {
	scaler string
	change scaler.Change
}

// input is everything that a decision may know.
func (s *scaling) input(one *scaler.Scaler, now time.Time) scaler.Input {
	in := scaler.Input{
		Now: now, Clock: s.clock, Workload: one.Workload, Policy: one.Policy, Memory: s.memory.learned[one.Name],
	}
	in.Policy.Mode = one.Mode // in force: under the kill switch nobody fights us
	if one.Workload.Followed {
		in.Policy.Mode = scaler.Act // its decisions come true, though another autoscaler writes them
	}
	in.Fleet = s.fleet
	in.Acts, in.Asleep = s.leading() && one.Mode == scaler.Act, one.Asleep
	for _, spec := range one.Sources {
		in.Sources = append(in.Sources, s.polls.source(spec, s.remembered(one, spec)))
	}
	return in
}

// conclude makes a decision the one that stands, and remembers what was learned; asks is false when it asks for no change.
func (s *scaling) conclude(a *asking, now time.Time) (r ScalerReport, change scaler.Change, asks bool) {
	one, in, result := a.one, a.in, a.result
	if s.record != nil {
		s.record(one.Name, in, result)
	}
	s.memory.learned[one.Name] = result.Memory
	s.tellStop(one.Name, &in.Memory.Breaker, &result.Memory.Breaker)
	d := result.Decision
	r = ScalerReport{
		Outcome: scaler.Outcome{
			Scaler: one, Decision: d, Line: s.line(one.Name, &result), Disposition: s.disposition(one, d), Asleep: result.Memory.Asleep, AsleepAt: now,
		},
		Week: result.Memory.Week, Bill: result.Memory.Bill, Timeline: result.Memory.Timeline,
	}
	s.promise(&r, &result.Memory)
	for i := range one.Sources {
		r.Speeds = append(r.Speeds, result.Memory.Speeds(&one.Sources[i]))
	}
	r.Given = result.Memory.Given
	if before := in.Memory.Given; r.Given != nil && (before == nil || before.Replicas != r.Given.Replicas) {
		s.memory.saveAlone(one.Name) // the next leader must not give less while it holds
		if s.leading() {
			s.auditDecision(DeedGiven, &r)
		}
	}
	if result.Memory.UnreadEnded(&in.Memory.Memory) {
		s.memory.saveAlone(one.Name)
	}
	if one.Asleep == nil && !in.Memory.Asleep.ByHand.Equal(result.Memory.Asleep.ByHand) {
		s.memory.saveSoon()
	}
	if result.Fresh {
		s.count(one.Name).decisions[d.Verdict]++
	} else if last, ok := s.reports[one.Name]; ok {
		r.Disposition, r.Failure = last.Disposition, last.Failure // of the decision that stands
	}
	change, asks = result.Change()
	change.Scaler = one.Name
	return r, change, asks
}

// How long after its last question another autoscaler counts as one that asks: KEDA asks each 15 s, at zero each pollingInterval.
const (
	followedFor   = 10 * time.Minute
	followedAlone = time.Minute // no ScaledObject or HPA is seen on the target
)

// followed reports whether another autoscaler asks for the number of a scaler. When a replica begins to lead, nobody has asked it yet: for
// a while the number that the last leader gave says it.
//
//	owner of the target                    asked, or given by the last leader     followed
//	a ScaledObject or an HPA               within 10 min                          yes
//	none: it is gone, or not seen yet      asked within a minute                  yes
//	a ScaledObject that is paused          at any time                            no
func (s *scaling) followed(one *scaler.Scaler, now time.Time) bool {
	within := func(at time.Time, documented time.Duration) bool {
		return now.Sub(at) < s.clock.Filled().Scale(documented)
	}
	owner := &one.Workload.Owner
	if s.asked != nil && !owner.Paused {
		if at, ok := s.asked(one.Name); ok && (within(at, followedAlone) || owner.Owns() && within(at, followedFor)) {
			return true
		}
	}
	last := s.memory.learned[one.Name].Given
	return last != nil && owner.Owns() && within(last.At, followedFor) && within(s.memory.loadedAt, followedFor)
}

// line is the line of a decision, which usually stands for several polls.
func (s *scaling) line(name string, r *scaler.Result) string {
	if last, ok := s.reports[name]; ok && !r.Fresh && last.Decision.At.Equal(r.Decision.At) {
		return last.Line
	}
	return say.Line(r.Decision)
}

// remembered are the topics of a source that are remembered; nil where the target is not, and may not go to, zero.
func (s *scaling) remembered(one *scaler.Scaler, spec seen.SourceSpec) func(topic string) bool {
	if one.Policy.MinReplicas > 0 && one.Workload.Spec > 0 {
		return nil
	}
	marks := s.asleep(one).Marks
	return func(topic string) bool {
		return slices.ContainsFunc(marks, func(m asleep.Mark) bool {
			return m.Cluster == spec.Cluster && m.Group == spec.Group && m.Topic == topic
		})
	}
}

// disposition is what may become of a decision; whether a write works is not known yet. A decision to hold that nothing
// stands against has none.
func (s *scaling) disposition(one scaler.Scaler, d scaler.Decision) scaler.Disposition {
	switch {
	case !s.leading():
		return scaler.Follower
	case one.Workload.Followed:
		return scaler.Answered
	case one.Mode != scaler.Act:
		return scaler.Advised
	case one.Workload.Paused:
		return scaler.Paused
	case one.Workload.Owner.Owns():
		return scaler.Conflict
	case d.Desired == d.Current:
		return ""
	}
	return scaler.Applied
}

// apply writes the changes under one deadline, many at once. The namespaces take turns: the API server, or our limit of requests to
// it, may be too slow for all of them.
func (s *scaling) apply(ctx context.Context, reports map[string]ScalerReport, writes []write) {
	if len(writes) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, applyTimeout)
	defer cancel()
	failures := make([]error, len(writes))
	var wg sync.WaitGroup
	slots := make(chan struct{}, parallelWrites)
	unsaved := s.saveIntents(ctx, reports, writes)
	for _, i := range inTurns(writes) {
		w := writes[i]
		if w.change.To == 0 && reports[w.scaler].Scaler.Asleep == nil && unsaved != nil {
			failures[i] = fmt.Errorf("saving the intent: %w", unsaved)
			continue
		}
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			if err := s.panics.catch(PartWrite, w.scaler, func() { failures[i] = s.targets.Apply(ctx, w.change) }); err != nil {
				failures[i] = err
			}
		})
	}
	wg.Wait()
	for i, w := range writes {
		reports[w.scaler] = s.applied(reports[w.scaler], failures[i])
	}
}

// saveIntents saves that 0 is about to be written, where the platform does not: of scalers of the configuration file.
func (s *scaling) saveIntents(ctx context.Context, reports map[string]ScalerReport, writes []write) error {
	if !slices.ContainsFunc(writes, func(w write) bool { return w.change.To == 0 && reports[w.scaler].Scaler.Asleep == nil }) {
		return nil
	}
	return s.memory.saveNow(ctx)
}

// applied is a report after its write: one log line for each.
func (s *scaling) applied(r ScalerReport, err error) ScalerReport {
	s.count(r.Name).applied(r.Decision, err)
	s.booked(r.Name, err)
	attrs := []any{
		"scaler", r.Name, "target", r.Decision.Target.String(), "from", r.Decision.Current, "to", r.Decision.Desired,
		"reason", r.Decision.Reason(), "why", r.Line,
	}
	if err == nil {
		s.log.Info("scaled", attrs...)
		s.auditDecision(DeedWrite, &r)
		return r
	}
	r.Disposition, r.Failure = scaler.Failed, err.Error()
	if errors.Is(err, scaler.ErrConflict) {
		r.Disposition = scaler.Conflict
	}
	s.log.Warn("scaling failed", append(attrs, "err", err)...)
	s.auditDecision(DeedWrite, &r)
	return r
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
		r.Counts = s.count(name).published()
		out = append(out, r)
	}
	return out
}
