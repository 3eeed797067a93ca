package groups

import (
	"context"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/lag/kafkasource/transport"
	"github.com/lagscaler/lagscaler/lag/kafkasource/wire"
)

// describeShare reads share groups (KIP-932): several members may have the same partition.
func (r *Reading) describeShare(ctx context.Context, broker int32, groups []*group) ([]groupError, error) {
	req := kmsg.NewPtrShareGroupDescribeRequest()
	req.GroupIDs = groupNames(groups)
	described, err := transport.AsResponse[*kmsg.ShareGroupDescribeResponse](r.round.Send(ctx, broker, req))
	if err != nil {
		return nil, err
	}
	answers := match(groups)
	for _, d := range described.Groups {
		g, ok := answers.next(d.GroupID, d.ErrorCode)
		if !ok {
			continue
		}
		about := description{state: d.GroupState, assignor: d.Assignor, epoch: d.GroupEpoch, assignmentEpoch: d.AssignmentEpoch}
		for _, m := range d.Members {
			member := member{Member: lag.Member{
				ID: m.MemberID, ClientID: m.ClientID, Host: host(m.ClientHost), Rack: wire.StringOf(m.RackID),
				Generation: lag.NoGeneration, Epoch: m.MemberEpoch, Topics: sortedNames(m.SubscribedTopicNames),
			}}
			for _, t := range m.Assignment.TopicPartitions {
				member.assigned = append(member.assigned, topicPartitions{t.TopicID, t.Topic, t.Partitions})
			}
			member.target = member.assigned
			about.members = append(about.members, member)
		}
		g.describe(about)
	}
	return answers.failed(), nil
}

// fetchShare reads the lag of share groups. They have no committed offset but a window of offsets in flight,
// so the lag is the broker's own number, which is in the response from v1 on (Kafka 4.2).
func (r *Reading) fetchShare(ctx context.Context, broker int32, groups []*group) ([]groupError, error) {
	req := kmsg.NewPtrDescribeShareGroupOffsetsRequest()
	for _, g := range groups {
		asked := kmsg.NewDescribeShareGroupOffsetsRequestGroup()
		asked.GroupID = g.Group
		req.Groups = append(req.Groups, asked)
	}
	answer, err := transport.AsResponse[*kmsg.DescribeShareGroupOffsetsResponse](r.round.Send(ctx, broker, req))
	if err != nil {
		return nil, err
	}
	answers, sorter, limit := match(groups), new(wire.CommitSorter), r.shareLimit(ctx, broker)
	for _, o := range answer.Groups {
		g, ok := answers.next(o.GroupID, o.ErrorCode)
		if !ok {
			continue
		}
		g.MaxMembers = limit
		answers.setCommits(g, r.shareCommits(o.Topics, answer.Version), sorter)
	}
	return answers.failed(), nil
}

func (r *Reading) shareCommits(topics []kmsg.DescribeShareGroupOffsetsResponseGroupTopic, version int16) []lag.TopicCommits {
	var all []lag.TopicCommits
	for _, t := range topics {
		name, read := r.cfg.Names.Name([]byte(t.Topic))
		if !read {
			continue
		}
		c := lag.TopicCommits{Topic: name}
		for _, sp := range t.Partitions {
			c.Partitions = append(c.Partitions, shareCommit(sp, version))
		}
		all = append(all, c)
	}
	return all
}

func shareCommit(sp kmsg.DescribeShareGroupOffsetsResponseGroupTopicPartition, version int16) lag.PartitionCommit {
	c := lag.PartitionCommit{
		Partition: sp.Partition, Offset: sp.StartOffset, Err: lag.ErrorCode(sp.ErrorCode),
	}
	switch {
	case c.Err != lag.OK || sp.StartOffset < 0: // not started: it has neither a position nor a lag
	case sp.StartOffset > lag.MaxOffset || sp.Lag > lag.MaxOffset:
		c.Err = lag.Garbled
	case version >= 1 && sp.Lag >= 0:
		c.Lag, c.Known = sp.Lag, lag.KnownLag
	default:
		c.Err = lag.UnsupportedVersion
	}
	return c
}
