package seen

import (
	"strings"

	"github.com/lagscaler/lagscaler/lag"
)

// Assignment is how an assignor spreads partitions over consumers.
type Assignment uint8

// The assignments.
const (
	Balanced Assignment = iota // round-robin, sticky, cooperative-sticky, KIP-848 uniform: counts differ by one at most
	ByRange                    // a contiguous block of every topic
	Shared                     // share groups: every consumer reads every partition
)

// AssignmentOf is how a group's assignor spreads partitions.
func AssignmentOf(g *lag.GroupLag) Assignment {
	switch {
	case g.Type == lag.Share:
		return Shared
	case strings.EqualFold(g.Assignor, "range"):
		return ByRange
	}
	return Balanced
}

// UsefulConsumers is the number of consumers that can have a partition. The range assignor begins every topic at the first
// consumer, so it is the number of partitions of the largest topic. For Kafka Streams it is the number of tasks. 0: there is
// no limit, or it is not known.
func UsefulConsumers(a Assignment, c *Columns) int32 {
	if a == Shared {
		return 0
	}
	if a == ByRange {
		n := 0
		for _, t := range c.Topics {
			if !t.Skip {
				n = max(n, len(t.Partitions))
			}
		}
		return int32(n)
	}
	_, n := c.Tasks()
	return int32(n)
}

// Tasks gives a number to every unit of assignment: a task of Kafka Streams (one partition in all topics of a subtopology), or
// else a partition. It returns the number for each column, in the order of the columns, and the number of units.
//
//	two topics of 12 partitions, one subtopology      12: a join
//	the same, two subtopologies                       24
//	the same, not known, or not Kafka Streams         24
func (c *Columns) Tasks() (of []int, n int) {
	type task struct {
		subtopology string
		partition   int32
	}
	if c.tasks != nil {
		return c.tasks, c.units
	}
	of = make([]int, c.Count)
	known := map[task]int{}
	for _, t := range c.Topics {
		if t.Skip {
			continue
		}
		for k, p := range t.Partitions {
			key := task{t.Subtopology, p}
			number, shared := n, false
			if t.Subtopology != "" {
				number, shared = known[key]
			}
			if !shared {
				number = n
				n++
			}
			if t.Subtopology != "" {
				known[key] = number
			}
			of[t.First+k] = number
		}
	}
	return of, n
}
