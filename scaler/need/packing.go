package need

import (
	"github.com/lagscaler/lagscaler/scaler/plan"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

// noise is the floating-point error that must not add a consumer.
const noise = 1e-9

// packing finds the smallest number of consumers none of which has more than its capacity.
type packing struct {
	assignment  seen.Assignment
	columns     *seen.Columns
	tasks       []int // by column: what is assigned as a whole, see [seen.Columns.Tasks]
	useful      int32 // at most; 0: no limit known
	perConsumer float64
	sum         []float64 // scratch, by consumer
	last        []int     // scratch, by consumer: its last task, -1: none, -2: it has two or more
}

// newPacking packs the partitions that a source's group has. Before the first complete poll they are those that are listed.
func newPacking(h *seen.History, perConsumer float64) packing {
	p := packing{
		assignment: seen.AssignmentOf(h.Read), columns: h.Readings.Columns, useful: h.Useful, perConsumer: perConsumer,
	}
	p.tasks, _ = p.columns.Tasks()
	if p.useful == 0 {
		p.useful = seen.UsefulConsumers(p.assignment, p.columns)
	}
	return p
}

// streamsTasks is the number of tasks of a Kafka Streams application; 0: none, or not known.
func (p *packing) streamsTasks() int32 {
	if p.assignment != seen.Balanced {
		return 0
	}
	for _, t := range p.columns.Topics {
		if !t.Skip && t.Subtopology != "" {
			return p.useful
		}
	}
	return 0
}

// least is the smallest useful count of at least n under which every consumer with two partitions or more has at most
// what it can do. One partition alone may be too much for a consumer; no count can help that.
//
//	48 partitions of 20/s, 100/s each: 5 fit on one, so 10 consumers
//	48 partitions of 30/s:             3 fit,        so 16
//	48 partitions of 60/s:             1 fits,       so 48
func (p *packing) least(n int32, demand func(column int) float64) int32 {
	if p.assignment == seen.Shared || p.useful == 0 {
		return max(1, n)
	}
	for n = max(1, n); n < p.useful; n++ {
		if p.reduces(n) && p.fits(n, demand) {
			return n
		}
	}
	return p.useful
}

// reduces reports whether n consumers have fewer partitions each than n-1. Other numbers only add consumers that do nothing.
// With 48 partitions: 1 to 8, 10, 12, 16, 24, 48.
func (p *packing) reduces(n int32) bool {
	if n <= 1 {
		return true
	}
	if p.assignment == seen.Balanced {
		return plan.PerConsumer(int(p.useful), n) < plan.PerConsumer(int(p.useful), n-1)
	}
	for _, t := range p.columns.Topics {
		if k := len(t.Partitions); !t.Skip && plan.PerConsumer(k, n) < plan.PerConsumer(k, n-1) {
			return true
		}
	}
	return false
}

func (p *packing) fits(n int32, demand func(column int) float64) bool {
	const none, several = -1, -2
	if cap(p.sum) < int(p.useful) {
		p.sum, p.last = make([]float64, p.useful), make([]int, p.useful)
	}
	sum, last := p.sum[:n], p.last[:n]
	for i := range sum {
		sum[i], last[i] = 0, none
	}
	for _, t := range p.columns.Topics {
		if t.Skip {
			continue
		}
		for k := range t.Partitions {
			task := p.tasks[t.First+k]
			i := task % int(n)
			if p.assignment == seen.ByRange {
				i = RangeOwner(k, len(t.Partitions), int(n))
			}
			switch last[i] {
			case none:
				last[i] = task
			case task:
			default:
				last[i] = several
			}
			sum[i] += demand(t.First + k)
		}
	}
	for i := range sum {
		if last[i] == several && sum[i]*(1-noise) > p.perConsumer {
			return false
		}
	}
	return true
}

// RangeOwner is the consumer that Kafka's RangeAssignor gives partition k of a topic: contiguous blocks, the first
// (partitions mod n) of them one longer.
func RangeOwner(k, partitions, n int) int {
	size, longer := partitions/n, partitions%n
	if k < longer*(size+1) {
		return k / (size + 1)
	}
	return longer + (k-longer*(size+1))/size
}

// next is the smallest useful count above n: the only thing worth trying when a consumer's capacity is unknown.
func (p *packing) next(n int32) int32 {
	if p.useful == 0 {
		return n + 1
	}
	for n++; n < p.useful; n++ {
		if p.reduces(n) {
			return n
		}
	}
	return max(n, p.useful)
}
