package engine

import (
	"slices"
	"time"

	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/asleep"
	"github.com/lagscaler/lagscaler/scaler/say"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

// input is everything that a decision may know.
func (s *scaling) input(one *scaler.Scaler, now time.Time) scaler.Input {
	_, clock := s.paced(one)
	in := scaler.Input{
		Now: now, Clock: clock, Workload: one.Workload, Policy: one.Policy, Memory: s.memory.learned[one.Name],
	}
	in.Policy.Mode = one.Mode // in force: under the kill switch nobody fights us
	if one.Workload.Followed {
		in.Policy.Mode = scaler.Act // its decisions come true, though another autoscaler writes them
	}
	in.Fleet = s.fleet
	in.Acts, in.Asleep = s.leads(one) && one.Mode == scaler.Act, one.Asleep
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
		if s.leads(&one) {
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
