package sim

import (
	"math"
	"slices"
	"time"
)

// never is the time at which a partition without an owner is read.
const never = int32(1) << 30

// What a Java consumer does, from the defaults of heartbeat.interval.ms and max.poll.records.
const (
	heartbeatSeconds = 3.0
	fetchedRecords   = 500
	syncSeconds      = 1 // of the last JoinGroup until the assignment is there
)

// rebalance begins one, unless one is going on. Members work until they notice it and have finished what they fetched; then they
// join. An eager group stops member by member, and goes on together. A cooperative group goes on working while it joins; then the
// partitions that move are not read until everybody has joined again. A member that joins or leaves before the assignment is in it,
// and a later one causes another rebalance.
//
// Source: Kafka's GroupCoordinator, PreparingRebalance; KIP-429; seen in the calibration, where pods that started together made one
// rebalance.
func (g *group) rebalance(second int32, r *run) {
	if g.ends > second {
		g.followUp = g.followUp || second >= g.assignAt
		return
	}
	g.began, g.ends, g.assignAt = second, never, second
	if g.protocol == Eager || r.Pause == 0 {
		g.assignAt = g.gather(second, r)
	}
	if g.protocol == Eager {
		for p := range g.readableFrom {
			g.readableFrom[p] = never
		}
	}
	g.advance(second, r)
}

// gather draws when each member joins, and returns when all have. A member of an eager group works until then.
func (g *group) gather(second int32, r *run) (joined int32) {
	if r.Pause > 0 {
		return second + int32(r.Pause/time.Second)
	}
	last := second
	for i := range g.members {
		m := &g.members[i]
		joins := second + m.busy(r)
		if g.protocol == Eager {
			for _, p := range m.partitions {
				g.readUntil[p] = joins
			}
		}
		last = max(last, joins)
	}
	return last + syncSeconds
}

// busy draws how many seconds a member works until it joins a rebalance that begins now.
func (m *member) busy(r *run) int32 {
	waiting := int64(0)
	for _, p := range m.partitions {
		waiting += r.queues[p].unread()
	}
	fetched := min(fetchedRecords, float64(waiting))
	return int32(math.Round(heartbeatSeconds*r.rng.Float64() + fetched/m.rate*r.rng.Float64()))
}

// assign makes a new assignment. Partitions that move are not read until the rebalance ends.
func (g *group) assign(second int32, r *run) {
	ids := make([]int, len(g.members))
	for i := range g.members {
		ids[i] = g.members[i].id
		g.members[i].partitions = g.members[i].partitions[:0:0]
	}
	owners := g.assignor.assign(len(g.owners), ids, g.owners)
	for p, id := range owners {
		g.ownerIndex[p], g.readUntil[p] = -1, 0
		if g.protocol == Eager || id != g.owners[p] {
			r.handOver(p)
		}
		switch {
		case id == nobody:
			g.readableFrom[p] = never
			continue
		case id != g.owners[p] || g.readableFrom[p] > second:
			g.readableFrom[p] = g.ends
		}
		i, _ := slices.BinarySearch(ids, id)
		g.ownerIndex[p] = int32(i)
		g.members[i].partitions = append(g.members[i].partitions, p)
	}
	g.owners, g.assigned = owners, ids
	g.assignments++
}

// advance assigns partitions when the time has come, ends the rebalance, and begins the one that waits for it.
func (g *group) advance(second int32, r *run) {
	if g.ends == never && second >= g.assignAt {
		g.ends = second
		if g.protocol == Cooperative {
			g.ends = g.gather(second, r) // all join a second time; then the partitions that moved are read
		}
		g.assign(second, r)
	}
	if g.ends == 0 || second < g.ends {
		return
	}
	g.rebalances++
	g.generation++
	g.lastEnd, g.lastTook, g.ends = second, second-g.began, 0
	if g.followUp {
		g.followUp = false
		g.rebalance(second, r)
	}
}

// endFirstRebalance ends the first rebalance at once: a simulation begins with a stable group.
func (g *group) endFirstRebalance(r *run) {
	g.followUp, g.ends = false, 0
	g.assign(0, r)
	g.rebalances, g.generation = 0, 1
}
