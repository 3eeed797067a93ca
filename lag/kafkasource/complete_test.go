package kafkasource_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"
	"pgregory.net/rapid"

	"github.com/lagscaler/lagscaler/lag"
)

// gaps are what brokers leave out of their answers, or answer with an error, in one poll.
type gaps struct {
	id       [16]byte         // of the topic
	broker   int32            // whose metadata has a gap
	metadata string           // which one
	offsets  map[int32]string // by partition
	commits  map[string]string
	code     int16 // of errors
}

var (
	metadataGaps = []string{"", "", "no topic", "unknown topic", "topic error", "no leader", "last partition", "first partition", "all partitions"}
	offsetGaps   = []string{"", "", "", "no partition", "error", "no offset"}
	commitGaps   = []string{"", "", "", "no group", "group error", "partition error", "no commit"}
	gapCodes     = []int16{
		-1, kerr.NotLeaderForPartition.Code, kerr.LeaderNotAvailable.Code, kerr.ReplicaNotAvailable.Code, kerr.TopicAuthorizationFailed.Code,
		kerr.CoordinatorLoadInProgress.Code, kerr.NotCoordinator.Code, kerr.KafkaStorageError.Code, kerr.FencedLeaderEpoch.Code, kerr.OffsetNotAvailable.Code,
	}
)

func (g *gaps) draw(t *rapid.T) {
	g.broker = rapid.Int32Range(0, 2).Draw(t, "broker")
	g.metadata = rapid.SampledFrom(metadataGaps).Draw(t, "metadata")
	g.code = rapid.SampledFrom(gapCodes).Draw(t, "code")
	g.offsets, g.commits = map[int32]string{}, map[string]string{}
	for p := range int32(3) {
		g.offsets[p] = rapid.SampledFrom(offsetGaps).Draw(t, fmt.Sprint("offset of ", p))
	}
	for i := range 6 {
		name := fmt.Sprintf("g%02d", i)
		g.commits[name] = rapid.SampledFrom(commitGaps).Draw(t, "commits of "+name)
	}
}

// leaves answers for the brokers of a rig that fill has filled, with gaps.
func (r *rig) leaves(g *gaps) {
	r.Control(func(req kmsg.Request) (kmsg.Response, error, bool) {
		r.KeepControl()
		switch req := req.(type) {
		case *kmsg.MetadataRequest:
			if len(req.Topics) > 0 {
				return r.metadataWith(req, g), nil, true
			}
		case *kmsg.ListOffsetsRequest:
			return offsetsWith(req, g), nil, true
		case *kmsg.OffsetFetchRequest:
			return commitsWith(req, g), nil, true
		}
		return nil, nil, false
	})
}

func (r *rig) metadataWith(req *kmsg.MetadataRequest, g *gaps) kmsg.Response {
	resp := r.knowsNoTopic(req).(*kmsg.MetadataResponse)
	i := slices.IndexFunc(resp.Topics, func(t kmsg.MetadataResponseTopic) bool { return t.Topic != nil && *t.Topic == "orders" })
	if i < 0 {
		return resp
	}
	gap := ""
	if r.CurrentNode() == g.broker {
		gap = g.metadata
	}
	topic := &resp.Topics[i]
	if topic.TopicID = g.id; gap != "unknown topic" {
		topic.ErrorCode = 0
	}
	for p := range int32(3) {
		one := kmsg.NewMetadataResponseTopicPartition()
		one.Partition, one.Leader, one.LeaderEpoch = p, p, 0
		if gap == "no leader" {
			one.Leader, one.ErrorCode = -1, kerr.LeaderNotAvailable.Code
		}
		topic.Partitions = append(topic.Partitions, one)
	}
	switch gap {
	case "no topic":
		resp.Topics = slices.Delete(resp.Topics, i, i+1)
	case "topic error":
		topic.ErrorCode, topic.Partitions = g.code, nil
	case "last partition":
		topic.Partitions = topic.Partitions[:2]
	case "first partition":
		topic.Partitions = topic.Partitions[1:]
	case "unknown topic", "all partitions":
		topic.Partitions = nil
	}
	return resp
}

func offsetsWith(req *kmsg.ListOffsetsRequest, g *gaps) kmsg.Response {
	resp := req.ResponseKind().(*kmsg.ListOffsetsResponse)
	for _, t := range req.Topics {
		told := kmsg.NewListOffsetsResponseTopic()
		told.Topic = t.Topic
		for _, p := range t.Partitions {
			one := kmsg.NewListOffsetsResponseTopicPartition()
			if one.Partition = p.Partition; p.Timestamp == -1 {
				one.Offset = 10
			} else {
				one.Offset = 0
			}
			switch g.offsets[p.Partition] {
			case "no partition":
				continue
			case "error":
				one.ErrorCode, one.Offset = g.code, -1
			case "no offset":
				one.Offset = -1
			}
			told.Partitions = append(told.Partitions, one)
		}
		resp.Topics = append(resp.Topics, told)
	}
	return resp
}

func commitsWith(req *kmsg.OffsetFetchRequest, g *gaps) kmsg.Response {
	resp := req.ResponseKind().(*kmsg.OffsetFetchResponse)
	for _, asked := range req.Groups {
		var number int32
		_, _ = fmt.Sscanf(strings.TrimPrefix(asked.Group, "g"), "%d", &number)
		told := kmsg.OffsetFetchResponseGroup{Group: asked.Group}
		one := kmsg.OffsetFetchResponseGroupTopicPartition{Partition: number % 3, Offset: 4}
		switch g.commits[asked.Group] {
		case "no group":
			continue
		case "group error":
			told.ErrorCode = g.code
		case "partition error":
			one.ErrorCode, one.Offset = g.code, -1
		case "no commit":
			one.Offset = -1
		}
		if told.ErrorCode == 0 {
			told.Topics = []kmsg.OffsetFetchResponseGroupTopic{{Topic: "orders", Partitions: []kmsg.OffsetFetchResponseGroupTopicPartition{one}}}
		}
		resp.Groups = append(resp.Groups, told)
	}
	return resp
}

// Whatever brokers leave out of their answers: a group of which something is missing is there, and not complete. One that is
// complete has its whole lag.
func TestAPollThatMissesSomethingIsNotComplete(t *testing.T) {
	cfg := eager
	cfg.Limits.Grace = time.Hour
	r := newRig(t, cfg)
	r.fill(6)
	first := r.observe()
	quiet(t, first)
	g := &gaps{id: topic(t, first, "orders").ID}
	r.leaves(g)
	s := lag.Compute(first, nil, nil)
	exact := 0
	rapid.Check(t, func(rt *rapid.T) { // each check is one more poll
		g.draw(rt)
		s = lag.Compute(r.observe(), s, nil)
		for i := range 6 {
			name := fmt.Sprintf("g%02d", i)
			read, ok := s.Group(name)
			if !ok {
				rt.Fatalf("%s is gone", name)
			}
			n, complete := read.Total()
			missing := g.commits[name] != "" || g.offsets[int32(i%3)] != ""
			if complete && (n != 6 || missing) {
				rt.Fatalf("%s is complete with a lag of %d: %+v; errors %+v", name, n, read, s.Errors)
			}
			if complete {
				exact++
			}
		}
	})
	if exact == 0 {
		t.Error("no group was ever complete")
	}
}

// The first metadata of a topic that cannot be used leaves its groups unknown. The twin is an answer without a gap.
func TestTheFirstMetadataHasAGap(t *testing.T) {
	for _, gap := range []string{"", "no topic", "first partition", "last partition", "topic error", "all partitions", "no leader"} {
		t.Run(gap, func(t *testing.T) {
			r := newRig(t, eager)
			r.fill(6)
			g := &gaps{id: topic(t, r.observe(), "orders").ID, metadata: gap, code: kerr.TopicAuthorizationFailed.Code}
			r.leaves(g)
			cfg := eager
			cfg.Brokers = r.ListenAddrs()
			unknown := 0
			for g.broker = range 3 { // it is one of them that is asked first
				s := lag.Compute(source(t, cfg).Observe(t.Context()), nil, nil)
				if len(s.Groups) != 6 {
					t.Errorf("%d groups", len(s.Groups))
				}
				for i := range s.Groups {
					n, complete := s.Groups[i].Total()
					if complete && n != 6 {
						t.Errorf("%s is complete with a lag of %d; errors %+v", s.Groups[i].Group, n, s.Errors)
					}
					if !complete {
						unknown++
					}
				}
			}
			if gap == "" && unknown > 0 {
				t.Errorf("%d groups are not complete", unknown)
			}
		})
	}
}
