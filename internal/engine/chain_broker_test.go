package engine

import (
	"context"
	"io"
	"net"
	"strings"
	"sync"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/lagscaler/lagscaler/lag/kafkasource/pipes"
)

// fakeKafka is a cluster of two brokers on pipes: one topic, orders, and one group, orders. It answers what its fields say, which a
// test may set to anything.
type fakeKafka struct {
	mu sync.Mutex

	start, end, stable, committed []int64 // by partition; a commit of -1 is none
	partitions                    []int32 // the numbers under which the group commits
	state, groupType              string
	generation                    int32
	members                       []kmsg.DescribeGroupsResponseGroupMember

	codes   map[int16]int16 // by API: the error code of its answers
	hangsUp map[int16]bool  // by API: the connection ends instead of an answer
	patches map[int16]patch // by API: what becomes of its answers
	down    map[int]bool    // brokers that nobody reaches
}

// patch writes bytes over an answer, from a place on.
type patch struct {
	at    int
	bytes []byte
}

// of is the answer with the patch.
func (p patch) of(body []byte) []byte {
	if len(body) > 0 && len(p.bytes) > 0 {
		copy(body[p.at%len(body):], p.bytes)
	}
	return body
}

var fakeAPIs = []kmsg.ApiVersionsResponseApiKey{
	{ApiKey: 2, MaxVersion: 8},
	{ApiKey: 3, MaxVersion: 12},
	{ApiKey: 9, MaxVersion: 9},
	{ApiKey: 10, MaxVersion: 4},
	{ApiKey: 15, MaxVersion: 5},
	{ApiKey: 16, MaxVersion: 5},
	{ApiKey: 18},
	{ApiKey: 32, MaxVersion: 4},
	{ApiKey: 69, MaxVersion: 1},
}

func (k *fakeKafka) dial(_ context.Context, _, address string) (net.Conn, error) {
	broker := int(address[len(address)-1] - '0')
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.down[broker] {
		return nil, &net.OpError{Op: "dial", Err: io.ErrClosedPipe}
	}
	return pipes.Dial(address, func(req kmsg.Request) kmsg.Response { return k.answer(broker, req) }, k.patch), nil
}

// patch changes the bytes of a response.
func (k *fakeKafka) patch(key int16, body []byte) []byte {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.patches[key].of(body)
}

// answer is the response to a request; nil when the connection ends instead.
func (k *fakeKafka) answer(broker int, req kmsg.Request) kmsg.Response {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.down[broker] || k.hangsUp[req.Key()] {
		return nil
	}
	return k.response(broker, req)
}

func (k *fakeKafka) response(broker int, req kmsg.Request) kmsg.Response {
	code := k.codes[req.Key()]
	switch req := req.(type) {
	case *kmsg.ApiVersionsRequest:
		return &kmsg.ApiVersionsResponse{ErrorCode: code, ApiKeys: fakeAPIs}
	case *kmsg.MetadataRequest:
		return k.metadata(req, code)
	case *kmsg.ListGroupsRequest:
		resp := &kmsg.ListGroupsResponse{ErrorCode: code}
		if broker == 1 {
			resp.Groups = []kmsg.ListGroupsResponseGroup{{Group: "orders", ProtocolType: "consumer", GroupState: k.state, GroupType: k.groupType}}
		}
		return resp
	case *kmsg.FindCoordinatorRequest:
		resp := &kmsg.FindCoordinatorResponse{ErrorCode: code, NodeID: 1, Host: "127.0.0.1", Port: 1}
		for _, group := range req.CoordinatorKeys {
			resp.Coordinators = append(resp.Coordinators, kmsg.FindCoordinatorResponseCoordinator{Key: group, NodeID: 1, Host: "127.0.0.1", Port: 1, ErrorCode: code})
		}
		return resp
	case *kmsg.DescribeGroupsRequest:
		g := kmsg.DescribeGroupsResponseGroup{ErrorCode: code, Group: "orders", State: k.state, ProtocolType: "consumer", Protocol: "range", AuthorizedOperations: -1 << 31}
		if k.state == "Stable" {
			g.Members = k.members
		}
		return &kmsg.DescribeGroupsResponse{Groups: []kmsg.DescribeGroupsResponseGroup{g}}
	case *kmsg.ConsumerGroupDescribeRequest:
		return k.consumerGroup(code)
	case *kmsg.OffsetFetchRequest:
		return k.commits(code)
	case *kmsg.ListOffsetsRequest:
		return k.offsets(broker, req, code)
	}
	return req.ResponseKind()
}

func (k *fakeKafka) metadata(req *kmsg.MetadataRequest, code int16) *kmsg.MetadataResponse {
	id := "fake"
	resp := &kmsg.MetadataResponse{ClusterID: &id, ControllerID: 1}
	for broker := range int32(2) {
		resp.Brokers = append(resp.Brokers, kmsg.MetadataResponseBroker{NodeID: broker + 1, Host: "127.0.0.1", Port: broker + 1})
	}
	for _, asked := range req.Topics {
		name, partitions := "orders", len(k.end)
		if asked.Topic != nil && *asked.Topic != name {
			if name = *asked.Topic; name != "__consumer_offsets" {
				resp.Topics = append(resp.Topics, kmsg.MetadataResponseTopic{Topic: &name, ErrorCode: 3})
				continue
			}
			partitions = 1
		}
		topic := kmsg.MetadataResponseTopic{Topic: &name, ErrorCode: code, TopicID: [16]byte{byte(len(name))}}
		for p := range int32(partitions) {
			topic.Partitions = append(topic.Partitions, kmsg.MetadataResponseTopicPartition{
				Partition: p, Leader: p%2 + 1, Replicas: []int32{1, 2}, ISR: []int32{1, 2},
			})
		}
		resp.Topics = append(resp.Topics, topic)
	}
	return resp
}

func (k *fakeKafka) consumerGroup(code int16) *kmsg.ConsumerGroupDescribeResponse {
	g := kmsg.ConsumerGroupDescribeResponseGroup{
		ErrorCode: code, Group: "orders", State: k.state, Epoch: k.generation, AssignmentEpoch: k.generation, AssignorName: "uniform", AuthorizedOperations: -1 << 31,
	}
	for i, m := range k.members {
		member := kmsg.ConsumerGroupDescribeResponseGroupMember{
			MemberID: m.MemberID, MemberEpoch: k.generation, ClientID: m.ClientID, ClientHost: m.ClientHost, SubscribedTopics: []string{"orders"}, MemberType: 1,
		}
		if i < len(k.end) {
			member.Assignment.TopicPartitions = []kmsg.AssignmentTopicPartition{{TopicID: [16]byte{6}, Topic: "orders", Partitions: []int32{int32(i)}}}
		}
		g.Members = append(g.Members, member)
	}
	return &kmsg.ConsumerGroupDescribeResponse{Groups: []kmsg.ConsumerGroupDescribeResponseGroup{g}}
}

// commits are in both places of an answer: which of them is sent depends on its version.
func (k *fakeKafka) commits(code int16) *kmsg.OffsetFetchResponse {
	group := kmsg.OffsetFetchResponseGroup{Group: "orders", ErrorCode: code, Topics: []kmsg.OffsetFetchResponseGroupTopic{{Topic: "orders"}}}
	for i, offset := range k.committed {
		group.Topics[0].Partitions = append(group.Topics[0].Partitions, kmsg.OffsetFetchResponseGroupTopicPartition{
			Partition: k.partitions[i], Offset: offset, LeaderEpoch: -1,
		})
	}
	return &kmsg.OffsetFetchResponse{ErrorCode: code, Groups: []kmsg.OffsetFetchResponseGroup{group}}
}

func (k *fakeKafka) offsets(broker int, req *kmsg.ListOffsetsRequest, code int16) *kmsg.ListOffsetsResponse {
	resp := &kmsg.ListOffsetsResponse{}
	for _, asked := range req.Topics {
		topic := kmsg.ListOffsetsResponseTopic{Topic: asked.Topic}
		for _, p := range asked.Partitions {
			answer := kmsg.ListOffsetsResponseTopicPartition{Partition: p.Partition, ErrorCode: code, Timestamp: -1, Offset: -1, LeaderEpoch: -1}
			switch i := int(p.Partition); {
			case asked.Topic != "orders" || i < 0 || i >= len(k.end):
				answer.ErrorCode = 3
			case i%2+1 != broker:
				answer.ErrorCode = 6
			case code != 0:
			case p.Timestamp == -2:
				answer.Offset = k.start[i]
			case req.IsolationLevel == 1:
				answer.Offset = k.stable[i]
			default:
				answer.Offset = k.end[i]
			}
			topic.Partitions = append(topic.Partitions, answer)
		}
		resp.Topics = append(resp.Topics, topic)
	}
	return resp
}

// join adds a member that has some partitions.
func (k *fakeKafka) join(partitions ...int32) {
	meta := kmsg.ConsumerMemberMetadata{Version: 3, Topics: []string{"orders"}, Generation: k.generation}
	assigned := kmsg.ConsumerMemberAssignment{Version: 3, Topics: []kmsg.ConsumerMemberAssignmentTopic{{Topic: "orders", Partitions: partitions}}}
	id := "member-" + strings.Repeat("x", len(k.members))
	k.members = append(k.members, kmsg.DescribeGroupsResponseGroupMember{
		MemberID: id, ClientID: "worker", ClientHost: "/10.0.0.1", ProtocolMetadata: meta.AppendTo(nil), MemberAssignment: assigned.AppendTo(nil),
	})
}
