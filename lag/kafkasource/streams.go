package kafkasource

import (
	"context"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/lagscaler/lagscaler/lag"
)

// describeStreams reads streams groups (KIP-1071). A member's tasks are partitions of every source topic of a subtopology.
func (p *poll) describeStreams(ctx context.Context, broker int32, reads []*read) ([]outcome, error) {
	req := kmsg.NewPtrStreamsGroupDescribeRequest()
	req.Groups = names(reads)
	described, err := as[*kmsg.StreamsGroupDescribeResponse](p.s.ask(ctx, &p.tally, broker, req))
	if err != nil {
		return nil, err
	}
	answers := expect(reads)
	for _, g := range described.Groups {
		r, ok := answers.next(g.Group, g.ErrorCode)
		if !ok {
			continue
		}
		sources, all := sourceTopics(g.Topology)
		h := header{state: g.State, assignor: deref(g.AssignorName), epoch: g.Epoch, assignmentEpoch: g.AssignmentEpoch}
		for _, m := range g.Members {
			h.members = append(h.members, rawMember{
				Member: lag.Member{
					ID: m.MemberID, InstanceID: deref(m.InstanceID), ClientID: m.ClientID, Host: host(m.ClientHost),
					Rack: deref(m.RackID), Generation: lag.NoGeneration, Epoch: m.MemberEpoch, Topics: all,
				},
				assigned: tasks(m.Assignment.ActiveTasks, sources), target: tasks(m.TargetAssignment.ActiveTasks, sources),
			})
		}
		r.describe(h)
	}
	return answers.outcomes(), nil
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
