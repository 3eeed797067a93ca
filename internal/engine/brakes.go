package engine

import (
	"errors"
	"time"

	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/brakes"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

// braking is the limits above single scalers. Package scaler/brakes shares them out.
//
// The decisions of a poll are made in turns (see [turns]). Those that ask for another size are not concluded at once: when all are
// made, the limits are shared out among them, and each that gets less is made again, with its brake as a limit like every other. So
// a recording has the brake, and what is remembered of a decision is what was written.
type braking struct {
	settings brakes.Settings
	ledger   *brakes.Ledger
	uses     []brakes.Use            // as of the last poll
	parts    map[string]brakes.Parts // what this shard may use of the limits; nil: not known yet
}

// asking is a decision that asks for another size, before it is concluded.
type asking struct {
	in     scaler.Input
	one    scaler.Scaler
	result scaler.Result
}

// takes reports whether a decision takes something of the limits: it will be written, or given to another autoscaler, which writes
// it. What is only advised takes nothing.
func (s *scaling) takes(a *asking) bool {
	_, asks := a.result.Change()
	disposition := s.disposition(a.one, a.result.Decision)
	return asks && (disposition == scaler.Applied || disposition == scaler.Answered)
}

// concludeAll shares the limits out among the decisions that ask for another size, concludes them, and returns what is to be
// written. If the sharing fails, nothing is.
func (s *scaling) concludeAll(all []*asking, reports map[string]ScalerReport, now time.Time) (writes []write) {
	var cut map[string]scaler.Brake
	unshared := s.panics.catch(PartDecide, "brakes", func() { cut = s.share(all, now) })
	for _, a := range all {
		err := unshared
		if err == nil {
			err = s.panics.catch(PartDecide, a.one.Name, func() {
				if w, ok := s.concludeOne(a, cut, reports, now); ok {
					writes = append(writes, w)
				}
			})
		}
		if err != nil {
			reports[a.one.Name] = s.failed(a.one, err)
		}
	}
	return writes
}

// share shares the limits out: a brake for every decision that gets less than it asks for.
func (s *scaling) share(all []*asking, now time.Time) map[string]scaler.Brake {
	round := s.round(now)
	for _, a := range all {
		if s.takes(a) {
			round.Asks = append(round.Asks, brakes.Ask{Name: a.one.Name, Asks: a.result.Decision.Asks(), Pending: a.one.Workload.Unschedulable})
		}
	}
	return s.braking.ledger.Share(round)
}

// concludeOne concludes a decision, which is made again if it got less than it asked for.
func (s *scaling) concludeOne(a *asking, cut map[string]scaler.Brake, reports map[string]ScalerReport, now time.Time) (w write, ok bool) {
	if b, less := cut[a.one.Name]; less {
		a.in.Brakes = []scaler.Brake{b}
		a.result = scaler.Evaluate(a.in)
	}
	report, change, asks := s.conclude(a, now)
	report.Measured = s.measure(a.one, report.Decision)
	reports[a.one.Name] = report
	switch step := (seen.Write{At: now, From: change.From, To: change.To}); {
	case !asks || !s.takes(a):
	case report.Disposition == scaler.Answered:
		s.braking.ledger.Give(a.one.Name, step)
	default:
		s.braking.ledger.Book(a.one.Name, step)
	}
	return write{a.one.Name, change}, asks && report.Disposition == scaler.Applied
}

// round is a round without asks.
func (s *scaling) round(now time.Time) brakes.Round {
	r := brakes.Round{Now: now, Limits: s.braking.settings.Limits, Parts: s.parts()}
	for i := range s.declared.scalers {
		one := &s.declared.scalers[i]
		if !s.owns(one) {
			continue
		}
		m := brakes.Member{
			Name: one.Name, Labels: one.Labels, Replicas: one.Workload.Spec, Known: one.Workload.Sized(),
			Acts: one.TakesEffect(),
		}
		if one.Size != nil {
			m.Replicas, m.Known = *one.Size, true
		}
		r.Members = append(r.Members, m)
	}
	return r
}

// booked notes how a write ended. The answer of one that failed may be missing: then it counts as written.
func (s *scaling) booked(name string, err error) {
	switch {
	case err == nil:
		s.braking.ledger.Confirm(name)
	case errors.Is(err, scaler.ErrConflict), errors.Is(err, scaler.ErrRefused):
		s.braking.ledger.Refund(name)
	}
}

// observeWrites takes in the writes of others like us: a replica that does not lead follows those of the leader, so that it goes on
// with the same minute when it leads.
func (s *scaling) observeWrites(now time.Time) {
	s.braking.ledger.Trim(now)
	for i := range s.declared.scalers {
		one := &s.declared.scalers[i]
		if !s.owns(one) {
			continue
		}
		s.braking.ledger.Observe(one.Name, one.Workload.LastWrite, now)
	}
}

// freeze gives every scaler the freeze that is in force: that of its annotations, or of the configuration.
func (s *scaling) freeze(now time.Time) {
	open := s.braking.settings.At(now)
	for i := range s.declared.scalers {
		one := &s.declared.scalers[i]
		one.Workload.Freeze = open.Of(one.Name, one.Labels, one.Workload.Freeze)
	}
}
