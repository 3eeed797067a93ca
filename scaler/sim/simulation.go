package sim

import (
	"math"
	"math/rand/v2"
	"time"
)

// Policy decides how many replicas there should be. It is asked every so many seconds.
type Policy interface {
	Name() string
	Every() int32
	Decide(v *View) (replicas int32, why string)
}

// GCPercent is how often the garbage collector should run in a program that only simulates (debug.SetGCPercent): a simulation keeps a few
// MB, and throws away as much every few milliseconds.
const GCPercent = 400

// run is one simulation at work.
type run struct {
	World
	rates   []float64
	rng     *rand.Rand
	weights []float64
	source  arrivalSource
	begins  time.Time
	arrive  []poisson
	rate    float64 // of which arrive was made
	queues  []queue
	fleet   fleet
	group   group
	totals  totals
	fault   faults
}

// Simulate runs a policy through a trace.
func Simulate(t Trace, w World, p Policy) Result {
	w = w.filled()
	r := newRun(t, w)
	view := newView(r)
	polls := r.polls(p)
	for second := range int32(len(r.rates)) {
		if second == r.uncounted() {
			r.count(view)
		}
		r.step(second)
		if polls.due(second) {
			view.read(r, second)
			n, why := p.Decide(view)
			if n = min(maxReplicas, max(0, n)); n != r.fleet.spec {
				view.noteWrite(second, n, why)
				r.fleet.resize(n, second, r)
			}
		}
		r.totals.second(r, second)
	}
	out := r.totals.result(t, w, p, r)
	out.Moves, out.DownsInOutage = view.moves, view.downs
	out.ChangesPerDay = float64(len(view.moves)) * 86400 / r.counted()
	return out
}

// uncounted is the second from which on everything counts.
func (r *run) uncounted() int32 { return int32(r.Uncounted / time.Second) }

// counted is how many seconds count.
func (r *run) counted() float64 { return float64(len(r.rates)) - r.Uncounted.Seconds() }

// count begins to count.
func (r *run) count(view *View) {
	r.totals = totals{target: r.totals.target, before: r.group.rebalances}
	view.moves, view.downs = nil, 0
}

func newRun(t Trace, w World) *run {
	rng := rand.New(rand.NewPCG(w.Seed, 0x6c61677363616c65))
	r := &run{
		World: w, rng: rng, source: newArrivalSource(w.Seed), rates: w.rates(t, rng),
		weights: w.Spread.weights(w.Partitions, rng), arrive: make([]poisson, w.Partitions),
		queues: make([]queue, w.Partitions), rate: -1, begins: epoch,
	}
	if len(w.Weights) == w.Partitions {
		r.weights = w.Weights
	}
	if !t.Begins.IsZero() {
		r.begins = t.Begins
	}
	r.group = newGroup(w)
	r.fault = newFaults(w.Faults)
	r.totals.target = int32(w.Target / time.Second)
	initial := w.Initial
	if initial == 0 {
		initial = int32(max(1, math.Ceil(r.rates[0]/(0.85*w.PerConsumer))))
	}
	r.fleet.begin(initial, r)
	return r
}

// step is one second: records arrive, pods come and go, the group rebalances, members work and commit.
func (r *run) step(second int32) {
	r.fault.at(second, r)
	r.arrivals(second)
	r.fleet.advance(second, r)
	r.group.advance(second, r)
	r.work(second)
	r.commit(second)
}

func (r *run) arrivals(second int32) {
	if rate := r.rates[second]; rate != r.rate {
		r.rate = rate
		for p, w := range r.weights {
			if p > 0 && w == r.weights[p-1] {
				r.arrive[p] = r.arrive[p-1] // the table is shared, too
			} else {
				r.arrive[p] = newPoisson(rate * w)
			}
		}
	}
	for p := range r.queues {
		n := r.arrive[p].draw(r.source)
		r.queues[p].arrive(second, n)
		r.totals.arrived += int64(n)
	}
}

// work lets every member process for a second.
func (r *run) work(second int32) {
	share, open := r.fault.downstream(r), r.open(second)
	for i := range r.group.members {
		m := &r.group.members[i]
		if len(m.partitions) == 0 {
			continue
		}
		r.consume(m, second, m.rate*share, open)
	}
}

// open reports whether all partitions are workable, as in most seconds.
func (r *run) open(second int32) bool {
	for p, from := range r.group.readableFrom {
		if from > second && !r.workable(p, second) {
			return false
		}
	}
	return !r.fault.poisoned(0)
}

// consume processes records of a member's partitions for a second: all that wait if it can, else evenly. open: all are workable.
func (r *run) consume(m *member, second int32, speed float64, open bool) {
	waiting := int64(0)
	for _, p := range m.partitions {
		if open || r.workable(p, second) {
			waiting += r.queues[p].unread()
		}
	}
	m.unspent += speed
	able := int64(m.unspent)
	if waiting <= able {
		m.unspent = min(m.unspent-float64(waiting), 1) // idle time is not saved up
		for _, p := range m.partitions {
			if open || r.workable(p, second) {
				r.totals.processed(&r.queues[p], r.queues[p].unread(), second)
			}
		}
		return
	}
	m.unspent -= float64(able)
	r.share(m, second, able)
}

// share spends able records of work evenly over the partitions that have some waiting.
func (r *run) share(m *member, second int32, able int64) {
	for able > 0 {
		open := int64(0)
		for _, p := range m.partitions {
			if r.workable(p, second) && r.queues[p].unread() > 0 {
				open++
			}
		}
		if open == 0 {
			return
		}
		each := max(1, able/open)
		for k := range m.partitions {
			p := m.partitions[(k+int(second))%len(m.partitions)] // who comes first takes turns
			if able > 0 && r.workable(p, second) {
				n := min(each, able, r.queues[p].unread())
				r.totals.processed(&r.queues[p], n, second)
				able -= n
			}
		}
	}
}

// workable reports whether a partition may be read now: its owner has it, and no fault stops it.
func (r *run) workable(p int, second int32) bool {
	return (r.group.readableFrom[p] <= second || second < r.group.readUntil[p]) && !r.fault.poisoned(p)
}

// commit commits what members processed whose time to commit has come.
func (r *run) commit(second int32) {
	for i := range r.group.members {
		if m := &r.group.members[i]; (second+m.phase)%int32(r.Commit/time.Second) == 0 {
			for _, p := range m.partitions {
				r.queues[p].commit()
			}
		}
	}
}

// handOver takes a partition from its owner.
func (r *run) handOver(p int) {
	if r.CommitOnRevoke {
		r.queues[p].commit()
	}
	r.queues[p].rewind()
}
