package scaler

import (
	"time"

	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/scaler/asleep"
	"github.com/lagscaler/lagscaler/scaler/breaker"
	"github.com/lagscaler/lagscaler/scaler/need"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

// Input is everything one evaluation may know.
type Input struct {
	Now      time.Time
	Clock    seen.Clock    // the zero value is the real one
	Sources  []seen.Source // one or more, in the order of the specification
	Workload seen.Workload
	Policy   Policy
	Memory   Memory

	Brakes []Brake       // limits above single scalers that cut this decision; nil: none does
	Acts   bool          // this process may write the replicas: it leads, and the mode in force is act
	Asleep *asleep.State // as it is saved in the status of the KafkaScaler; nil: the Memory has it
	Fleet  breaker.Stop  // of all scalers, as the leader knows it; zero: none was
}

// Result is a decision, and the Memory for the next one.
type Result struct {
	Decision Decision
	Fresh    bool   // it was decided at this poll; otherwise an earlier decision stands
	Memory   Memory // to give to Evaluate the next time
}

// Change is the write that the decision asks for, if it asks for one. A standing decision does not: it did when it was
// fresh.
func (r Result) Change() (Change, bool) {
	d := &r.Decision
	if !r.Fresh || d.Desired == d.Current || d.Verdict == TargetNotFound {
		return Change{}, false
	}
	return Change{
		Target: d.Target, From: d.Current, To: d.Desired, Reason: d.Reason(), At: d.At, Asleep: r.Memory.Asleep,
	}, true
}

// poll is the part of the input that was read.
func (in *Input) poll() *seen.Poll {
	habits := make([]lag.Habits, len(in.Sources))
	for i := range in.Sources {
		habits[i] = in.Memory.Habits(in.Sources[i].Cluster, in.Sources[i].Group)
	}
	return &seen.Poll{
		Habits: habits,
		Now:    in.Now, Clock: in.Clock.Filled(), Workload: in.Workload, Sources: in.Sources,
		Window: in.Policy.StabilizationWindow, MaxWait: in.Policy.TargetLag / 2,
		TwoPlaces: in.Policy.Place != nil,
	}
}

// targets is the part of the policy that a need depends on.
func (p *Policy) targets() need.Targets {
	return need.Targets{
		Utilization: p.Utilization, DownUtilization: p.DownUtilization, KeepsReserve: p.KeepsRoom, TargetLag: p.TargetLag,
		DrainTime: p.DrainTime, StabilizationWindow: p.StabilizationWindow, IdleTime: p.IdleTime,
	}
}
