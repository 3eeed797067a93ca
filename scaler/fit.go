package scaler

import (
	"strings"

	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/scaler/plan"
)

// tiny is the floating-point noise that must not add a consumer.
const tiny = 1e-9

// dealing is how an assignor deals partitions to consumers.
type dealing uint8

const (
	byCount dealing = iota // round-robin, sticky, cooperative-sticky, KIP-848 uniform: counts differ by one at most
	byRange                // a contiguous block of every topic
	shared                 // share groups: every consumer reads every partition
)

func dealingOf(g *lag.GroupLag) dealing {
	switch {
	case g.Type == lag.Share:
		return shared
	case strings.EqualFold(g.Assignor, "range"):
		return byRange
	}
	return byCount
}

// usefulPartitions is how many consumers can have a partition: under range, which deals every topic from the first
// consumer on, as many as the greatest topic has. 0: no limit, or none known.
func usefulPartitions(g *lag.GroupLag, s *shape) int32 {
	deal := dealingOf(g)
	if deal == shared {
		return 0
	}
	n := 0
	for _, t := range s.topics {
		if t.skip {
			continue
		}
		if deal == byRange {
			n = max(n, len(t.partitions))
		} else {
			n += len(t.partitions)
		}
	}
	return int32(n)
}

// fitting finds the smallest count of consumers none of which has more than it can do.
type fitting struct {
	deal    dealing
	shape   *shape
	useful  int32 // at most
	per     float64
	sum     []float64 // scratch, by consumer
	several []bool    // the consumer has two partitions or more
}

// least is the smallest useful count of at least n under which every consumer with two partitions or more has at most
// what it can do. One partition alone may be too much for a consumer; no count can help that.
//
//	48 partitions of 20/s, 100/s each: 5 fit on one, so 10 consumers
//	48 partitions of 30/s:             3 fit,        so 16
//	48 partitions of 60/s:             1 fits,       so 48
func (f *fitting) least(n int32, demand func(column int) float64) int32 {
	if f.deal == shared || f.useful == 0 {
		return max(1, n)
	}
	for n = max(1, n); n < f.useful; n++ {
		if f.lowers(n) && f.fits(n, demand) {
			return n
		}
	}
	return f.useful
}

// lowers reports whether n consumers carry fewer partitions each than n-1: other counts only idle somebody.
// With 48 partitions: 1 to 8, 10, 12, 16, 24, 48.
func (f *fitting) lowers(n int32) bool {
	if n <= 1 {
		return true
	}
	if f.deal == byCount {
		return plan.PerConsumer(int(f.useful), n) < plan.PerConsumer(int(f.useful), n-1)
	}
	for _, t := range f.shape.topics {
		if k := len(t.partitions); !t.skip && plan.PerConsumer(k, n) < plan.PerConsumer(k, n-1) {
			return true
		}
	}
	return false
}

func (f *fitting) fits(n int32, demand func(column int) float64) bool {
	if cap(f.sum) < int(f.useful) {
		f.sum, f.several = make([]float64, f.useful), make([]bool, f.useful)
	}
	sum, several := f.sum[:n], f.several[:n]
	for i := range sum {
		sum[i], several[i] = -1, false
	}
	next := 0
	for _, t := range f.shape.topics {
		if t.skip {
			continue
		}
		for k := range t.partitions {
			i := next % int(n)
			if f.deal == byRange {
				i = rangeOwner(k, len(t.partitions), int(n))
			}
			next++
			if sum[i] < 0 {
				sum[i] = 0
			} else {
				several[i] = true
			}
			sum[i] += demand(t.first + k)
		}
	}
	for i := range sum {
		if several[i] && sum[i]*(1-tiny) > f.per {
			return false
		}
	}
	return true
}

// rangeOwner is the consumer that Kafka's RangeAssignor gives partition k of a topic: contiguous blocks, the first
// (partitions mod n) of them one longer.
func rangeOwner(k, partitions, n int) int {
	size, longer := partitions/n, partitions%n
	if k < longer*(size+1) {
		return k / (size + 1)
	}
	return longer + (k-longer*(size+1))/size
}

// next is the smallest useful count above n: the only thing worth trying when a consumer's capacity is unknown.
func (f *fitting) next(n int32) int32 {
	if f.useful == 0 {
		return n + 1
	}
	for n++; n < f.useful; n++ {
		if f.lowers(n) {
			return n
		}
	}
	return max(n, f.useful)
}
