package groups

import (
	"context"
	"slices"
	"strings"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/lag/kafkasource/transport"
)

// member is a member of a group whose coordinator assigns (KIP-848, 932, 1071).
// Its assignment may name topics by id alone.
type member struct {
	lag.Member
	assigned, target []topicPartitions
}

type topicPartitions struct {
	id         [16]byte
	name       string
	partitions []int32
}

// NameTopics replaces the topic ids in assignments by names, and so completes the members. It reads metadata for the ids
// that byID does not have.
func (r *Reading) NameTopics(ctx context.Context, byID map[[16]byte]string) {
	if unknown := r.unknownIDs(byID); len(unknown) > 0 {
		found, _, err := r.round.Metadata(ctx, unknown, nil)
		if err != nil {
			r.round.Fail(lag.StageMetadata, transport.AnyBroker, err)
		}
		for _, t := range found {
			if t.Topic != nil {
				byID[t.TopicID] = *t.Topic
			}
		}
	}
	for _, g := range r.groups {
		for _, m := range g.unnamed {
			m.Assigned = named(m.assigned, byID)
			if target := named(m.target, byID); !sameAssignment(target, m.Assigned) {
				m.Target = target
			}
			g.Members = append(g.Members, m.Member)
		}
		slices.SortFunc(g.Members, func(a, b lag.Member) int { return strings.Compare(a.ID, b.ID) })
		g.unnamed = nil
	}
}

// unknownIDs are the topic ids in assignments whose name is not known.
func (r *Reading) unknownIDs(byID map[[16]byte]string) []kmsg.MetadataRequestTopic {
	asked := map[[16]byte]bool{}
	var unknown []kmsg.MetadataRequestTopic
	for _, g := range r.groups {
		for _, m := range g.unnamed {
			for _, t := range slices.Concat(m.assigned, m.target) {
				if _, known := byID[t.id]; t.name != "" || known || asked[t.id] || t.id == [16]byte{} {
					continue
				}
				asked[t.id] = true
				topic := kmsg.NewMetadataRequestTopic()
				topic.TopicID = t.id
				unknown = append(unknown, topic)
			}
		}
	}
	return unknown
}

func named(raw []topicPartitions, byID map[[16]byte]string) []lag.TopicPartitions {
	all := make([]lag.TopicPartitions, 0, len(raw))
	for _, t := range raw {
		name := t.name
		if name == "" {
			name = byID[t.id]
		}
		if name != "" {
			all = append(all, lag.TopicPartitions{Topic: name, Partitions: t.partitions})
		}
	}
	return normalize(all)
}

func sameAssignment(a, b []lag.TopicPartitions) bool {
	return slices.EqualFunc(a, b, func(x, y lag.TopicPartitions) bool {
		return x.Topic == y.Topic && slices.Equal(x.Partitions, y.Partitions)
	})
}
