package sim

import (
	"slices"
	"time"
)

// group is the consumer group: members, who has which partition, and rebalances.
type group struct {
	protocol     Protocol
	assignor     Assignor
	pauseSeconds int32
	members      []member // sorted by id
	owners       []int    // by partition, a pod's id or nobody
	readableFrom []int32  // by partition: it is not read before this second
	ends         int32    // the second the rebalance that is going on ends; 0: none
	began        int32
	followUp     bool // a member joined or left meanwhile: another rebalance follows
	generation   int32
	rebalances   int // rebalances so far
	lastEnd      int32
	lastTook     int32

	assignments int     // assignments so far
	assigned    []int   // ids of the members of the last one
	ownerIndex  []int32 // by partition, an index into assigned; -1: nobody
}

// member is a pod in its group.
type member struct {
	id         int
	rate       float64 // records/s
	partitions []int
	unspent    float64 // work it has not spent yet, records
}

func newGroup(w World) group {
	g := group{protocol: w.Protocol, assignor: w.Assignor, pauseSeconds: int32(w.Pause / time.Second), owners: make([]int, w.Partitions), readableFrom: make([]int32, w.Partitions), ownerIndex: make([]int32, w.Partitions)}
	for p := range g.owners {
		g.owners[p] = nobody
	}
	return g
}

func (g *group) join(p *pod, second int32, r *run) {
	at, _ := slices.BinarySearchFunc(g.members, p.id, func(m member, id int) int { return m.id - id })
	g.members = slices.Insert(g.members, at, member{id: p.id, rate: p.speed})
	g.rebalance(second, r)
}

// leave is a clean departure: the member commits its position.
func (g *group) leave(id int, second int32, r *run) {
	for i := range g.members {
		if g.members[i].id == id {
			for _, p := range g.members[i].partitions {
				r.queues[p].committed = r.queues[p].position
				g.owners[p] = nobody
				g.readableFrom[p] = never
			}
			g.members = append(g.members[:i:i], g.members[i+1:]...)
			break
		}
	}
	g.rebalance(second, r)
}

// pause keeps a static member's partitions unread until it is back.
func (g *group) pause(id int, until int32) {
	for i := range g.members {
		if g.members[i].id == id {
			for _, p := range g.members[i].partitions {
				g.readableFrom[p] = until
			}
		}
	}
}

// never is the time at which a partition without an owner is read.
const never = int32(1) << 30

// rebalance begins one, unless one is going on. An eager one includes members that join or leave while the others still rejoin: the
// coordinator waits for all of them and assigns partitions only then. A cooperative one has assigned them already: another one
// follows it.
//
// Source: Kafka's GroupCoordinator, PreparingRebalance; seen in the calibration, where pods that started together made one
// rebalance.
func (g *group) rebalance(second int32, r *run) {
	if g.ends > second {
		g.followUp = g.protocol == Cooperative
		return
	}
	g.began, g.ends = second, second+g.pauseSeconds
	r.commit()
	if g.protocol == Eager {
		for p := range g.readableFrom {
			g.readableFrom[p] = never
		}
		return
	}
	g.assign(second)
}

// assign makes a new assignment. Partitions that move are not read until the rebalance ends.
func (g *group) assign(second int32) {
	ids := make([]int, len(g.members))
	for i := range g.members {
		ids[i] = g.members[i].id
		g.members[i].partitions = g.members[i].partitions[:0:0]
	}
	owners := g.assignor.assign(len(g.owners), ids, g.owners)
	for p, id := range owners {
		g.ownerIndex[p] = -1
		switch {
		case id == nobody:
			g.readableFrom[p] = never
			continue
		case id != g.owners[p] || g.readableFrom[p] > second:
			g.readableFrom[p] = max(second, g.ends)
		}
		i, _ := slices.BinarySearch(ids, id)
		g.ownerIndex[p] = int32(i)
		g.members[i].partitions = append(g.members[i].partitions, p)
	}
	g.owners, g.assigned = owners, ids
	g.assignments++
}

// advance ends a rebalance when its time has come, and begins the one that waits for it.
func (g *group) advance(second int32, r *run) {
	if g.ends == 0 || second < g.ends {
		return
	}
	if g.protocol == Eager {
		g.assign(second)
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
func (g *group) endFirstRebalance() {
	g.followUp, g.ends = false, 0
	g.assign(0)
	g.rebalances, g.generation = 0, 1
}
