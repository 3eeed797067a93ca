package sim

import (
	"cmp"
	"time"
)

// Protocol is how a group hands partitions over.
type Protocol string

// The protocols.
const (
	Eager       Protocol = "eager"       // every member is paused
	Cooperative Protocol = "cooperative" // only the partitions that move are paused
)

// World is what a policy is tried in. The zero value of a field means its default, see [World.filled].
type World struct {
	Partitions  int     // 48
	PerConsumer float64 // records/s of one consumer: 100
	PeakLoad    float64 // the trace's peak as a share of Partitions x PerConsumer: 0.7
	Spread      Spread
	Protocol    Protocol
	Assignor    Assignor         // range under eager, cooperative-sticky under cooperative
	Target      time.Duration    // a record processed later than this is late: 30 s
	Pause       time.Duration    // of a rebalance: 8 s eager, 4 s cooperative
	Commit      time.Duration    // between two commits of a member: 5 s
	Starts      [2]time.Duration // how long a pod takes to start, at least and at most: 20 s, 40 s
	Jitter      float64          // consumers differ by up to this share in speed: 0.05
	Static      bool             // members are static: one that restarts within a minute causes no rebalance
	Initial     int32            // replicas at the start; 0: the plan's for the first minute
	Faults      []Fault
	Seed        uint64
}

// The pauses of a rebalance, as measured with default clients.
const (
	EagerPause       = 8 * time.Second
	CooperativePause = 4 * time.Second
)

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
		w.Assignor, w.Pause = cmp.Or(w.Assignor, CooperativeSticky), cmp.Or(w.Pause, CooperativePause)
	}
	w.Assignor, w.Pause = cmp.Or(w.Assignor, Range), cmp.Or(w.Pause, EagerPause)
	w.Target = cmp.Or(w.Target, 30*time.Second)
	w.Commit = cmp.Or(w.Commit, 5*time.Second)
	if w.Starts == [2]time.Duration{} {
		w.Starts = [2]time.Duration{20 * time.Second, 40 * time.Second}
	}
	w.Jitter = cmp.Or(w.Jitter, 0.05)
	return w
}

// Processing is the time one record takes in the world.
func (w World) Processing() time.Duration {
	return time.Duration(float64(time.Second) / w.filled().PerConsumer)
}
