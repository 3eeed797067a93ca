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

// UsefulConsumers is how many consumers can have a partition. The range assignor begins every topic with the first
// consumer, so it is as many as the largest topic has partitions. 0: no limit, or none known.
func UsefulConsumers(a Assignment, c *Columns) int32 {
	if a == Shared {
		return 0
	}
	n := 0
	for _, t := range c.Topics {
		switch {
		case t.Skip:
		case a == ByRange:
			n = max(n, len(t.Partitions))
		default:
			n += len(t.Partitions)
		}
	}
	return int32(n)
}
