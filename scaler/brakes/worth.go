package brakes

import (
	"cmp"
	"strings"
)

// before orders asks by what one replica of the step is worth to the records of its own scaler: first what is late now, then what
// would be. Asks that are worth the same are ordered by name.
func before(a, b *Ask) int {
	nowA, plannedA := a.worth()
	nowB, plannedB := b.worth()
	return cmp.Or(cmp.Compare(nowB, nowA), cmp.Compare(plannedB, plannedA), strings.Compare(a.Name, b.Name))
}

// worth is the share of its records that a scaler processes in time thanks to one replica of the step: of what arrives and is to be
// drained now, and of what is planned for. Where the rates are not known, the step counts as what is needed.
func (a *Ask) worth() (now, planned float64) {
	replicas := float64(a.To - a.From)
	if a.PerConsumer <= 0 {
		return 1 / float64(a.To), 1 / float64(a.To)
	}
	return (a.served(a.To, a.Now) - a.served(a.From, a.Now)) / replicas, (a.served(a.To, a.Planned) - a.served(a.From, a.Planned)) / replicas
}

// served is the share of a rate that so many replicas process, with the consumers elsewhere.
func (a *Ask) served(replicas int32, rate float64) float64 {
	if rate <= 0 {
		return 1
	}
	return min(1, float64(a.consumers(replicas))*a.PerConsumer/rate)
}

func (a *Ask) consumers(replicas int32) int32 { return replicas*max(1, a.Consumers) + a.Others }

// useful is how many of the replicas that there is room for help: a consumer more helps only if the one with most partitions then
// has fewer.
//
//	12 partitions   4 replicas, room for 5    2: with 6, each has 2; with 7, 8 or 9 one still has 2
//	12 partitions   6 replicas, room for 5    0: with 11, one still has 2
//	not known       4 replicas, room for 5    5
func (a *Ask) useful(from, room int32) int32 {
	if a.Units == 0 || room <= 0 {
		return max(0, room)
	}
	most := a.most(from + room)
	if from > 0 && most >= a.most(from) {
		return 0
	}
	for room > 1 && a.most(from+room-1) == most {
		room--
	}
	return room
}

// most is how many partitions the consumer with the most of them has, if they are spread evenly.
func (a *Ask) most(replicas int32) int32 {
	n := a.consumers(replicas)
	if n <= 0 {
		return a.Units + 1
	}
	return (a.Units + n - 1) / n
}
