package kafkasource

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/lagscaler/lagscaler/lag"
)

// consumerProtocol is the protocol type whose member metadata is a consumer's subscription.
// Other types (connect, schema registries, …) put what they like there.
const consumerProtocol = "consumer"

// subscription takes from a classic member's metadata its topics, its rack, and from v2 on (KIP-792)
// the generation it was last in. Metadata that does not decode tells nothing: it is the clients' business.
func subscription(m *lag.Member, raw []byte) {
	var meta kmsg.ConsumerMemberMetadata
	if len(raw) == 0 || meta.ReadFrom(raw) != nil {
		return
	}
	m.Topics = sortedNames(meta.Topics)
	m.Rack = deref(meta.Rack)
	if meta.Version >= 2 {
		m.Generation = meta.Generation
	}
}

// assignment takes a classic member's partitions.
func assignment(m *lag.Member, raw []byte) {
	var a kmsg.ConsumerMemberAssignment
	if len(raw) == 0 || a.ReadFrom(raw) != nil {
		return
	}
	for _, t := range a.Topics {
		m.Assigned = append(m.Assigned, lag.TopicPartitions{Topic: t.Topic, Partitions: t.Partitions})
	}
	m.Assigned = tidy(m.Assigned)
}

func sortedNames(names []string) []string {
	names = slices.Clone(names)
	slices.Sort(names)
	return slices.Compact(names)
}

// tidy sorts an assignment, joins what it says of one topic in several places, and drops what is empty or absurd.
func tidy(all []lag.TopicPartitions) []lag.TopicPartitions {
	slices.SortStableFunc(all, func(a, b lag.TopicPartitions) int { return strings.Compare(a.Topic, b.Topic) })
	kept := all[:0]
	for _, t := range all {
		if last := len(kept) - 1; last >= 0 && kept[last].Topic == t.Topic {
			kept[last].Partitions = append(kept[last].Partitions, t.Partitions...)
			continue
		}
		kept = append(kept, t)
	}
	for i := range kept {
		slices.Sort(kept[i].Partitions)
		kept[i].Partitions = slices.Compact(kept[i].Partitions)
	}
	return slices.DeleteFunc(kept, func(t lag.TopicPartitions) bool {
		return len(t.Partitions) == 0 || cmp.Less(t.Partitions[0], 0)
	})
}

// generation is a classic group's current generation, from what its members say they were in last: the greatest plus 1
// whenever one of them rejoined. New members say -1; when all are new it cannot be known.
//
//	members say    generation
//	4 4 4          5
//	4 -1 3         5
//	-1 -1          unknown
func generation(members []lag.Member) int32 {
	last := lag.NoGeneration
	for i := range members {
		last = max(last, members[i].Generation)
	}
	if last < 0 || last == math.MaxInt32 {
		return lag.NoGeneration
	}
	return last + 1
}
