package scaler

import (
	"slices"
	"time"

	"github.com/lagscaler/lagscaler/scaler/asleep"
	"github.com/lagscaler/lagscaler/scaler/breaker"
	"github.com/lagscaler/lagscaler/scaler/learn"
	"github.com/lagscaler/lagscaler/scaler/need"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

// facts are everything that the rules may look at: one source, and the target it runs on. They are built once, by gather,
// and never written. Counts are replicas.
type facts struct {
	now    time.Time
	clk    seen.Clock
	policy *Policy
	target *seen.Workload
	source *seen.History
	need   *need.Need
	lane   lane

	members seen.Members
	current int32        // the target is set to so many
	up      int32        // needed, with the backlog
	byRate  int32        // needed for arrivals alone
	down    int32        // enough for the peak of the stabilization window
	holding int32        // that can have a partition, when nobody runs elsewhere, as far as members hold nothing; 0: not known
	settled bool         // pods and members are complete, and the last write is a while ago
	trial   *learn.Trial // of fewer consumers; nil: none is worth it
	high    bool         // lag is above a fixed threshold
	frozen  bool         // there is lag, and no position moves

	advised  int32 // replicas as if the last advice to scale up had been written; 0: none stands
	starting bool  // the pods of that advice would still start
	lower    bool  // they would have run for long enough to be scaled down

	conflicts     int32       // changes by others in 10 min that came after a write of ours
	external      seen.Write  // the last change by somebody else
	downs         []time.Time // our steps down in the last hour, oldest first
	rebalanceTime time.Duration

	spare bool // members of the target have held nothing for longer than a session, while nothing changed

	missingSince, fewerSince, idleSince time.Time // zero: it is not so

	breaker breaker.State // of steps down

	standsBy bool      // the source is a copy that the consumers do not use
	failover *Failover // consumers move from one Kafka cluster to another; nil: they do not

	asleep  *asleep.State  // of the target
	waiting asleep.Waiting // for the source, without a replica
	keeps   *asleep.Keeps  // the last replica; nil: nothing does
}

// gatherer has everything that facts are gathered from.
type gatherer struct {
	in      *Input
	now     *seen.State
	learned *learn.State
	lane    lane
	zero    *zero
	play    play
	moving  []failover
}

// gather builds the facts of every source.
func (g gatherer) gather(sources []sourceState, estimates []need.Estimate) []facts {
	list := make([]facts, len(sources))
	for i := range sources {
		f := g.facts(&g.now.Sources[i], &sources[i], &estimates[i])
		f.breaker = g.learned.Memory.Breaker
		f.asleep, f.waiting = &g.zero.state, g.zero.waiting[i]
		f.standsBy = g.now.Sources[i].StandsBy
		if k := slices.IndexFunc(g.moving, func(m failover) bool { return m.holds }); k >= 0 {
			f.failover, f.settled = &g.moving[k].Failover, false
			f.fewerSince = since(time.Time{}, !f.fewerSince.IsZero(), g.now.Now) // it counts from the end
		}
		if f.mayRest() {
			f.keeps = g.zero.keeps(i, g.now)
		}
		list[i] = f
	}
	return list
}

func (g gatherer) facts(h *seen.History, s *sourceState, estimate *need.Estimate) facts {
	n, m, wl, clk := &estimate.Need, s.members, &g.now.Workload, g.now.Clock
	atLeast := min(1, wl.Spec) // to go to zero is a rule of its own
	up, down := max(atLeast, m.Replicas(n.Up)), max(atLeast, m.Enough(max(n.Up, n.Down)))
	byRate := max(atLeast, m.Replicas(n.ByRate))
	if !n.RateKnown { // the number of members is no need: a group of others, or a topic that does not exist, scales nothing
		up, byRate, down = wl.Spec, wl.Spec, wl.Spec
	}
	missing := m.Joined+m.Beside < m.Expected(wl.Ready)
	settled := wl.Spec == wl.Ready && wl.Spec == wl.Status && !missing && !h.Rebalance.Active &&
		clk.Due(g.now.Now, wl.LastWrite.At, clk.Scale(settleAfter))
	holding := holding(m, n, wl.Spec)
	atRest := settled && !wl.RolloutInProgress && resting(h, g.learned.Source(h).SessionTime(h.SessionTimeout, g.now.Now, clk))
	return facts{
		now: g.now.Now, clk: clk, policy: &g.in.Policy, target: wl, source: h, need: n, lane: g.lane,
		members: m, current: wl.Spec, up: up, byRate: byRate, down: down,
		holding: holding, settled: settled, spare: atRest && holding > 0 && holding < wl.Spec,
		trial: estimate.Trial, high: estimate.High, frozen: estimate.Frozen,
		advised: g.play.size, starting: g.play.starting(g.now.Now, time.Duration(n.Horizon*float64(time.Second))),
		lower:     !g.play.starting(g.now.Now, time.Duration(n.Horizon*float64(time.Second))+clk.Scale(g.in.Policy.StabilizationWindow)/2),
		conflicts: g.now.Replicas.Conflicts(clk), external: g.now.Replicas.LastExternal(), downs: g.learned.Memory.Downs,
		rebalanceTime: g.learned.Source(h).RebalanceTime(clk),
		missingSince:  since(s.missing, missing, g.now.Now),
		fewerSince:    since(s.fewer, n.RateKnown && down < wl.Spec && up < wl.Spec, g.now.Now),
		idleSince:     since(s.idle, estimate.Idle, g.now.Now),
	}
}

// holding is the number of replicas that remain if the replicas whose members hold no partition are removed. It is at least the
// number that can have a partition, and only members that were seen without one are removed. 0: no limit, or not known.
func holding(m seen.Members, n *need.Need, current int32) int32 {
	if n.Useful == 0 {
		return 0
	}
	return max(m.Holding(n.Useful), current-m.Idle/max(1, m.PerReplica))
}

// resting reports whether the members of a group and their partitions have not changed for longer than a session.
func resting(h *seen.History, session time.Duration) bool {
	if h.Read == nil || !h.Read.Described || h.Read.State.Rebalancing() {
		return false
	}
	last := h.Readings.Last()
	return time.Duration(last.At-last.MembersSince) > session
}

// conditions keeps since when the facts have held, for the next decision.
func conditions(sources []sourceState, facts []facts) []sourceState {
	list := make([]sourceState, len(sources))
	for i, s := range sources {
		s.missing, s.fewer, s.idle = facts[i].missingSince, facts[i].fewerSince, facts[i].idleSince
		list[i] = s
	}
	return list
}

// age is how long ago a time was.
func (f *facts) age(t time.Time) time.Duration { return f.now.Sub(t) }

// lasted reports whether the documented time has passed since a time.
func (f *facts) lasted(t time.Time, documented time.Duration) bool {
	return f.age(t) >= f.clk.Scale(documented)
}
