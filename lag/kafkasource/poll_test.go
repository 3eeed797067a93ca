package kafkasource_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/pkg/kversion"

	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/lag/kafkasource"
	"github.com/lagscaler/lagscaler/lag/lagtest"
)

// rig is an embedded cluster, a source that reads it, and the means to change it.
type rig struct {
	*kfake.Cluster
	lagtest.Subject
	source *kafkasource.Source
	t      *testing.T
}

func newRig(t *testing.T, cfg kafkasource.Config, options ...kfake.Opt) *rig {
	t.Helper()
	c := embedded(t, options...)
	cfg.Cluster, cfg.Brokers = "main", c.ListenAddrs()
	s := source(t, cfg)
	return &rig{c, lagtest.Kafka(t, s, c.ListenAddrs()), s, t}
}

func (r *rig) observe() lag.Observation { return r.source.Observe(r.t.Context()) }

// fill makes a topic with as many partitions as brokers, and groups that committed to it, some for each broker.
func (r *rig) fill(groups int) {
	r.Create("orders", 3)
	for p := range int32(3) {
		if err := r.MoveTopicPartition("orders", p, p); err != nil {
			r.t.Fatal(err)
		}
		r.Append("orders", p, 10)
	}
	for i := range groups {
		r.Commit(fmt.Sprintf("g%02d", i), "orders", int32(i%3), 4)
	}
}

// coordinated is a group of the given broker.
func (r *rig) coordinated(by int32, groups int) string {
	r.t.Helper()
	for i := range groups {
		if name := fmt.Sprintf("g%02d", i); r.CoordinatorFor(name) == by {
			return name
		}
	}
	r.t.Fatalf("broker %d coordinates none of %d groups", by, groups)
	return ""
}

func group(t *testing.T, o lag.Observation, name string) lag.GroupRead {
	t.Helper()
	i := slices.IndexFunc(o.Groups, func(g lag.GroupRead) bool { return g.Group == name })
	if i < 0 {
		t.Fatalf("group %q is not in the observation", name)
	}
	return o.Groups[i]
}

func topic(t *testing.T, o lag.Observation, name string) lag.TopicRead {
	t.Helper()
	i := slices.IndexFunc(o.Topics, func(r lag.TopicRead) bool { return r.Name == name })
	if i < 0 {
		t.Fatalf("topic %q is not in the observation", name)
	}
	return o.Topics[i]
}

// quiet fails the test unless everything could be read.
func quiet(t *testing.T, o lag.Observation) {
	t.Helper()
	if len(o.Errors) > 0 {
		t.Errorf("errors: %+v", o.Errors)
	}
	for _, g := range o.Groups {
		if g.Err != lag.OK {
			t.Errorf("group %q: %s", g.Group, g.Err)
		}
	}
	for _, tp := range o.Topics {
		for i, p := range tp.Partitions {
			if p.Err != lag.OK || !p.Known.Has(lag.KnownEnd) {
				t.Errorf("%s/%d: %+v", tp.Name, i, p)
			}
		}
	}
}

func TestBrokersWithoutStates(t *testing.T) {
	r := newRig(t, kafkasource.Config{}, kfake.MaxVersions(kversion.V2_5_0()))
	r.fill(3)
	s := r.source.Sample(t.Context())
	if len(s.Groups) != 0 || len(s.Errors) != 3 || s.Errors[0].Code != lag.UnsupportedVersion {
		t.Errorf("sample %+v", s)
	}
	if o := r.observe(); group(t, o, "g00").State != lag.Empty {
		t.Errorf("state %q: a poll describes groups", group(t, o, "g00").State)
	}
}

func TestReadCommitted(t *testing.T) {
	r := newRig(t, kafkasource.Config{ReadCommitted: func(g string) bool { return g == "careful" }})
	r.Create("payments", 1)
	r.Commit("careful", "payments", 0, 0)
	r.Commit("hasty", "payments", 0, 0)
	tx, err := kgo.NewClient(kgo.SeedBrokers(r.ListenAddrs()...), kgo.TransactionalID("t"), kgo.DefaultProduceTopic("payments"))
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Close()
	if err := tx.BeginTransaction(); err != nil {
		t.Fatal(err)
	}
	if err := tx.ProduceSync(t.Context(), kgo.StringRecord("open"), kgo.StringRecord("open")).FirstErr(); err != nil {
		t.Fatal(err)
	}
	o := r.observe()
	quiet(t, o)
	p := topic(t, o, "payments").Partitions[0]
	if !p.Known.Has(lag.KnownStable) || p.Stable != 0 || p.End != 2 {
		t.Errorf("open transaction: %+v", p)
	}
	if !group(t, o, "careful").ReadCommitted || group(t, o, "hasty").ReadCommitted {
		t.Error("which group reads committed data only is configured")
	}
	if err := tx.EndTransaction(t.Context(), kgo.TryCommit); err != nil {
		t.Fatal(err)
	}
	if p := topic(t, r.observe(), "payments").Partitions[0]; p.Stable != p.End || p.End != 3 {
		t.Errorf("committed transaction: %+v", p)
	}
}

func TestFilters(t *testing.T) {
	r := newRig(t, kafkasource.Config{
		Group: func(g string) bool { return g != "g01" },
		Topic: func(name string) bool { return name != "private" },
	})
	r.fill(3)
	r.Create("private", 1)
	r.Commit("g00", "private", 0, 0)
	o := r.observe()
	if len(o.Groups) != 2 || len(o.Topics) != 1 || len(group(t, o, "g00").Commits) != 1 {
		t.Errorf("%d groups, topics %v", len(o.Groups), o.Topics)
	}
	if s := r.source.Sample(t.Context()); len(s.Groups) != 2 {
		t.Errorf("sample has %d groups", len(s.Groups))
	}
}

func TestConsumerGroupKIP848(t *testing.T) {
	r := newRig(t, kafkasource.Config{})
	r.fill(1)
	r.Append("orders", 2, 5)
	client, err := kgo.NewClient(kgo.SeedBrokers(r.ListenAddrs()...), kgo.ConsumerGroup("next"), kgo.ConsumeTopics("orders"), kgo.ServerSideBalancer())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	deadline := time.Now().Add(20 * time.Second)
	for {
		o := r.observe()
		i := slices.IndexFunc(o.Groups, func(g lag.GroupRead) bool { return g.Group == "next" })
		if i >= 0 && o.Groups[i].State == lag.Stable && len(o.Groups[i].Members) == 1 && len(o.Groups[i].Members[0].Assigned) == 1 {
			g := o.Groups[i]
			m := g.Members[0]
			if g.Type != lag.Consumer || g.Epoch < 1 || m.Epoch < 1 || !slices.Equal(m.Assigned[0].Partitions, []int32{0, 1, 2}) || m.Assigned[0].Topic != "orders" || m.Target != nil {
				t.Errorf("group %+v", g)
			}
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("groups %+v", o.Groups)
		}
	}
}

func TestObserveEndsWithItsContext(t *testing.T) {
	r := newRig(t, kafkasource.Config{})
	r.fill(3)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if o := r.source.Observe(ctx); len(o.Errors) == 0 {
		t.Error("an observation that was cut off tells no error")
	}
	quiet(t, r.observe())
}

// DeleteGroup deletes an empty group.
func (r *rig) DeleteGroup(name string) {
	r.t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(r.ListenAddrs()...))
	if err != nil {
		r.t.Fatal(err)
	}
	defer client.Close()
	req := kmsg.NewPtrDeleteGroupsRequest()
	req.Groups = []string{name}
	resp, err := req.RequestWith(r.t.Context(), client)
	if err != nil || resp.Groups[0].ErrorCode != 0 {
		r.t.Fatalf("deleting %s: %v, %+v", name, err, resp)
	}
}

func TestThrottledBrokerIsLeftAlone(t *testing.T) {
	r := newRig(t, kafkasource.Config{}, kfake.NumBrokers(1))
	r.Create("orders", 1)
	r.Commit("shop", "orders", 0, 0)
	r.ControlKey(int16(kmsg.OffsetFetch), func(req kmsg.Request) (kmsg.Response, error, bool) {
		resp := req.ResponseKind().(*kmsg.OffsetFetchResponse)
		resp.ThrottleMillis = 300
		resp.Groups = []kmsg.OffsetFetchResponseGroup{{Group: "shop", Topics: []kmsg.OffsetFetchResponseGroupTopic{
			{Topic: "orders", Partitions: make([]kmsg.OffsetFetchResponseGroupTopicPartition, 1)},
		}}}
		return resp, nil, true
	})
	began := time.Now()
	quiet(t, r.observe())
	if took := time.Since(began); took < 300*time.Millisecond {
		t.Errorf("took %v: the broker asked for 300 ms of silence before the end offsets", took)
	}
}
