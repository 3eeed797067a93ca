package engine

import (
	"time"

	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/rebalancemon"
	"github.com/lagscaler/lagscaler/scaler"
)

// Report is everything the program knows at one time. It is immutable; metrics, pages and commands read the latest
// one and nothing else, so a reader costs Kafka and Kubernetes nothing.
type Report struct {
	At       time.Time
	Leader   bool            // only the leader exposes group and scaler series, and writes
	Mode     scaler.Mode     // the global one
	Clusters []ClusterReport // sorted by name
	Scalers  []ScalerReport  // sorted by name
	Polls    []PollStats     // of this process, sorted by cluster
}

// ClusterReport is one cluster: the last poll, and what follows from it.
type ClusterReport struct {
	Name     string
	Snapshot *lag.Snapshot        // never nil; empty, with Errors, until a poll succeeded
	Rates    []lag.Rates          // parallel to Snapshot.Groups
	Members  []rebalancemon.Stats // parallel to Snapshot.Groups
	SLOs     []lag.SLO            // parallel to Snapshot.Groups: the thresholds in force
	Leaders  uint64               // leader changes of consumed partitions and of group coordinators since start
}

// PollStats are counters of one cluster's reading, since start.
type PollStats struct {
	Cluster     string
	LastBegan   time.Time
	LastSuccess time.Time // last poll in which at least one broker answered; zero: never
	LastTook    time.Duration
	SampleTook  time.Duration
	Polls       uint64
	Samples     uint64
	Errors      []StageErrors // sorted by stage
	Requests    []lag.RequestCount
	Duplicates  uint64
	States      bool // the sampler sees states each second; false: brokers before 2.6, states come with the poll
}

// StageErrors counts the errors of one stage.
type StageErrors struct {
	Stage lag.Stage
	Count uint64
}

// Age is how old what is known of a group is.
func (r *Report) Age(g *lag.GroupLag) time.Duration { return max(0, r.At.Sub(g.ReadAt)) }

// Stale reports whether a group's values may no longer be shown as gauges: it could not be read for two polls.
func Stale(g *lag.GroupLag) bool { return g.Missed > 2 }
