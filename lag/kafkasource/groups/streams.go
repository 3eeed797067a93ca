package groups

import (
	"context"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/lag/kafkasource/transport"
	"github.com/lagscaler/lagscaler/lag/kafkasource/wire"
)

// describeStreams reads streams groups (KIP-1071). A member's tasks are partitions of every source topic of a subtopology.
func (r *Reading) describeStreams(ctx context.Context, broker int32, groups []*group) ([]groupError, error) {
	req := kmsg.NewPtrStreamsGroupDescribeRequest()
	req.Groups = groupNames(groups)
	described, err := transport.AsResponse[*kmsg.StreamsGroupDescribeResponse](r.round.Send(ctx, broker, req))
	if err != nil {
		return nil, err
	}
	answers := match(groups)
	for _, d := range described.Groups {
		g, ok := answers.next(d.Group, d.ErrorCode)
		if !ok {
			continue
		}
		sources, all := sourceTopics(d.Topology)
		about := description{state: d.State, assignor: wire.StringOf(d.AssignorName), epoch: d.Epoch, assignmentEpoch: d.AssignmentEpoch}
		for _, m := range d.Members {
			about.members = append(about.members, member{
				Member: lag.Member{
					ID: m.MemberID, InstanceID: wire.StringOf(m.InstanceID), ClientID: m.ClientID, Host: host(m.ClientHost),
					Rack: wire.StringOf(m.RackID), Generation: lag.NoGeneration, Epoch: m.MemberEpoch, Topics: all,
				},
				assigned: tasks(m.Assignment.ActiveTasks, sources), target: tasks(m.TargetAssignment.ActiveTasks, sources),
			})
		}
		g.describe(about)
	}
	return answers.failed(), nil
}

// sourceTopics are the topics each subtopology reads, repartition topics included, and all of them together.
func sourceTopics(topology *kmsg.StreamsGroupDescribeResponseGroupTopology) (by map[string][]string, all []string) {
	if topology == nil {
		return nil, nil
	}
	by = make(map[string][]string, len(topology.Subtopologies))
	for _, sub := range topology.Subtopologies {
		topics := sub.SourceTopics
		for _, r := range sub.RepartitionSourceTopics {
			topics = append(topics, r.Topic)
		}
		by[sub.SubtopologyID] = topics
		all = append(all, topics...)
	}
	return by, sortedNames(all)
}

func tasks(ids []kmsg.TaskIDs, sources map[string][]string) []topicPartitions {
	var all []topicPartitions
	for _, id := range ids {
		for _, topic := range sources[id.SubtopologyID] {
			all = append(all, topicPartitions{name: topic, partitions: append([]int32(nil), id.Partitions...)})
		}
	}
	return all
}
