package kafkasource

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/lagscaler/lagscaler/lag"
)

// rawMember is a member of a group whose coordinator assigns (KIP-848, 932, 1071).
// Its assignment may name topics by id alone.
type rawMember struct {
	lag.Member
	assigned, target []topicPartitions
}

type topicPartitions struct {
	id         [16]byte
	name       string
	partitions []int32
}

// header is what the descriptions of all coordinator-assigned groups have in common.
type header struct {
	state, assignor        string
	epoch, assignmentEpoch int32
	members                []rawMember
}

func (r *read) describe(h header) {
	r.State, r.At = lag.State(h.state), time.Now()
	r.Assignor, r.Epoch, r.AssignmentEpoch = h.assignor, h.epoch, h.assignmentEpoch
	r.members, r.Described = h.members, true
	if r.Protocol == "" {
		r.Protocol = string(r.Type)
	}
}

// describeConsumer reads KIP-848 groups, which tell members and epochs in every state.
func (p *poll) describeConsumer(ctx context.Context, broker int32, reads []*read) ([]outcome, error) {
	req := kmsg.NewPtrConsumerGroupDescribeRequest()
	req.Groups = names(reads)
	described, err := as[*kmsg.ConsumerGroupDescribeResponse](p.s.ask(ctx, &p.tally, broker, req))
	if err != nil {
		return nil, err
	}
	answers := expect(reads)
	for _, g := range described.Groups {
		r, ok := answers.next(g.Group, g.ErrorCode)
		if !ok {
			continue
		}
		h := header{state: g.State, assignor: g.AssignorName, epoch: g.Epoch, assignmentEpoch: g.AssignmentEpoch}
		for _, m := range g.Members {
			h.members = append(h.members, rawMember{
				Member: lag.Member{
					ID: m.MemberID, InstanceID: deref(m.InstanceID), ClientID: m.ClientID, Host: host(m.ClientHost),
					Rack: deref(m.RackID), Generation: lag.NoGeneration, Epoch: m.MemberEpoch,
					Topics: sortedNames(m.SubscribedTopics), Pattern: deref(m.SubscribedTopicRegex),
				},
				assigned: consumerAssignment(m.Assignment), target: consumerAssignment(m.TargetAssignment),
			})
		}
		r.describe(h)
	}
	return answers.outcomes(), nil
}

func consumerAssignment(a kmsg.Assignment) []topicPartitions {
	all := make([]topicPartitions, 0, len(a.TopicPartitions))
	for _, t := range a.TopicPartitions {
		all = append(all, topicPartitions{t.TopicID, t.Topic, t.Partitions})
	}
	return all
}

// resolve turns the topic ids in assignments into names, asking Metadata for those not seen before,
// and so completes members.
func (p *poll) resolve(ctx context.Context) {
	byID := map[[16]byte]string{}
	for name, t := range p.s.memory.topics {
		byID[t.read.ID] = name
	}
	delete(byID, [16]byte{}) // of brokers without topic ids
	if missing := p.unnamed(byID); len(missing) > 0 {
		found, err := p.s.metadata(ctx, &p.tally, missing)
		if err != nil {
			p.fail(lag.StageMetadata, anyBroker, err)
		}
		for _, t := range found {
			if t.Topic != nil {
				byID[t.TopicID] = *t.Topic
			}
		}
	}
	for i := range p.reads {
		r := p.reads[i]
		for _, m := range r.members {
			m.Assigned = m.named(m.assigned, byID)
			if target := m.named(m.target, byID); !sameAssignment(target, m.Assigned) {
				m.Target = target
			}
			r.Members = append(r.Members, m.Member)
		}
		slices.SortFunc(r.Members, func(a, b lag.Member) int { return strings.Compare(a.ID, b.ID) })
		r.members = nil
	}
}

// unnamed are the topic ids that nothing gives a name to.
func (p *poll) unnamed(byID map[[16]byte]string) []kmsg.MetadataRequestTopic {
	asked := map[[16]byte]bool{}
	var missing []kmsg.MetadataRequestTopic
	for i := range p.reads {
		for _, m := range p.reads[i].members {
			for _, t := range slices.Concat(m.assigned, m.target) {
				if _, known := byID[t.id]; t.name != "" || known || asked[t.id] || t.id == [16]byte{} {
					continue
				}
				asked[t.id] = true
				topic := kmsg.NewMetadataRequestTopic()
				topic.TopicID = t.id
				missing = append(missing, topic)
			}
		}
	}
	return missing
}

func (m *rawMember) named(raw []topicPartitions, byID map[[16]byte]string) []lag.TopicPartitions {
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
	return tidy(all)
}

func sameAssignment(a, b []lag.TopicPartitions) bool {
	return slices.EqualFunc(a, b, func(x, y lag.TopicPartitions) bool {
		return x.Topic == y.Topic && slices.Equal(x.Partitions, y.Partitions)
	})
}
