package sim

import (
	"fmt"
	"time"

	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/rebalancemon"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

// View is what a policy may see at a poll: what the daemon would see.
type View struct {
	Now      time.Time
	Second   int32
	Lag      *lag.GroupLag // of this poll
	Workload seen.Workload
	World    World // its declared parts: partitions, the speed of a consumer, the target

	// Only for policies that may know the future.
	rates   []float64
	weights []float64

	Rebalance seen.Rebalance

	moves     []Move
	outage    bool
	downs     int // scale-downs during an outage
	members   []lag.Member
	membersOf int // the number of the assignment that members are of
	ends      []lag.PartitionRead
}

// epoch is when a simulation begins whose trace does not say it: a Monday at midnight.
var epoch = time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC)

const (
	viewCluster = "sim"
	viewGroup   = "sim"
	viewTopic   = "sim"
)

func newView(r *run) *View {
	return &View{
		World: r.World, rates: r.rates, weights: r.weights,
		Workload: seen.Workload{
			Ref:   seen.Ref{APIVersion: "apps/v1", Kind: "Deployment", Namespace: "sim", Name: "sim"},
			Found: true, HasScale: true,
		},
	}
}

// at is a second as the wall clock shows it.
func (r *run) at(second int32) time.Time { return r.begins.Add(time.Duration(second) * time.Second) }

// read looks at the world.
func (v *View) read(r *run, second int32) {
	v.Second, v.Now = second, r.at(second)
	v.Workload.Spec, v.Workload.Status = r.fleet.spec, int32(len(r.fleet.pods))
	v.Workload.Ready = r.fleet.readyPods(second)
	_, v.Workload.RolloutInProgress = r.fault.now(Rollout)
	_, v.outage = r.fault.now(Outage)
	v.rebalancing(r)
	g := &lag.GroupLag{
		GroupState: lag.GroupState{At: v.Now, Group: viewGroup, Type: lag.Classic, State: lag.Stable},
		Protocol:   "consumer", Assignor: string(r.Assignor), Generation: r.group.generation,
		Epoch: lag.NoGeneration, AssignmentEpoch: lag.NoGeneration, ReadAt: v.Now, Described: true,
	}
	if r.group.ends > 0 {
		g.State, g.Described = lag.CompletingRebalance, false
	}
	g.Members = v.groupMembers(r)
	g.Topics = []lag.TopicLag{{Topic: viewTopic, Partitions: v.partitions(r)}}
	v.Lag = g
}

func (v *View) rebalancing(r *run) {
	v.Rebalance = seen.Rebalance{Protocol: rebalancemon.Eager}
	if r.Protocol == Cooperative {
		v.Rebalance.Protocol = rebalancemon.Cooperative
	}
	if r.group.ends > 0 {
		v.Rebalance.Active, v.Rebalance.Since = true, r.at(r.group.began)
	}
	if r.group.rebalances > 0 {
		v.Rebalance.LastEnd, v.Rebalance.LastTook = r.at(r.group.lastEnd), time.Duration(r.group.lastTook)*time.Second
	}
}

// groupMembers are the members as of the last assignment: a coordinator returns nothing newer while a rebalance is running.
func (v *View) groupMembers(r *run) []lag.Member {
	if v.membersOf == r.group.assignments {
		return v.members
	}
	v.membersOf = r.group.assignments
	v.members = make([]lag.Member, len(r.group.assigned))
	for i, id := range r.group.assigned {
		v.members[i] = lag.Member{
			ID: fmt.Sprintf("member-%06d", id), Generation: r.group.generation - 1, Epoch: lag.NoGeneration,
		}
	}
	return v.members
}

func (v *View) partitions(r *run) []lag.PartitionLag {
	rows := make([]lag.PartitionLag, r.Partitions)
	for p := range rows {
		q := &r.queues[p]
		rows[p] = lag.PartitionLag{
			Partition: int32(p), Owner: r.group.ownerIndex[p], Committed: q.committed, End: q.end,
			Known: lag.KnownStart | lag.KnownCommitted | lag.KnownEnd,
		}
		if r.fault.silent(p) {
			rows[p].Known, rows[p].Err = rows[p].Known&^lag.KnownEnd, lag.Unreachable
		}
	}
	return rows
}

// snapshot is the poll as package lag takes it in, to judge what was late.
func (v *View) snapshot() *lag.Snapshot {
	v.ends = v.ends[:0] // a History copies what it keeps of them
	for _, p := range v.Lag.Topics[0].Partitions {
		v.ends = append(v.ends, lag.PartitionRead{End: p.End, At: v.Now.UnixMilli(), Known: p.Known & lag.KnownEnd})
	}
	topic := lag.TopicRead{Name: viewTopic, Partitions: v.ends}
	return &lag.Snapshot{At: v.Now, Groups: []lag.GroupLag{*v.Lag}, Topics: []lag.TopicRead{topic}}
}

// noteWrite notes that the policy changed the replicas.
func (v *View) noteWrite(second, to int32, why string) {
	from := v.Workload.Spec
	v.Workload.LastWrite = seen.Write{At: v.Now, From: from, To: to}
	v.moves = append(v.moves, Move{Second: second, From: from, To: to, Why: why})
	if v.outage && to < from {
		v.downs++
	}
}
