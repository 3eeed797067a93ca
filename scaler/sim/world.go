package sim

import (
	"cmp"
	"math"
	"math/rand/v2"
	"time"
)

// Protocol is how a group hands partitions over.
type Protocol string

// The protocols.
const (
	Eager       Protocol = "eager"       // every member stands still for a pause
	Cooperative Protocol = "cooperative" // the partitions that move stand still for one
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
	Troubles    []Trouble
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

// Policy decides how many replicas there should be. It is asked every so many seconds.
type Policy interface {
	Name() string
	Every() int32
	Decide(v *View) (replicas int32, why string)
}

// run is one simulation at work.
type run struct {
	World
	rates   []float64
	rng     *rand.Rand
	weights []float64
	dice    dice
	arrive  []poisson
	rate    float64 // of which arrive was made
	queues  []queue
	fleet   fleet
	group   group
	measure measure
	trouble troubles
}

// Simulate runs a policy through a trace.
func Simulate(t Trace, w World, p Policy) Result {
	w = w.filled()
	r := newRun(t, w)
	view := newView(r)
	for second := range int32(len(r.rates)) {
		r.step(second)
		if second%p.Every() == 0 {
			view.poll(r, second)
			n, why := p.Decide(view)
			if n = min(maxReplicas, max(0, n)); n != r.fleet.spec {
				view.wrote(second, n, why)
				r.fleet.resize(n, second, r)
			}
		}
		r.measure.second(r, second)
	}
	out := r.measure.result(t, w, p, r)
	out.Moves, out.DownsInOutage = view.moves, view.downs
	out.ChangesPerDay = float64(len(view.moves)) * 86400 / float64(len(r.rates))
	return out
}

func newRun(t Trace, w World) *run {
	rng := rand.New(rand.NewPCG(w.Seed, 0x6c61677363616c65))
	r := &run{
		World: w, rng: rng, dice: newDice(w.Seed), rates: t.Rates(w.PeakLoad * float64(w.Partitions) * w.PerConsumer),
		weights: w.Spread.weights(w.Partitions, rng), arrive: make([]poisson, w.Partitions),
		queues: make([]queue, w.Partitions), rate: -1,
	}
	r.group = newGroup(w)
	r.trouble = newTroubles(w.Troubles)
	r.measure.target = int32(w.Target / time.Second)
	initial := w.Initial
	if initial == 0 {
		initial = int32(max(1, math.Ceil(r.rates[0]/(0.85*w.PerConsumer))))
	}
	r.fleet.begin(initial, r)
	return r
}

// step is one second: records arrive, pods come and go, the group rebalances, members work and commit.
func (r *run) step(second int32) {
	r.trouble.at(second, r)
	r.arrivals(second)
	r.fleet.advance(second, r)
	r.group.advance(second, r)
	r.work(second)
	if second%int32(r.Commit/time.Second) == 0 {
		r.commit()
	}
}

func (r *run) arrivals(second int32) {
	if rate := r.rates[second]; rate != r.rate {
		r.rate = rate
		for p, w := range r.weights {
			if p > 0 && w == r.weights[p-1] {
				r.arrive[p] = r.arrive[p-1] // the table is shared, too
			} else {
				r.arrive[p] = poissonOf(rate * w)
			}
		}
	}
	for p := range r.queues {
		n := r.arrive[p].draw(r.dice)
		r.queues[p].arrive(second, n)
		r.measure.arrived += int64(n)
	}
}

// work lets every member process for a second.
func (r *run) work(second int32) {
	share := r.trouble.downstream(r)
	for i := range r.group.members {
		m := &r.group.members[i]
		if len(m.partitions) == 0 {
			continue
		}
		r.consume(m, second, m.rate*share)
	}
}

// consume spends a member's second on its partitions: on all that waits if it can, else evenly.
func (r *run) consume(m *member, second int32, speed float64) {
	waiting := int64(0)
	for _, p := range m.partitions {
		if r.workable(p, second) {
			waiting += r.queues[p].waiting
		}
	}
	m.credit += speed
	able := int64(m.credit)
	if waiting <= able {
		m.credit = min(m.credit-float64(waiting), 1) // idle time is not saved up
		for _, p := range m.partitions {
			if r.workable(p, second) {
				r.measure.processed(&r.queues[p], r.queues[p].waiting, second)
			}
		}
		return
	}
	m.credit -= float64(able)
	r.share(m, second, able)
}

// share spends able records of work evenly over the partitions that have some waiting.
func (r *run) share(m *member, second int32, able int64) {
	for able > 0 {
		open := int64(0)
		for _, p := range m.partitions {
			if r.workable(p, second) && r.queues[p].waiting > 0 {
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
				n := min(each, able, r.queues[p].waiting)
				r.measure.processed(&r.queues[p], n, second)
				able -= n
			}
		}
	}
}

// workable reports whether a partition may be read now: its owner has it, and no trouble stops it.
func (r *run) workable(p int, second int32) bool {
	return r.group.until[p] <= second && !r.trouble.poisoned(p)
}

func (r *run) commit() {
	for p := range r.queues {
		if r.group.owners[p] != nobody {
			r.queues[p].commit = r.queues[p].done
		}
	}
}
