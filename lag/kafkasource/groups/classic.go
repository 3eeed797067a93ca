package groups

import (
	"cmp"
	"context"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/lag/kafkasource/transport"
	"github.com/lagscaler/lagscaler/lag/kafkasource/wire"
)

// describeClassic reads classic groups. Members and assignments are only in the response while the group is Stable.
func (r *Reading) describeClassic(ctx context.Context, broker int32, groups []*group) ([]groupError, error) {
	req := kmsg.NewPtrDescribeGroupsRequest()
	req.Groups = groupNames(groups)
	described, err := transport.AsResponse[*kmsg.DescribeGroupsResponse](r.round.Send(ctx, broker, req))
	if err != nil {
		return nil, err
	}
	now := time.Now()
	answers := match(groups)
	for _, d := range described.Groups {
		g, ok := answers.next(d.Group, d.ErrorCode)
		if !ok {
			continue
		}
		g.State, g.At = lag.State(d.State), now
		g.Protocol = cmp.Or(d.ProtocolType, g.Protocol)
		g.Assignor = d.Protocol
		g.Described = g.State == lag.Stable || g.State == lag.Empty || g.State == lag.Dead
		g.Members = classicMembers(&d)
		if d.Protocol == streamsAssignor && d.ProtocolType == consumerProtocol {
			g.Subtopologies = assignedSubtopologies(d.Members)
		}
		g.Generation = generation(g.Members)
	}
	return answers.failed(), nil
}

// consumerProtocol is the protocol type whose member metadata is a consumer's subscription.
// Other types (connect, schema registries, …) put what they like there.
const consumerProtocol = "consumer"

func classicMembers(g *kmsg.DescribeGroupsResponseGroup) []lag.Member {
	members := make([]lag.Member, 0, len(g.Members))
	for _, m := range g.Members {
		member := lag.Member{
			ID: m.MemberID, InstanceID: wire.StringOf(m.InstanceID), ClientID: m.ClientID, Host: host(m.ClientHost),
			Generation: lag.NoGeneration, Epoch: lag.NoGeneration,
		}
		if g.ProtocolType == consumerProtocol {
			decodeSubscription(&member, m.ProtocolMetadata)
			decodeAssignment(&member, m.MemberAssignment)
		}
		members = append(members, member)
	}
	slices.SortFunc(members, func(a, b lag.Member) int { return strings.Compare(a.ID, b.ID) })
	return members
}

// decodeSubscription takes from a classic member's metadata its topics, its rack, and from v2 on (KIP-792)
// the generation it was last in. Metadata that does not decode is ignored: clients write it, not brokers.
func decodeSubscription(m *lag.Member, raw []byte) {
	meta, err := wire.ReadSubscription(raw)
	if err != nil {
		return
	}
	m.Topics = sortedNames(meta.Topics)
	m.Rack = wire.StringOf(meta.Rack)
	if meta.Version >= 2 {
		m.Generation = meta.Generation
	}
}

// decodeAssignment takes a classic member's partitions.
func decodeAssignment(m *lag.Member, raw []byte) {
	a, err := wire.ReadAssignment(raw)
	if err != nil {
		return
	}
	for _, t := range a.Topics {
		m.Assigned = append(m.Assigned, lag.TopicPartitions{Topic: t.Topic, Partitions: t.Partitions})
	}
	m.Assigned = normalize(m.Assigned)
}

// normalize sorts an assignment, joins the partitions of a topic that is in it twice, and drops topics without
// partitions or with a negative one.
func normalize(all []lag.TopicPartitions) []lag.TopicPartitions {
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

// generation is a classic group's current generation, from the ones its members say they were last in: the greatest
// plus 1 whenever one of them rejoined. New members say -1; when all are new it cannot be known.
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
