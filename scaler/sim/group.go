package sim

import (
	"slices"
	"time"
)

// group is the consumer group: members, who has which partition, and rebalances.
type group struct {
	protocol     Protocol
	assignor     Assignor
	members      []member // sorted by id
	owners       []int    // by partition, a pod's id or nobody
	readableFrom []int32  // by partition: it is not read before this second
	readUntil    []int32  // by partition: before this second its owner still reads it, although the group rebalances
	began        int32
	assignAt     int32 // the second the rebalance that is going on assigns partitions
	ends         int32 // the second it ends; 0: none is going on
	followUp     bool  // a member joined or left after the assignment: another rebalance follows
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
	phase      int32   // seconds by which its commits are earlier than those of others
	partitions []int
	unspent    float64 // work it has not spent yet, records
}

func newGroup(w World) group {
	g := group{
		protocol: w.Protocol, assignor: w.Assignor, owners: make([]int, w.Partitions), ownerIndex: make([]int32, w.Partitions),
		readableFrom: make([]int32, w.Partitions), readUntil: make([]int32, w.Partitions),
	}
	for p := range g.owners {
		g.owners[p] = nobody
	}
	return g
}

func (g *group) join(p *pod, second int32, r *run) {
	at, _ := slices.BinarySearchFunc(g.members, p.id, func(m member, id int) int { return m.id - id })
	m := member{id: p.id, rate: p.speed}
	if !r.InStep {
		m.phase = r.rng.Int32N(int32(r.Commit / time.Second))
	}
	g.members = slices.Insert(g.members, at, m)
	g.rebalance(second, r)
}

// leave is a clean departure: the member commits its position.
func (g *group) leave(id int, second int32, r *run) {
	for i := range g.members {
		if g.members[i].id == id {
			for _, p := range g.members[i].partitions {
				r.queues[p].commit()
				g.owners[p] = nobody
				g.readableFrom[p], g.readUntil[p] = never, 0
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
