package groups

import (
	"context"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/lag/kafkasource/transport"
	"github.com/lagscaler/lagscaler/lag/kafkasource/wire"
)

// describeConsumer reads KIP-848 groups, whose members and epochs are in the response in every state.
func (r *Reading) describeConsumer(ctx context.Context, broker int32, groups []*group) ([]groupError, error) {
	req := kmsg.NewPtrConsumerGroupDescribeRequest()
	req.Groups = groupNames(groups)
	described, err := transport.AsResponse[*kmsg.ConsumerGroupDescribeResponse](r.round.Send(ctx, broker, req))
	if err != nil {
		return nil, err
	}
	answers := match(groups)
	for _, d := range described.Groups {
		g, ok := answers.next(d.Group, d.ErrorCode)
		if !ok {
			continue
		}
		about := description{state: d.State, assignor: d.AssignorName, epoch: d.Epoch, assignmentEpoch: d.AssignmentEpoch}
		for _, m := range d.Members {
			about.members = append(about.members, member{
				Member: lag.Member{
					ID: m.MemberID, InstanceID: wire.StringOf(m.InstanceID), ClientID: m.ClientID, Host: host(m.ClientHost),
					Rack: wire.StringOf(m.RackID), Generation: lag.NoGeneration, Epoch: m.MemberEpoch,
					Topics: sortedNames(m.SubscribedTopics), Pattern: wire.StringOf(m.SubscribedTopicRegex),
				},
				assigned: consumerAssignment(m.Assignment), target: consumerAssignment(m.TargetAssignment),
			})
		}
		g.describe(about)
	}
	return answers.failed(), nil
}

func consumerAssignment(a kmsg.Assignment) []topicPartitions {
	all := make([]topicPartitions, 0, len(a.TopicPartitions))
	for _, t := range a.TopicPartitions {
		all = append(all, topicPartitions{t.TopicID, t.Topic, t.Partitions})
	}
	return all
}
