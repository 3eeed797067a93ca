package engine

import (
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/lag/shard"
	"github.com/lagscaler/lagscaler/rebalancemon"
	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/brakes"
)

// Report is everything the program knows at one time. It is immutable. Metrics, pages and commands read only the latest
// Report, so they never cause a request to Kafka or Kubernetes.
type Report struct {
	At       time.Time
	Shard    shard.Shard      // whose groups and scalers these are; zero: this process has all
	Leader   bool             // only the leader exposes group and scaler series, and writes
	Mode     scaler.Mode      // the global one
	Clusters []*ClusterReport // sorted by name
	Scalers  []ScalerReport   // sorted by name
	Polls    []PollStats      // of this process, sorted by cluster
	Panics   []PanicCount     // of this process since start, for every part
	Brakes   []BrakeUse       // the limits above single scalers, in the order of the configuration
}

// BrakeUse is how much of a limit above single scalers is used.
type BrakeUse = brakes.Use

// ClusterReport is one cluster: the last poll, and what follows from it. It is immutable: successive Reports share the pointer
// until the cluster is read again, so that a poll of one cluster costs the others nothing.
type ClusterReport struct {
	Name          string
	Snapshot      *lag.Snapshot // never nil; empty, with Errors, until a poll succeeded
	Groups        []GroupReport // sorted by name, as in the Snapshot
	LeaderChanges uint64        // of consumed partitions and of group coordinators, since start
}

// GroupReport is one group of a cluster, with everything that follows from its lag.
type GroupReport struct {
	Lag        *lag.GroupLag // in the cluster's Snapshot
	Summary    lag.Summary   // of Lag
	Rates      lag.Rates
	Rebalances rebalancemon.Stats // as of the last poll, or of a later sample that saw a rebalance in this cluster
	SLO        lag.SLO            // the thresholds in force
	Labels     map[string]string  // whose the group is; nil: nobody says
	Over       int                // partitions whose lag exceeds SLO.Lag
}

// Cluster finds a cluster by name.
func (r *Report) Cluster(name string) (*ClusterReport, bool) {
	i, ok := slices.BinarySearchFunc(r.Clusters, name, func(c *ClusterReport, name string) int { return strings.Compare(c.Name, name) })
	if !ok {
		return nil, false
	}
	return r.Clusters[i], true
}

// Group finds a group by name.
func (c *ClusterReport) Group(name string) (*GroupReport, bool) {
	i := sort.Search(len(c.Groups), func(i int) bool { return c.Groups[i].Lag.Group >= name })
	if i == len(c.Groups) || c.Groups[i].Lag.Group != name {
		return nil, false
	}
	return &c.Groups[i], true
}

// Measure is what readers see of the group; wants leaves topics out, nil wants all.
func (g *GroupReport) Measure(wants func(topic string) bool) lag.Measurement {
	return g.Lag.Measure(&g.Summary, &g.Rates, wants)
}

// PollStats are counters of one cluster's reading, since start.
type PollStats struct {
	Cluster        string
	LastBegan      time.Time
	LastSuccess    time.Time // last poll in which at least one broker answered; zero: never
	LastTook       time.Duration
	SampleTook     time.Duration
	Polls          uint64
	Samples        uint64
	Errors         []StageErrors // sorted by stage
	Requests       []lag.RequestCount
	Duplicates     uint64
	Interval       time.Duration // between two polls
	SampleInterval time.Duration // between two samples; 0: there are none

	Quota       lag.Quota // what brokers asked for since start because of their quotas; Connections as of the last poll
	LastQuota   lag.Quota // as of the last poll alone
	ThrottledAt time.Time // the last poll for which a broker asked to wait, or refused something; zero: none

	Foreign int  // addresses at which another cluster answered, as of the last poll
	States  bool // the sampler sees states each second; false: brokers before 2.6, states come with the poll
}

// Pace is the shortest interval between two polls of a cluster: a running process makes a Report at least so often, whatever Kafka does,
// give or take the time that a poll may take. 0: there is no cluster.
func (r *Report) Pace() (shortest time.Duration) {
	for i := range r.Polls {
		if every := r.Polls[i].Interval; shortest == 0 || every < shortest {
			shortest = every
		}
	}
	return shortest
}

// use takes in what brokers asked for since the last poll.
func (p *PollStats) use(o *lag.Observation) {
	p.LastQuota, p.Quota = o.Quota, p.Quota.Plus(o.Quota)
	if o.Quota.Bites() {
		p.ThrottledAt = o.At
	}
}

// StageErrors counts the errors of one stage.
type StageErrors struct {
	Stage lag.Stage
	Count uint64
}

// Age is the time since the group was last read.
func (r *Report) Age(g *lag.GroupLag) time.Duration { return max(0, r.At.Sub(g.ReadAt)) }
