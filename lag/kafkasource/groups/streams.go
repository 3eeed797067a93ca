package groups

import (
	"cmp"
	"context"
	"slices"
	"strings"

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
		if tooManyTasks(d.Members, sources) {
			answers.fail(g, lag.Garbled)
			continue
		}
		g.Subtopologies = subtopologies(sources)
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
		topics := slices.Clone(sub.SourceTopics)
		for _, r := range sub.RepartitionSourceTopics {
			topics = append(topics, r.Topic)
		}
		by[sub.SubtopologyID] = append(by[sub.SubtopologyID], topics...)
		all = append(all, topics...)
	}
	return by, sortedNames(all)
}

// mostTaskPartitions limits the partitions that are read for the tasks of a group. A task has one partition of every topic of
// its subtopology, so a wrong response could cause a number of partitions that grows with the square of its size.
const mostTaskPartitions = 1 << 20

func tooManyTasks(members []kmsg.StreamsGroupDescribeResponseGroupMember, sources map[string][]string) bool {
	n := 0
	for _, m := range members {
		for _, ids := range [][]kmsg.TaskIDs{m.Assignment.ActiveTasks, m.TargetAssignment.ActiveTasks} {
			for _, id := range ids {
				if n += (1 + len(id.Partitions)) * len(sources[id.SubtopologyID]); n > mostTaskPartitions {
					return true
				}
			}
		}
	}
	return false
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

// streamsAssignor is the protocol name of Kafka Streams in classic groups. It sorts the partitions of a member by topic and
// number, and stores the task of each partition: for a join of two topics, every task is stored twice. So the topics that are
// read by the same tasks can be found.
const streamsAssignor = "stream"

// assignedSubtopologies are the subtopologies of a classic group of Kafka Streams that follow from the tasks of its members. A
// member whose tasks do not match its partitions is ignored.
func assignedSubtopologies(members []kmsg.DescribeGroupsResponseGroupMember) []lag.Subtopology {
	by := map[string]string{} // topic: subtopology
	torn := map[string]bool{} // topics of two subtopologies: an older and a newer version of the application run at the same time
	for _, m := range members {
		a, err := wire.ReadAssignment(m.MemberAssignment)
		if err != nil {
			continue
		}
		tasks, err := wire.ActiveTasks(a.UserData)
		if err != nil {
			continue
		}
		for topic, id := range topicTasks(a.Topics, tasks) {
			if was, ok := by[topic]; ok && was != id {
				torn[topic] = true
			}
			by[topic] = id
		}
	}
	topics := map[string][]string{}
	for topic, id := range by {
		if !torn[topic] {
			topics[id] = append(topics[id], topic)
		}
	}
	return subtopologies(topics)
}

// topicTasks are the subtopologies of a member's topics; nil if its tasks do not match its partitions.
func topicTasks(topics []kmsg.ConsumerMemberAssignmentTopic, tasks []wire.Task) map[string]string {
	type partition struct {
		topic  string
		number int32
	}
	var all []partition
	for _, t := range topics {
		for _, p := range t.Partitions {
			all = append(all, partition{t.Topic, p})
		}
	}
	if len(all) != len(tasks) {
		return nil
	}
	slices.SortFunc(all, func(a, b partition) int {
		return cmp.Or(strings.Compare(a.topic, b.topic), cmp.Compare(a.number, b.number))
	})
	by := map[string]string{}
	for i, p := range all {
		if was, ok := by[p.topic]; tasks[i].Partition != p.number || ok && was != tasks[i].Subtopology {
			return nil
		}
		by[p.topic] = tasks[i].Subtopology
	}
	return by
}

// subtopologies groups topics by subtopology.
func subtopologies(topics map[string][]string) []lag.Subtopology {
	all := make([]lag.Subtopology, 0, len(topics))
	for id, names := range topics {
		if len(names) > 0 {
			all = append(all, lag.Subtopology{ID: id, Topics: sortedNames(names)})
		}
	}
	slices.SortFunc(all, func(a, b lag.Subtopology) int { return strings.Compare(a.ID, b.ID) })
	return all
}
