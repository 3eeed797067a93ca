package engine

import (
	"time"

	"github.com/lagscaler/lagscaler/scaler/breaker"
	"github.com/lagscaler/lagscaler/scaler/learn"
)

// watchFleet stops all scalers from scaling down when so many have stopped themselves that the fault is probably not theirs. The stop
// is kept in the memory of each scaler, so that the next leader knows it, too. Only the leader counts: only it writes.
func (s *scaling) watchFleet(now time.Time) {
	if !s.learns() {
		return
	}
	var members []breaker.Member
	within := s.clock.Filled().Scale(learn.DownsWindow)
	for _, one := range s.reports {
		if m, ok := s.memory.learned[one.Name]; ok && one.TakesEffect() && s.owns(&one.Scaler) {
			down := len(m.Downs) > 0 && now.Sub(m.Downs[len(m.Downs)-1]) <= within
			members = append(members, breaker.Member{Namespace: one.Workload.Ref.Namespace, Stopped: m.Breaker.Stop.Since, WentDown: down})
		}
	}
	var others []breaker.Part
	if s.shards != nil && !s.view.All() {
		others = s.shards.Stops(breaker.PartOf(now, s.clock.Filled(), members))
	}
	before := s.fleet
	s.fleet = breaker.Fleet(before, now, s.clock.Filled(), members, others...)
	if !s.fleet.Since.After(before.Since) {
		return
	}
	s.log.Warn("several scalers have stopped scaling down because of their own steps: no scaler scales down for a while",
		"scalers", s.fleet.Steps, "until", s.fleet.Until)
	for name, m := range s.memory.learned {
		m.Breaker.Fleet = s.fleet
		s.memory.learned[name] = m
	}
	s.memory.saveSoon()
}

// rememberFleet takes over the stop of all scalers from the memories that the last leader saved.
func (s *scaling) rememberFleet() {
	for _, m := range s.memory.learned {
		if m.Breaker.Fleet.Since.After(s.fleet.Since) {
			s.fleet = m.Breaker.Fleet
		}
	}
}

// tellStop logs that a scaler has stopped scaling down, and has what led there saved with the next poll: the next leader must not
// begin to count anew. A step down that may yet make records late is a part of it.
func (s *scaling) tellStop(name string, before, now *breaker.State) {
	if begins := now.Step != nil && (before.Step == nil || !now.Step.At.Equal(before.Step.At)); begins || len(now.Late) != len(before.Late) || len(now.Undone) != len(before.Undone) || !now.Stop.Since.Equal(before.Stop.Since) {
		s.memory.saveAlone(name)
	}
	if now.Stop.Since.After(before.Stop.Since) {
		s.log.Warn("scaling down stopped", "scaler", name, "cause", now.Stop.Cause, "steps", now.Stop.Steps,
			"from", now.Stop.Last.From, "to", now.Stop.Last.To, "until", now.Stop.Until)
	}
}
