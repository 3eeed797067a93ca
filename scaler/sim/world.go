package sim

import (
	"cmp"
	"time"

	"github.com/lagscaler/lagscaler/lag"
)

// Protocol is how a group hands partitions over.
type Protocol string

// The protocols.
const (
	Eager       Protocol = "eager"       // every member is paused
	Cooperative Protocol = "cooperative" // only the partitions that move are paused
)

// Steps is how the rate of a trace changes from one of its steps to the next one.
type Steps string

// The ways. A trace with steps of five minutes does not say which one its stream had.
const (
	Cliffs       Steps = "cliffs"       // within a second, up to five seconds from the beginning of the step
	Interpolated Steps = "interpolated" // evenly, from the middle of a step to the middle of the next one
)

// World is what a policy is tried in. The zero value of a field means its default, see [World.filled].
//
// Nothing in the default world happens in step: each member has its own second to commit, polls and HPAs begin at a second of
// their own, and traffic changes between them. InStep, Pause, Starts and CommitOnRevoke make it kinder than clusters are; the
// benchmark measures how much each of them would hide.
type World struct {
	Partitions  int     // 48
	PerConsumer float64 // records/s of one consumer: 100
	PeakLoad    float64 // the trace's peak as a share of Partitions x PerConsumer: 0.7
	Spread      Spread
	Weights     []float64 // the share of each partition of the arrivals, instead of a Spread; they sum up to 1
	Protocol    Protocol
	Assignor    Assignor      // range under eager, cooperative-sticky under cooperative
	Target      time.Duration // a record processed later than this is late: 30 s
	Steps       Steps         // cliffs
	InStep      bool          // everybody commits in the second before a poll, and the rate changes right after one
	Commit      time.Duration // between two commits of a member: 5 s
	// CommitOnRevoke: members commit before their partitions are taken away. Without it the next owner processes again what was
	// not committed.
	CommitOnRevoke bool
	// Pause is the time that a rebalance takes. 0: as long as the last member needs to notice it at its heartbeat, and to finish the
	// records that it has fetched.
	Pause time.Duration
	// Starts is how long a pod takes to start, at least and at most. Unset: 20 to 40 s, and one in twenty 60 to 120 s.
	Starts  [2]time.Duration
	Jitter  float64 // consumers differ by up to this share in speed: 0.05
	Static  bool    // members are static: one that restarts within a minute causes no rebalance
	Initial int32   // replicas at the start; 0: the plan's for the first minute
	// FirstPoll is the second in which the policy is asked first, as it was measured; the steps of the rate then come when the trace has
	// them. nil: both by chance.
	FirstPoll *int32
	Faults    []Fault
	Seed      uint64
	Uncounted time.Duration // at first: nothing of it is in the Result, while policies learn
}

const (
	pollSeconds   = 10
	staticRestart = 30 // seconds a static member takes to come back, less than its session lasts
	maxReplicas   = 10_000
	defaultPeak   = 0.7
	defaultSpeed  = 100
)

func (w World) filled() World {
	w.Partitions = cmp.Or(w.Partitions, 48)
	w.PerConsumer = cmp.Or(w.PerConsumer, defaultSpeed)
	w.PeakLoad = cmp.Or(w.PeakLoad, defaultPeak)
	w.Spread = cmp.Or(w.Spread, Uniform)
	w.Protocol = cmp.Or(w.Protocol, Eager)
	if w.Protocol == Cooperative {
		w.Assignor = cmp.Or(w.Assignor, CooperativeSticky)
	}
	w.Assignor, w.Steps = cmp.Or(w.Assignor, Range), cmp.Or(w.Steps, Cliffs)
	w.Target = cmp.Or(w.Target, 30*time.Second)
	w.Commit = lag.CommitInterval(w.Commit)
	w.Jitter = cmp.Or(w.Jitter, 0.05)
	return w
}

// Processing is the time one record takes in the world.
func (w World) Processing() time.Duration {
	return time.Duration(float64(time.Second) / w.filled().PerConsumer)
}
