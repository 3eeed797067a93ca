package kafkasource_test

import (
	"context"
	"io"
	"net"
	"slices"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/lag/kafkasource"
)

func TestLeaderMoved(t *testing.T) {
	r := newRig(t, kafkasource.Config{})
	r.fill(3)
	quiet(t, r.observe())
	if err := r.MoveTopicPartition("orders", 1, 2); err != nil {
		t.Fatal(err)
	}
	r.Append("orders", 1, 5)
	o := r.observe()
	quiet(t, o)
	if p := topic(t, o, "orders").Partitions[1]; p.Leader != 2 || p.End != 15 {
		t.Errorf("partition %+v: want leader 2 and end 15", p)
	}
	if got := requests(o); got["Metadata"] != 1 || got["ListOffsets"] > 5 {
		t.Errorf("requests %v: only what moved is asked for again", got)
	}
}

func TestLeaderlessPartition(t *testing.T) {
	r := newRig(t, kafkasource.Config{})
	r.fill(3)
	whole := topic(t, r.observe(), "orders")
	r.ControlKey(int16(kmsg.ListOffsets), func(req kmsg.Request) (kmsg.Response, error, bool) {
		r.KeepControl()
		return leaderless(req.(*kmsg.ListOffsetsRequest), whole)
	})
	o := r.observe()
	for i, p := range topic(t, o, "orders").Partitions {
		if i == 1 && (p.Err != lag.ErrorCode(kerr.NotLeaderForPartition.Code) || p.Known.Has(lag.KnownEnd)) {
			t.Errorf("partition 1: %+v", p)
		}
		if i != 1 && (p.Err != lag.OK || p.End != 10) {
			t.Errorf("partition %d: %+v", i, p)
		}
	}
	if len(o.Errors) != 1 || o.Errors[0].Detail == "" || o.Errors[0].Stage != lag.StageOffsets {
		t.Errorf("errors %+v", o.Errors)
	}
}

// leaderless answers for every partition but number 1, which nobody leads.
//
//nolint:revive // the order is that of the embedded cluster's hook
func leaderless(req *kmsg.ListOffsetsRequest, whole lag.TopicRead) (kmsg.Response, error, bool) {
	resp := req.ResponseKind().(*kmsg.ListOffsetsResponse)
	for _, t := range req.Topics {
		rt := kmsg.ListOffsetsResponseTopic{Topic: t.Topic}
		for _, p := range t.Partitions {
			rp := kmsg.NewListOffsetsResponseTopicPartition()
			rp.Partition, rp.Offset = p.Partition, whole.Partitions[p.Partition].End
			if p.Partition == 1 {
				rp.ErrorCode, rp.Offset = kerr.NotLeaderForPartition.Code, -1
			}
			rt.Partitions = append(rt.Partitions, rp)
		}
		resp.Topics = append(resp.Topics, rt)
	}
	return resp, nil, true
}

// kill makes a broker close every connection at once, until the returned function revives it.
func (r *rig) kill(broker int32) (revive func()) {
	var revived atomic.Bool
	r.Control(func(kmsg.Request) (kmsg.Response, error, bool) {
		r.KeepControl()
		return nil, io.EOF, !revived.Load() && r.CurrentNode() == broker
	})
	return func() { revived.Store(true) }
}

func TestBrokerDown(t *testing.T) {
	r := newRig(t, kafkasource.Config{})
	r.fill(30)
	quiet(t, r.observe())
	lost, well := r.coordinated(1, 30), r.coordinated(2, 30)
	revive := r.kill(1)
	o := r.observe()
	if g := group(t, o, lost); g.Err != lag.Unreachable {
		t.Errorf("group of the dead broker: %+v", g)
	}
	if g := group(t, o, well); g.Err != lag.OK || len(g.Commits) != 1 {
		t.Errorf("group of a living broker: %+v", g)
	}
	for i, p := range topic(t, o, "orders").Partitions {
		if known := p.Known.Has(lag.KnownEnd); known == (i == 1) || known && p.End != 10 {
			t.Errorf("partition %d: %+v", i, p)
		}
	}
	if s := r.source.Sample(t.Context()); len(s.Errors) != 1 || s.Errors[0].Broker != 1 || len(s.Groups) == 0 {
		t.Errorf("sample errors %+v, %d groups", s.Errors, len(s.Groups))
	}
	revive()
	o = r.observe()
	quiet(t, o)
	if len(o.Groups) != 30 {
		t.Errorf("%d groups", len(o.Groups))
	}
}

func TestBrokerHangs(t *testing.T) {
	r := newRig(t, kafkasource.Config{Limits: kafkasource.Limits{Request: 300 * time.Millisecond, Dial: 300 * time.Millisecond}})
	r.fill(30)
	quiet(t, r.observe())
	r.Control(func(kmsg.Request) (kmsg.Response, error, bool) {
		r.KeepControl()
		return nil, nil, r.CurrentNode() == 1
	})
	began := time.Now()
	o := r.observe()
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("took %v: a broker that hangs is waited for once", took)
	}
	if g := group(t, o, r.coordinated(1, 30)); g.Err != lag.Unreachable {
		t.Errorf("group %+v", g)
	}
	if g := group(t, o, r.coordinated(0, 30)); g.Err != lag.OK {
		t.Errorf("group %+v", g)
	}
}

func TestNobodyAnswers(t *testing.T) {
	s := source(t, kafkasource.Config{Brokers: []string{"127.0.0.1:1"}})
	o := s.Observe(t.Context())
	if len(o.Errors) != 1 || o.Errors[0].Code != lag.Unreachable || len(o.Groups) != 0 {
		t.Errorf("observation %+v", o)
	}
	if sample := s.Sample(t.Context()); sample.Complete() {
		t.Error("a sample of nothing is complete")
	}
}

func TestTopicRecreated(t *testing.T) {
	r := newRig(t, kafkasource.Config{})
	r.fill(3)
	r.Append("orders", 0, 20)
	before := topic(t, r.observe(), "orders")
	r.Delete("orders")
	r.Create("orders", 3)
	r.Append("orders", 0, 2)
	r.Commit("g00", "orders", 0, 4) // a consumer that did not notice
	o := r.observe()
	after := topic(t, o, "orders")
	if after.ID == before.ID || after.Partitions[0].End != 2 || after.Partitions[0].Start != 0 {
		t.Errorf("before %x, after %x: %+v", before.ID, after.ID, after.Partitions[0])
	}
	if c := group(t, o, "g00").Commits[0].Partitions[0]; c.Offset != 4 {
		t.Errorf("commit %+v: above the end, and told as it is", c)
	}
}

func TestTopicThatNobodyCreated(t *testing.T) {
	r := newRig(t, kafkasource.Config{})
	r.fill(1)
	leave := r.Join("g00", "orders", "later")
	defer leave()
	var last lag.Observation
	for range 3 {
		last = r.observe()
	}
	if got := requests(last); got["Metadata"] != 0 || len(last.Errors) != 0 {
		t.Errorf("requests %v, errors %+v: what is not there is not asked for in every poll", got, last.Errors)
	}
	r.Create("later", 1)
	r.Commit("other", "later", 0, 0)
	if tp := topic(t, r.observe(), "later"); len(tp.Partitions) != 1 {
		t.Errorf("topic %+v: a commit says that it is there", tp)
	}
}

// TestBootstrapIsGone adds a broker after the only bootstrap address stopped answering: what the other brokers tell
// of the cluster is enough.
func TestBootstrapIsGone(t *testing.T) {
	c := embedded(t)
	var closed atomic.Bool
	first := c.ListenAddrs()[0]
	s := source(t, kafkasource.Config{
		Brokers: []string{first},
		Limits:  kafkasource.Limits{Metadata: time.Nanosecond},
		Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
			if closed.Load() && address == first {
				return nil, syscall.ECONNREFUSED
			}
			return new(net.Dialer).DialContext(ctx, network, address)
		},
	})
	quiet(t, s.Observe(t.Context()))
	closed.Store(true)
	c.Control(func(kmsg.Request) (kmsg.Response, error, bool) {
		c.KeepControl()
		return nil, io.EOF, c.CurrentNode() == 0 // connections that were open
	})
	id, _, err := c.AddNode(-1, 0)
	if err != nil {
		t.Fatal(err)
	}
	o := s.Observe(t.Context())
	if !slices.ContainsFunc(o.Brokers, func(b lag.Broker) bool { return b.ID == id }) {
		t.Fatalf("brokers %+v without %d", o.Brokers, id)
	}
	for _, e := range o.Errors {
		if e.Broker == id {
			t.Errorf("the new broker %d: %+v", id, e)
		}
	}
}
