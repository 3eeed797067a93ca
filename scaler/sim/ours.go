package sim

import (
	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/say"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

// ours is the daemon's own policy: scaler.Evaluate, seeing what the daemon would see.
type ours struct {
	name    string
	policy  scaler.Policy
	source  seen.SourceSpec
	memory  scaler.Memory
	forget  func(*scaler.Memory)
	breaks  func(*scaler.Input)
	decided func(scaler.Decision)
	decides func(scaler.Input) scaler.Result

	judges bool         // what is late is measured, also without an objective
	judge  *lag.History // measures it; nil: nobody does
	judged uint64       // records, so far
	late   uint64       // of them
}

// Ours is a policy from a specification with one source. Its source's cluster, group and topics are the simulated ones;
// a processing time that it does not declare is learned. decided, if any, is called with each new decision.
func Ours(name string, spec scaler.Spec, decided func(scaler.Decision)) (Policy, error) {
	return newOurs(ours{name: name, decided: decided}, spec)
}

// Without is Ours without one of its parts, to measure how much that improves: it forgets something before each poll, or has no
// reserve for a peak of the last hour to come back. forget may be nil.
func Without(name string, spec scaler.Spec, reserve bool, forget func(*scaler.Memory)) (Policy, error) {
	p, err := newOurs(ours{name: name, forget: forget}, spec)
	if err != nil {
		return nil, err
	}
	p.policy.KeepsRoom = p.policy.KeepsRoom && reserve
	return p, nil
}

// Broken is Ours with a defect: before each poll, breaks changes what it sees or has learned. It measures what the defect does, and what
// limits that.
func Broken(name string, spec scaler.Spec, breaks func(*scaler.Input), decided func(scaler.Decision)) (Policy, error) {
	return newOurs(ours{name: name, breaks: breaks, decided: decided}, spec)
}

// Tried is a policy whose decisions somebody else makes: scaler.Evaluate under limits that the simulator does not have, for example. It
// has one source, with the group and the topics of the simulation.
func Tried(name string, policy scaler.Policy, source seen.SourceSpec, decides func(scaler.Input) scaler.Result) Policy {
	o := &ours{name: name, decides: decides}
	o.take(policy, source)
	return o
}

func newOurs(o ours, spec scaler.Spec) (*ours, error) {
	source := seen.SourceSpec{}
	if len(spec.Sources) > 0 {
		source = spec.Sources[0]
	}
	spec.Sources = []seen.SourceSpec{simulatedSource(source)}
	policy, err := spec.Policy()
	if err != nil {
		return nil, err
	}
	o.decides = scaler.Evaluate
	o.take(policy, source)
	return &o, nil
}

// take makes a policy and a source those that it decides by.
func (o *ours) take(policy scaler.Policy, source seen.SourceSpec) {
	policy.Mode = scaler.Act // what it decides is written
	o.policy, o.source = policy, simulatedSource(source)
	if policy.Objective > 0 || o.judges {
		o.judge = &lag.History{}
	}
}

// simulatedSource is a source with the cluster, the group and the topics of the simulation.
func simulatedSource(s seen.SourceSpec) seen.SourceSpec {
	s.Cluster, s.Group, s.Topics, s.TopicPattern = viewCluster, viewGroup, nil, ""
	return s
}

func (o *ours) Name() string { return o.name }

func (o *ours) Every() int32 { return pollSeconds }

func (o *ours) Decide(v *View) (int32, string) {
	if o.forget != nil {
		o.forget(&o.memory)
	}
	source := seen.Source{SourceSpec: o.source, Lag: v.Lag, Rebalance: v.Rebalance}
	if o.judge != nil {
		o.judged, o.late = o.judge.Judge(v.snapshot(), 0, lag.SLO{LagTime: o.policy.TargetLag})
		source.Judged, source.Late, source.JudgedWithin = o.judged, o.late, o.policy.TargetLag
	}
	in := scaler.Input{Now: v.Now, Policy: o.policy, Memory: o.memory, Workload: v.Workload, Sources: []seen.Source{source}}
	if o.breaks != nil {
		o.breaks(&in)
	}
	result := o.decides(in)
	o.memory = result.Memory
	if o.decided != nil && result.Fresh {
		o.decided(result.Decision)
	}
	if c, ok := result.Change(); ok {
		return c.To, say.Line(result.Decision)
	}
	return v.Workload.Spec, ""
}
