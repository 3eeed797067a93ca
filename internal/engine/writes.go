package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/lagscaler/lagscaler/scaler"
)

// write is a change that a scaler asks for.
type write struct {
	scaler string
	change scaler.Change
}

// disposition is what may become of a decision; whether a write works is not known yet. A decision to hold that nothing
// stands against has none.
func (s *scaling) disposition(one scaler.Scaler, d scaler.Decision) scaler.Disposition {
	switch {
	case !s.leads(&one):
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
