package sim

import (
	"slices"
	"time"
)

// fleet is the Deployment: pods that start, run and end.
type fleet struct {
	spec   int32
	pods   []pod // the oldest first
	nextID int
}

// pod is one replica.
type pod struct {
	id     int
	ready  int32   // the second it is ready, and joins its group
	speed  float64 // records/s
	joined bool
}

// begin starts with n pods that are ready and have joined.
func (f *fleet) begin(n int32, r *run) {
	f.resize(n, 0, r)
	for i := range f.pods {
		f.pods[i].ready = 0
	}
	f.advance(0, r)
	r.group.settleNow()
}

// resize starts pods, or ends the newest: those still starting first.
func (f *fleet) resize(n, second int32, r *run) {
	f.spec = n
	for int32(len(f.pods)) > n {
		last := len(f.pods) - 1
		if f.pods[last].joined {
			r.group.leave(f.pods[last].id, second, r)
		}
		f.pods = f.pods[:last]
	}
	for int32(len(f.pods)) < n {
		f.pods = append(f.pods, f.start(second, r))
	}
}

func (f *fleet) start(second int32, r *run) pod {
	f.nextID++
	least, most := r.Starts[0].Seconds(), r.Starts[1].Seconds()
	takes := least + (most-least)*r.rng.Float64()
	return pod{
		id: f.nextID, ready: second + int32(takes*r.trouble.slowness()),
		speed: r.PerConsumer * (1 + r.Jitter*(2*r.rng.Float64()-1)),
	}
}

// advance lets pods that are ready join their group.
func (f *fleet) advance(second int32, r *run) {
	for i := range f.pods {
		p := &f.pods[i]
		if !p.joined && p.ready <= second {
			p.joined = true
			r.group.join(p, second, r)
		}
	}
}

// replace ends a pod and starts another in its place, as a rollout does.
func (f *fleet) replace(i int, second int32, r *run) {
	old := f.pods[i]
	if old.joined && r.Static {
		r.group.pause(old.id, second+staticRestart)
		return // the new pod takes the old one's place in the group before its session ends
	}
	if old.joined {
		r.group.leave(old.id, second, r)
	}
	f.pods = append(append(f.pods[:i:i], f.pods[i+1:]...), f.start(second, r))
}

func (f *fleet) readyPods(second int32) int32 {
	n := int32(0)
	for i := range f.pods {
		if f.pods[i].ready <= second {
			n++
		}
	}
	return n
}

// group is the consumer group: members, who has which partition, and rebalances.
type group struct {
	protocol   Protocol
	assignor   Assignor
	pauses     int32    // seconds
	members    []member // sorted by id
	owners     []int    // by partition, a pod's id or nobody
	until      []int32  // by partition: it is not read before this second
	ends       int32    // the second the rebalance that is going on ends; 0: none
	began      int32
	again      bool // somebody joined or left meanwhile: another one follows
	generation int32
	count      int // rebalances so far
	lastEnd    int32
	lastTook   int32

	deals      int     // assignments so far
	dealt      []int   // ids of the members of the last one
	ownerIndex []int32 // by partition, an index into dealt; -1: nobody
}

// member is a pod in its group.
type member struct {
	id         int
	rate       float64 // records/s
	partitions []int
	credit     float64 // work it has not spent yet, records
}

func newGroup(w World) group {
	g := group{protocol: w.Protocol, assignor: w.Assignor, pauses: int32(w.Pause / time.Second), owners: make([]int, w.Partitions), until: make([]int32, w.Partitions), ownerIndex: make([]int32, w.Partitions)}
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

// leave is a clean one: the member commits what it has done.
func (g *group) leave(id int, second int32, r *run) {
	for i := range g.members {
		if g.members[i].id == id {
			for _, p := range g.members[i].partitions {
				r.queues[p].commit = r.queues[p].done
				g.owners[p] = nobody
				g.until[p] = never
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
				g.until[p] = until
			}
		}
	}
}

// never is the time at which a partition without an owner is read.
const never = int32(1) << 30

// rebalance begins one, unless one is going on. An eager one takes in who joins or leaves while the members still come: the
// coordinator waits for all of them, and only then it deals. A cooperative one has dealt already: another follows it.
//
// Source: Kafka's GroupCoordinator, PreparingRebalance; seen in the calibration, where pods that started together made one
// rebalance.
func (g *group) rebalance(second int32, r *run) {
	if g.ends > second {
		g.again = g.protocol == Cooperative
		return
	}
	g.began, g.ends = second, second+g.pauses
	r.commit()
	if g.protocol == Eager {
		for p := range g.until {
			g.until[p] = never
		}
		return
	}
	g.deal(second)
}

// deal makes a new assignment and holds back the partitions that move until the rebalance ends.
func (g *group) deal(second int32) {
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
			g.until[p] = never
			continue
		case id != g.owners[p] || g.until[p] > second:
			g.until[p] = max(second, g.ends)
		}
		i, _ := slices.BinarySearch(ids, id)
		g.ownerIndex[p] = int32(i)
		g.members[i].partitions = append(g.members[i].partitions, p)
	}
	g.owners, g.dealt = owners, ids
	g.deals++
}

// advance ends a rebalance when its time has come, and begins the one that waits for it.
func (g *group) advance(second int32, r *run) {
	if g.ends == 0 || second < g.ends {
		return
	}
	if g.protocol == Eager {
		g.deal(second)
	}
	g.count++
	g.generation++
	g.lastEnd, g.lastTook, g.ends = second, second-g.began, 0
	if g.again {
		g.again = false
		g.rebalance(second, r)
	}
}

// settleNow ends the first rebalance at once: the world begins at rest.
func (g *group) settleNow() {
	g.again, g.ends = false, 0
	g.deal(0)
	g.count, g.generation = 0, 1
}
