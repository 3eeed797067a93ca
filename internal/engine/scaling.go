package engine

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/rebalancemon"
	"github.com/lagscaler/lagscaler/scaler"
)

// Targets are what is scaled: workloads of Kubernetes, or the demo's fleet.
type Targets interface {
	// Scalers are the declared scalers and what the platform says of their targets now. It reads caches and does no I/O.
	Scalers(now time.Time) []scaler.Scaler
	// Apply writes a change. It returns an error that wraps [scaler.ErrConflict] when the target's size is no longer
	// Change.From, or somebody else owns it.
	Apply(ctx context.Context, c scaler.Change) error
}

// ScalerReport is one scaler's last decision, what became of it, and what happened before.
type ScalerReport struct {
	scaler.Outcome
	Week   scaler.Week // what was, and what was decided, for a comparison
	Counts ScalerCounts
}

// ScalerCounts are counters since start, by reason and direction.
type ScalerCounts struct {
	Decisions []ReasonCount // sorted by reason
	Ups       uint64
	Downs     uint64
	Errors    uint64
}

// ReasonCount says how often a reason was the verdict.
type ReasonCount struct {
	Reason scaler.Reason
	Count  uint64
}

const applyTimeout = 5 * time.Second // for all writes of one poll together

// scaling is the owner's state of all scalers.
type scaling struct {
	memories map[string]scaler.Memory
	reports  map[string]ScalerReport
	counts   map[string]*counts

	loaded    bool // what the last leader saved; until then nothing is saved over it
	loadAgain time.Time
	saved     time.Time
}

type counts struct {
	decisions          map[scaler.Reason]uint64
	ups, downs, errors uint64
}

func newScaling() scaling {
	return scaling{memories: map[string]scaler.Memory{}, reports: map[string]ScalerReport{}, counts: map[string]*counts{}}
}

// scalers are the declared ones, sorted by name, each in the mode that is in force: the kill switch holds whatever the
// platform knows of it.
func (e *Engine) scalers(now time.Time) []scaler.Scaler {
	if e.opts.Targets == nil {
		return nil
	}
	all := e.opts.Targets.Scalers(now)
	for i := range all {
		all[i].Mode = scaler.Weaker(e.current.Mode, all[i].Mode)
	}
	slices.SortFunc(all, func(a, b scaler.Scaler) int { return strings.Compare(a.Name, b.Name) })
	return all
}

// decide evaluates the scalers whose first source lives in one of the polled clusters, and applies what changed.
// One target's failure never stops the others.
func (e *Engine) decide(ctx context.Context, now time.Time, all []scaler.Scaler, polled func(cluster string) bool) {
	e.lead(ctx, now)
	reports := map[string]ScalerReport{}
	var changed []string
	for _, s := range all {
		last, known := e.scaling.reports[s.Name]
		switch {
		case s.Refused() || s.Mode == scaler.Observe:
			last = ScalerReport{Outcome: scaler.Outcome{Scaler: s}}
		case !known || len(s.Sources) > 0 && polled(s.Sources[0].Cluster):
			last = e.evaluate(s, now)
			if _, ok := last.Decision.Change(now); ok && last.Disposition == scaler.Applied {
				changed = append(changed, s.Name)
			}
		default:
			last.Scaler = s
		}
		reports[s.Name] = last
	}
	e.apply(ctx, now, reports, changed)
	e.forgetScalers(reports)
	e.scaling.reports = reports
	e.saveMemories(ctx, now, false)
}

// evaluate asks the pure scaler for a decision and remembers what it learned.
func (e *Engine) evaluate(s scaler.Scaler, now time.Time) ScalerReport {
	in := scaler.Input{
		Now: now, Clock: e.opts.Clock, Workload: s.Workload, Policy: s.Policy, Memory: e.scaling.memories[s.Name],
	}
	in.Policy.Mode = s.Mode // in force: under the kill switch nobody fights us
	for _, spec := range s.Sources {
		in.Sources = append(in.Sources, e.source(spec))
	}
	d, memory := scaler.Evaluate(in)
	if e.opts.Record != nil {
		e.opts.Record(s.Name, in, d, memory)
	}
	e.scaling.memories[s.Name] = memory
	r := ScalerReport{
		Outcome: scaler.Outcome{Scaler: s, Decision: d, Line: d.Line(), Disposition: e.disposition(s, d)}, Week: memory.Week,
	}
	if d.At.Equal(now) {
		e.count(s.Name).decisions[d.Verdict]++
	} else if last, ok := e.scaling.reports[s.Name]; ok {
		r.Disposition, r.Failure = last.Disposition, last.Failure // of the decision that stands
	}
	return r
}

// source joins what a scaler says of a group with what the last poll says of it.
func (e *Engine) source(spec scaler.SourceSpec) scaler.Source {
	src := scaler.Source{SourceSpec: spec}
	c, ok := e.clusters[spec.Cluster]
	if !ok {
		return src
	}
	if g, ok := c.report.Snapshot.Group(spec.Group); ok {
		src.Lag = g
	}
	if stats, ok := c.monitor.Stats(spec.Group); ok {
		src.Rebalance = scaler.RebalanceOf(stats)
	}
	for _, err := range c.report.Snapshot.Errors {
		if err.Broker >= 0 && !slices.Contains(src.Silent, err.Broker) {
			src.Silent = append(src.Silent, err.Broker)
		}
	}
	slices.Sort(src.Silent)
	return src
}

// disposition is what may become of a decision; whether a write works is not known yet. A decision to hold that nothing
// stands against has none.
func (e *Engine) disposition(s scaler.Scaler, d scaler.Decision) scaler.Disposition {
	switch {
	case !e.leading():
		return scaler.Follower
	case s.Mode != scaler.Act:
		return scaler.Advised
	case s.Workload.Paused:
		return scaler.Paused
	case s.Workload.Owner.Owns():
		return scaler.Conflict
	case d.Desired == d.Current:
		return ""
	}
	return scaler.Applied
}

// apply writes the changes, all at once and under one deadline.
func (e *Engine) apply(ctx context.Context, now time.Time, reports map[string]ScalerReport, names []string) {
	if len(names) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, applyTimeout)
	defer cancel()
	failures := make([]error, len(names))
	var wg sync.WaitGroup
	for i, name := range names {
		change, _ := reports[name].Decision.Change(now)
		wg.Go(func() { failures[i] = e.opts.Targets.Apply(ctx, change) })
	}
	wg.Wait()
	for i, name := range names {
		reports[name] = e.applied(reports[name], failures[i])
	}
}

// applied is a report after its write: one log line for each.
func (e *Engine) applied(r ScalerReport, err error) ScalerReport {
	n := e.count(r.Name)
	attrs := []any{
		"scaler", r.Name, "target", r.Decision.Target.String(), "from", r.Decision.Current, "to", r.Decision.Desired,
		"reason", r.Decision.Reason(), "why", r.Line,
	}
	switch {
	case err == nil && r.Decision.Desired > r.Decision.Current:
		n.ups++
	case err == nil:
		n.downs++
	case errors.Is(err, scaler.ErrConflict):
		r.Disposition = scaler.Conflict
	default:
		r.Disposition = scaler.Failed
	}
	if err != nil {
		n.errors++
		r.Failure = err.Error()
		e.log.Warn("scaling failed", append(attrs, "err", err)...)
		return r
	}
	e.log.Info("scaled", attrs...)
	return r
}

func (e *Engine) count(name string) *counts {
	c, ok := e.scaling.counts[name]
	if !ok {
		c = &counts{decisions: map[scaler.Reason]uint64{}}
		e.scaling.counts[name] = c
	}
	return c
}

func (e *Engine) leading() bool { return e.opts.Leading == nil || e.opts.Leading() }

// scalerReports are what is published, sorted by name.
func (e *Engine) scalerReports() []ScalerReport {
	out := make([]ScalerReport, 0, len(e.scaling.reports))
	for name, r := range e.scaling.reports {
		n := e.count(name)
		r.Counts = ScalerCounts{Ups: n.ups, Downs: n.downs, Errors: n.errors}
		for reason, count := range n.decisions {
			r.Counts.Decisions = append(r.Counts.Decisions, ReasonCount{Reason: reason, Count: count})
		}
		slices.SortFunc(r.Counts.Decisions, func(a, b ReasonCount) int { return strings.Compare(string(a.Reason), string(b.Reason)) })
		out = append(out, r)
	}
	slices.SortFunc(out, func(a, b ScalerReport) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// accepted are the scalers that are not refused. A refused one affects nothing but its own status: its namespace may not
// even be allowed to name the group.
func accepted(all []scaler.Scaler) []scaler.Scaler {
	return slices.DeleteFunc(slices.Clone(all), func(s scaler.Scaler) bool { return s.Refused() })
}

// hintsFor are the hints of the scalers' targets, by the groups of one cluster.
func hintsFor(cluster string, all []scaler.Scaler) []rebalancemon.Hint {
	var hints []rebalancemon.Hint
	for _, s := range accepted(all) {
		for _, src := range s.Sources {
			if src.Cluster != cluster {
				continue
			}
			for _, h := range s.Hints {
				h.Group = src.Group
				hints = append(hints, h)
			}
		}
	}
	return hints
}

// keepFor are the groups of one cluster that never vanish from its snapshots: the scaled ones.
func keepFor(cluster string, all []scaler.Scaler) []string {
	var groups []string
	for _, s := range accepted(all) {
		for _, src := range s.Sources {
			if src.Cluster == cluster {
				groups = append(groups, src.Group)
			}
		}
	}
	slices.Sort(groups)
	return slices.Compact(groups)
}

// declaredSLO is the thresholds that a scaler sets for its groups, if any does.
func declaredSLO(cluster, group string, all []scaler.Scaler) (lag.SLO, bool) {
	for _, s := range accepted(all) {
		for _, src := range s.Sources {
			if src.Cluster == cluster && src.Group == group {
				slo := s.Policy.SLO
				slo.Declared = true
				return slo, true
			}
		}
	}
	return lag.SLO{}, false
}
