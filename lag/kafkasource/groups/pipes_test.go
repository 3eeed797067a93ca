package groups

import (
	"context"
	"log/slog"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/lagscaler/lagscaler/lag/kafkasource/cluster"
	"github.com/lagscaler/lagscaler/lag/kafkasource/pipes"
	"github.com/lagscaler/lagscaler/lag/kafkasource/transport"
)

// fakeBrokers are two brokers on pipes, with the ids 0 and 1. They list, describe and find what a test says. The commits of every group
// are none.
type fakeBrokers struct {
	mu      sync.Mutex
	lists   map[int32][]string                            // the groups that each broker lists, as Empty
	loading map[int32]int                                 // how many more lists a broker refuses, because it loads
	dead    map[string]bool                               // groups that are listed, and described as Dead
	moved   map[int32]bool                                // brokers that say of every group that they are not its coordinator
	finds   func(group string, lookup int) (int32, int16) // the coordinator of a group, and the error code
	mute    bool                                          // no broker looks up coordinators: the connection ends
	most    int16                                         // the newest version of FindCoordinator

	lookups [][]string      // the groups of each request that looks up coordinators
	at      []time.Duration // when these came
	began   time.Time
}

// pause is the time between two tries of these tests. It passes at once, because their clock is not the real one.
const pause = 80 * time.Millisecond

// poll begins a poll of these brokers. It is to be called where the clock is that of testing/synctest.
func (k *fakeBrokers) poll(t *testing.T) *cluster.Round {
	t.Helper()
	client, err := transport.New(transport.Config{
		Brokers: []string{"127.0.0.1:9000"}, Dial: k.dial, InFlight: 4, Single: 4, Response: 1 << 20, DialTimeout: time.Second, Request: time.Second,
		MetadataTTL: time.Hour,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	round := cluster.New(client, 100, pause, slog.New(slog.DiscardHandler)).Poll()
	if err := round.FindBrokers(t.Context()); err != nil {
		t.Fatal(err)
	}
	k.began = time.Now()
	return round
}

func (k *fakeBrokers) dial(_ context.Context, _, address string) (net.Conn, error) {
	broker := int32(address[len(address)-1] - '0')
	return pipes.Dial(address, func(req kmsg.Request) kmsg.Response { return k.response(broker, req) }, nil), nil
}

// response is the answer of a broker; nil: the connection ends instead.
func (k *fakeBrokers) response(broker int32, req kmsg.Request) kmsg.Response {
	k.mu.Lock()
	defer k.mu.Unlock()
	var code int16
	if k.moved[broker] {
		code = 16
	}
	switch req := req.(type) {
	case *kmsg.ApiVersionsRequest:
		return &kmsg.ApiVersionsResponse{ApiKeys: []kmsg.ApiVersionsResponseApiKey{
			{ApiKey: 3, MaxVersion: 12}, {ApiKey: 9, MaxVersion: 8}, {ApiKey: 10, MaxVersion: k.most}, {ApiKey: 15, MaxVersion: 5}, {ApiKey: 16, MaxVersion: 4}, {ApiKey: 18},
		}}
	case *kmsg.MetadataRequest:
		id := "fake"
		return &kmsg.MetadataResponse{ClusterID: &id, Brokers: []kmsg.MetadataResponseBroker{
			{NodeID: 0, Host: "127.0.0.1", Port: 9000}, {NodeID: 1, Host: "127.0.0.1", Port: 9001},
		}}
	case *kmsg.ListGroupsRequest:
		resp := &kmsg.ListGroupsResponse{}
		if k.loading[broker] > 0 {
			k.loading[broker]--
			resp.ErrorCode = 14
			return resp
		}
		for _, name := range k.lists[broker] {
			resp.Groups = append(resp.Groups, kmsg.ListGroupsResponseGroup{Group: name, ProtocolType: "consumer", GroupState: k.state(name)})
		}
		return resp
	case *kmsg.DescribeGroupsRequest:
		resp := &kmsg.DescribeGroupsResponse{}
		for _, name := range req.Groups {
			resp.Groups = append(resp.Groups, kmsg.DescribeGroupsResponseGroup{Group: name, ErrorCode: code, State: k.state(name), AuthorizedOperations: -1 << 31})
		}
		return resp
	case *kmsg.OffsetFetchRequest:
		resp := &kmsg.OffsetFetchResponse{}
		for _, g := range req.Groups {
			resp.Groups = append(resp.Groups, kmsg.OffsetFetchResponseGroup{Group: g.Group, ErrorCode: code})
		}
		return resp
	case *kmsg.FindCoordinatorRequest:
		return k.found(req)
	}
	return nil
}

func (k *fakeBrokers) state(group string) string {
	if k.dead[group] {
		return "Dead"
	}
	return "Empty"
}

// mostLookups is more than any test needs. A poll that looks coordinators up for ever ends so.
const mostLookups = 20

func (k *fakeBrokers) found(req *kmsg.FindCoordinatorRequest) kmsg.Response {
	names := req.CoordinatorKeys
	if req.Version < 4 {
		names = []string{req.CoordinatorKey}
	}
	k.lookups, k.at = append(k.lookups, names), append(k.at, time.Since(k.began))
	if k.mute || len(k.lookups) > mostLookups {
		return nil
	}
	resp := &kmsg.FindCoordinatorResponse{}
	for _, name := range names {
		node, code := k.finds(name, len(k.lookups))
		resp.NodeID, resp.ErrorCode = node, code
		resp.Coordinators = append(resp.Coordinators, kmsg.FindCoordinatorResponseCoordinator{Key: name, NodeID: node, ErrorCode: code})
	}
	return resp
}
