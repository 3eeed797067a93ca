package sim

import (
	"cmp"
	"math"
	"time"
)

// LeastCost is a lower bound of the cost, over the fluid, of any schedule of useful counts with at most this percentage of late
// records, whatever the policy that makes it knows. Partitions are assumed to be uniform.
//
// It is found by dynamic programming over the number of consumers and the backlog, in a world that is kinder than the
// simulator's: arrivals flow at the trace's rate, without the noise of counting; consumers are equally fast, and share all
// work whoever has which partition; all pods of a step start in the least time, to join at a poll, and may be requested that
// long before; a rebalance is never longer than one pause, and a cooperative one delays only what the new members will do; a record is
// late only if it still waits at the end of a poll; and where two schedules are close, the better halves of both
// are kept. A policy that moves between useful counts costs less in the simulator only by luck.
//
// A price on late records turns the limit into a part of the cost. Whatever the price, the cheapest schedule at it, less the
// price of what may be late, costs no more than the cheapest schedule that keeps the limit: the best price is searched for.
func LeastCost(t Trace, w World, latePercent float64) (costOverFluid float64) {
	w = w.filled()
	s := newCostProblem(t, w)
	allowed := latePercent / 100 * s.arrived
	low, high := math.Log(priceLow), math.Log(priceHigh)
	best := 0.0
	for range priceSteps {
		price := math.Exp((low + high) / 2)
		cheapest := s.cheapest(price)
		best = max(best, cheapest.cost-price*allowed)
		if cheapest.late > allowed {
			low = math.Log(price)
		} else {
			high = math.Log(price)
		}
	}
	return best / s.fluid
}

// The grid of the bound.
const (
	stepSeconds = 10 // seconds: a poll
	octaveBits  = 5  // two to this many classes of backlog for each doubling
	classes     = 20 << octaveBits
	priceLow    = 3e-3 // consumer seconds that a late record may cost; its work takes about a hundredth
	priceHigh   = 1.
	priceSteps  = 5 // prices that are tried
)

// costProblem is the input of the search: the arrivals of each step, and the counts of consumers to choose from.
type costProblem struct {
	World
	arrivals  []float64 // records by step
	counts    []int
	lateAfter int // steps until a record is late
	arrived   float64
	fluid     float64 // consumer seconds
}

// newCostProblem takes the kindest world: every pod starts as fast as the fastest one, and a rebalance takes a second.
func newCostProblem(t Trace, w World) *costProblem {
	w.Pause = cmp.Or(w.Pause, time.Second)
	w.Starts = cmp.Or(w.Starts, usualStarts)
	s := &costProblem{World: w, counts: usefulCounts(w.Partitions), lateAfter: int((w.Target + stepSeconds*time.Second - 1) / (stepSeconds * time.Second))}
	for i, rate := range t.Rates(w.PeakLoad * float64(w.Partitions) * w.PerConsumer) {
		if i%stepSeconds == 0 {
			s.arrivals = append(s.arrivals, 0)
		}
		s.arrivals[len(s.arrivals)-1] += rate
		s.arrived += rate
		s.fluid += max(1, rate/w.PerConsumer)
	}
	return s
}

// usefulCounts are those that lower the number of partitions of the busiest consumer.
func usefulCounts(partitions int) []int {
	var counts []int
	most := partitions + 1
	for n := 1; n <= partitions; n++ {
		if each := (partitions + n - 1) / n; each < most {
			counts, most = append(counts, n), each
		}
	}
	return counts
}

// schedule is a schedule up to a step: its cost with the price of late records, how many records were late, and how many
// wait.
type schedule struct{ cost, late, backlog float64 }

// bestSchedules are the best that end with one count of consumers, by class of backlog.
type bestSchedules struct {
	by   [classes]schedule
	open []int // classes that have a schedule, ascending
	top  int   // the greatest class that was offered
}

var impossible = schedule{cost: math.Inf(1), backlog: math.Inf(1)}

// cheapest is the cheapest schedule for the whole trace when each late record has a price.
func (s *costProblem) cheapest(price float64) schedule {
	now, next := make([]bestSchedules, len(s.counts)), make([]bestSchedules, len(s.counts))
	for i := range now {
		for c := range now[i].by {
			now[i].by[c], next[i].by[c] = impossible, impossible
		}
		now[i].by[0] = schedule{}
		now[i].open = []int{0}
	}
	for c := range s.arrivals {
		young, due := s.waiting(c)
		for i := range now {
			for _, class := range now[i].open {
				from := now[i].by[class]
				for j := range next {
					next[j].offer(s.step(from, i, j, stepInput{s.arrivals[c], young, due, price}))
				}
			}
		}
		for i := range now {
			now[i].clear()
			next[i].prune()
		}
		now, next = next, now
	}
	best := impossible
	for i := range now {
		for _, class := range now[i].open {
			if w := now[i].by[class]; w.cost < best.cost {
				best = w
			}
		}
	}
	return best
}

// waiting is what arrived so recently that it is not late at the end of a step, and what becomes late then if it waits.
func (s *costProblem) waiting(c int) (young, due float64) {
	for k := max(0, c-s.lateAfter+1); k <= c; k++ {
		young += s.arrivals[k]
	}
	if c >= s.lateAfter {
		due = s.arrivals[c-s.lateAfter]
	}
	return young, due
}

type stepInput struct{ arrive, young, due, price float64 }

// step extends a schedule that ends with counts[i] by one step with counts[j].
func (s *costProblem) step(w schedule, i, j int, in stepInput) (int, schedule) {
	was, is := float64(s.counts[i]), float64(s.counts[j])
	served := stepSeconds * is
	w.cost += stepSeconds * is
	if i != j {
		w.cost += s.Starts[0].Seconds() * max(0, is-was)
		if s.Protocol == Eager {
			served = (stepSeconds - s.Pause.Seconds()) * is
		} else {
			served -= s.Pause.Seconds() * max(0, is-was)
		}
	}
	w.backlog = max(0, w.backlog+in.arrive-served*s.PerConsumer)
	if late := min(in.due, w.backlog-in.young); late > 0 {
		w.late += late
		w.cost += in.price * late
	}
	return class(w.backlog), w
}

// class is of backlogs that are within 3 % of each other, or less than a record. A number's exponent and the first bits of
// its fraction count them.
func class(backlog float64) int {
	if backlog < 1 {
		return 0
	}
	const fraction, bias = 52, 1023
	return min(classes-1, 1+int(math.Float64bits(backlog)>>(fraction-octaveBits))-bias<<octaveBits)
}

// offer keeps a schedule, or the better halves of two in the same class: so backlogs are never rounded up.
func (w *bestSchedules) offer(class int, o schedule) {
	w.top = max(w.top, class)
	kept := &w.by[class]
	backlog := min(kept.backlog, o.backlog)
	if o.cost < kept.cost {
		*kept = o
	}
	kept.backlog = backlog
}

// prune lists the classes that are open, and drops a schedule that costs no less than one with less backlog.
func (w *bestSchedules) prune() {
	w.open = w.open[:0]
	least := math.Inf(1)
	for c := range w.top + 1 {
		if w.by[c].cost < least {
			least = w.by[c].cost
			w.open = append(w.open, c)
		} else if w.by[c].cost < math.Inf(1) {
			w.by[c] = impossible
		}
	}
}

func (w *bestSchedules) clear() {
	for _, c := range w.open {
		w.by[c] = impossible
	}
	w.open, w.top = w.open[:0], 0
}
