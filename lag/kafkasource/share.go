package kafkasource

import (
	"context"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/lagscaler/lagscaler/lag"
)

// describeShare reads share groups (KIP-932): several members may have the same partition.
func (p *poll) describeShare(ctx context.Context, broker int32, reads []*read) ([]outcome, error) {
	req := kmsg.NewPtrShareGroupDescribeRequest()
	req.GroupIDs = names(reads)
	described, err := as[*kmsg.ShareGroupDescribeResponse](p.s.ask(ctx, &p.tally, broker, req))
	if err != nil {
		return nil, err
	}
	answers := expect(reads)
	for _, g := range described.Groups {
		r, ok := answers.next(g.GroupID, g.ErrorCode)
		if !ok {
			continue
		}
		h := header{state: g.GroupState, assignor: g.Assignor, epoch: g.GroupEpoch, assignmentEpoch: g.AssignmentEpoch}
		for _, m := range g.Members {
			member := rawMember{Member: lag.Member{
				ID: m.MemberID, ClientID: m.ClientID, Host: host(m.ClientHost), Rack: deref(m.RackID),
				Generation: lag.NoGeneration, Epoch: m.MemberEpoch, Topics: sortedNames(m.SubscribedTopicNames),
			}}
			for _, t := range m.Assignment.TopicPartitions {
				member.assigned = append(member.assigned, topicPartitions{t.TopicID, t.Topic, t.Partitions})
			}
			member.target = member.assigned
			h.members = append(h.members, member)
		}
		r.describe(h)
	}
	return answers.outcomes(), nil
}

// fetchShare reads what share groups have left to read. Their offsets are a window and not a position,
// so the lag is the broker's own number, which it tells from v1 on (Kafka 4.2).
func (p *poll) fetchShare(ctx context.Context, broker int32, reads []*read) ([]outcome, error) {
	req := kmsg.NewPtrDescribeShareGroupOffsetsRequest()
	for _, r := range reads {
		g := kmsg.NewDescribeShareGroupOffsetsRequestGroup()
		g.GroupID = r.Group
		req.Groups = append(req.Groups, g)
	}
	answer, err := as[*kmsg.DescribeShareGroupOffsetsResponse](p.s.ask(ctx, &p.tally, broker, req))
	if err != nil {
		return nil, err
	}
	answers, sorter := expect(reads), new(sorter)
	for _, g := range answer.Groups {
		r, ok := answers.next(g.GroupID, g.ErrorCode)
		if !ok {
			continue
		}
		r.committed(p.shareCommits(g.Topics, answer.Version), sorter)
	}
	return answers.outcomes(), nil
}

func (p *poll) shareCommits(topics []kmsg.DescribeShareGroupOffsetsResponseGroupTopic, version int16) []lag.TopicCommits {
	var all []lag.TopicCommits
	for _, t := range topics {
		name, kept := p.s.names.topic([]byte(t.Topic))
		if !kept {
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
		Partition: sp.Partition, Offset: sp.StartOffset, LeaderEpoch: sp.LeaderEpoch, Err: lag.ErrorCode(sp.ErrorCode),
	}
	switch {
	case c.Err != lag.OK || sp.StartOffset < 0: // not started: neither a position nor a lag
	case version >= 1 && sp.Lag >= 0:
		c.Lag, c.Known = sp.Lag, lag.KnownLag
	default:
		c.Err = lag.NotAsked
	}
	return c
}
