package lag_test

import (
	"fmt"
	"reflect"
	"slices"
	"testing"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/lagscaler/lagscaler/e2e/servers/kafka"
	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/lag/kafkasource"
)

// TestClassicGenerations compares the generation that members' metadata gives away with the coordinator's log.
func TestClassicGenerations(t *testing.T) {
	kafka.EachVersion(t, func(t *testing.T, c *kafka.Cluster) {
		s := source(t, kafkasource.Config{Brokers: addresses(c)})
		orders := c.CreateTopic(t, "orders", 4)
		fleet := c.Fleet(t)
		for _, assignor := range []kafka.Assignor{kafka.Range, kafka.CooperativeSticky} {
			name := c.Name("generations")
			first, second := name+"-a", name+"-b"
			fleet.Join(kafka.Consumer{ID: first, Group: name, Topics: []string{orders}, Assignor: assignor})
			fleet.AwaitBalanced(orders, 4, first)
			fleet.Join(kafka.Consumer{ID: second, Group: name, Topics: []string{orders}, Assignor: assignor})
			fleet.AwaitBalanced(orders, 4, first, second)
			kafka.Eventually(t, "the generation of the log", func() error {
				g, err := group(s.Observe(t.Context()), name)
				if err != nil {
					return err
				}
				rebalances := c.Rebalances(t, name)
				truth := rebalances[len(rebalances)-1].Epoch
				if g.Generation != truth || len(g.Members) != 2 || g.Assignor != string(assignor) {
					return fmt.Errorf("generation %d, the log says %d; group %+v", g.Generation, truth, g)
				}
				return nil
			})
		}
	})
}

func TestConsumerGroupKIP848(t *testing.T) {
	c := kafka.Shared(t, kafka.V44)
	s := source(t, kafkasource.Config{Brokers: addresses(c)})
	orders := c.CreateTopic(t, "orders", 6)
	c.Produce(t, orders, 10)
	fleet := c.Fleet(t)
	name := c.Name("next")
	fleet.Join(kafka.Consumer{ID: "a", Group: name, Topics: []string{orders}, Protocol: kafka.KIP848})
	fleet.AwaitBalanced(orders, 6, "a")
	var epoch int32
	kafka.Eventually(t, "one member with everything", func() error {
		g, err := group(s.Observe(t.Context()), name)
		if err != nil {
			return err
		}
		epoch = g.Epoch
		return consumers(g, orders, 1)
	})
	fleet.Join(kafka.Consumer{ID: "b", Group: name, Topics: []string{orders}, Protocol: kafka.KIP848, InstanceID: "static-b"})
	fleet.AwaitBalanced(orders, 6, "a", "b")
	kafka.Eventually(t, "two members that share", func() error {
		g, err := group(s.Observe(t.Context()), name)
		if err != nil {
			return err
		}
		if g.Epoch <= epoch || g.AssignmentEpoch != g.Epoch {
			return fmt.Errorf("epoch %d after %d, assignment epoch %d", g.Epoch, epoch, g.AssignmentEpoch)
		}
		if !slices.ContainsFunc(g.Members, func(m lag.Member) bool { return m.InstanceID == "static-b" }) {
			return fmt.Errorf("no static member: %+v", g.Members)
		}
		return consumers(g, orders, 2)
	})
}

// consumers checks a stable KIP-848 group whose members share out all 6 partitions.
func consumers(g lag.GroupRead, topic string, members int) error {
	var held []int32
	for _, m := range g.Members {
		if m.Epoch != g.Epoch || m.Target != nil || !slices.Equal(m.Topics, []string{topic}) {
			return fmt.Errorf("member %+v of epoch %d", m, g.Epoch)
		}
		for _, a := range m.Assigned {
			held = append(held, a.Partitions...)
		}
	}
	slices.Sort(held)
	if g.Type != lag.Consumer || g.State != lag.Stable || len(g.Members) != members || !slices.Equal(held, []int32{0, 1, 2, 3, 4, 5}) {
		return fmt.Errorf("group %+v holds %v", g, held)
	}
	return nil
}

func TestShareGroup(t *testing.T) {
	c := kafka.Shared(t, kafka.V44)
	s := source(t, kafkasource.Config{Brokers: addresses(c)})
	jobs := c.CreateTopic(t, "jobs", 2)
	name := c.Name("share")
	c.ConfigureGroup(t, name, map[string]string{"share.auto.offset.reset": "earliest"})
	c.Produce(t, jobs, 20)
	worker := c.ShareConsumer(t, name, jobs)
	kafka.Eventually(t, "a share group that has read everything", func() error {
		o := s.Observe(t.Context())
		g, err := group(o, name)
		if err != nil {
			return err
		}
		if g.Type != lag.Share || g.State != lag.Stable || len(g.Members) != 1 || len(g.Members[0].Assigned) != 1 || g.Err != lag.OK {
			return fmt.Errorf("group %+v", g)
		}
		return totals(o, name, 0)
	})
	worker.Terminate()
	c.Produce(t, jobs, 15)
	kafka.Eventually(t, "the broker's own lag", func() error { return totals(s.Observe(t.Context()), name, 30) })
}

// totals checks a group's total lag.
func totals(o lag.Observation, name string, want int64) error {
	g, err := seen(lag.Compute(o, nil, nil), name)
	if err != nil {
		return err
	}
	if total, complete := g.Total(); total != want || !complete || g.Summary().Known == 0 {
		return fmt.Errorf("total %d (complete %v), want %d: %+v", total, complete, want, g.Topics)
	}
	return nil
}

// TestStreamsGroup joins a streams group by hand (KIP-1071), as the Streams library would.
func TestStreamsGroup(t *testing.T) {
	c := kafka.Shared(t, kafka.V44)
	s := source(t, kafkasource.Config{Brokers: addresses(c)})
	input := c.CreateTopic(t, "input", 3)
	c.Produce(t, input, 10)
	name := c.Name("streams")
	streams := &streamsMember{t: t, c: c, group: name, topic: input}
	kafka.Eventually(t, "the member to have its tasks", streams.heartbeat)
	var offsets kadm.Offsets
	for p := range int32(3) {
		offsets.Add(kadm.Offset{Topic: input, Partition: p, At: 3, LeaderEpoch: -1})
	}
	streams.commit(offsets)
	kafka.Eventually(t, "a streams group with its lag", func() error {
		if err := streams.heartbeat(); err != nil {
			return err
		}
		o := s.Observe(t.Context())
		g, err := group(o, name)
		if err != nil {
			return err
		}
		if g.Type != lag.Streams || len(g.Members) != 1 || g.Epoch < 1 || g.Err != lag.OK || !slices.Equal(g.Members[0].Topics, []string{input}) {
			return fmt.Errorf("group %+v", g)
		}
		if m := g.Members[0]; len(m.Assigned) != 1 || !slices.Equal(m.Assigned[0].Partitions, []int32{0, 1, 2}) {
			return fmt.Errorf("member %+v", m)
		}
		return totals(o, name, 21)
	})
}

// TestStreamsTasks reads which topics an application of Kafka Streams reads by the same tasks: a join of two topics, and its twin,
// two topics that are read apart. Classic groups tell it in their members' assignment, streams groups in their topology.
func TestStreamsTasks(t *testing.T) {
	t.Parallel()
	c := kafka.Shared(t, kafka.V44)
	s := source(t, kafkasource.Config{Brokers: addresses(c)})
	for _, protocol := range []kafka.Protocol{kafka.Classic, kafka.KIP1071} {
		for _, join := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, join %v", protocol, join), func(t *testing.T) {
				t.Parallel() // most of it is waiting for a JVM
				left, right := c.CreateTopic(t, "left", 4), c.CreateTopic(t, "right", 4)
				c.Produce(t, left, 5)
				c.Produce(t, right, 5)
				name := c.Name("tasks")
				c.StreamsApp(t, kafka.StreamsApp{ID: name, Protocol: protocol, Topics: []string{left, right}, Join: join})
				want := []lag.Subtopology{{ID: "0", Topics: []string{left, right}}}
				if !join {
					want = []lag.Subtopology{{ID: "0", Topics: []string{left}}, {ID: "1", Topics: []string{right}}}
				}
				kafka.Eventually(t, "the tasks of an application that has read everything", func() error {
					o := s.Observe(t.Context())
					g, err := seen(lag.Compute(o, nil, nil), name)
					if err != nil {
						return err
					}
					if sum := g.Summary(); len(g.Members) != 2 || sum.Partitions != 8 || sum.Unassigned != 0 || sum.Known != 8 || sum.Total != 0 {
						return fmt.Errorf("%d members, %+v", len(g.Members), sum)
					}
					if !reflect.DeepEqual(g.Subtopologies, want) {
						return fmt.Errorf("subtopologies %+v, want %+v", g.Subtopologies, want)
					}
					return nil
				})
			})
		}
	}
}

// streamsMember is a member that runs whatever tasks it is given.
type streamsMember struct {
	t            *testing.T
	c            *kafka.Cluster
	group, topic string
	id           string
	epoch        int32
	tasks        []kmsg.TaskIDs
}

// heartbeat joins or goes on, and fails until all tasks are there.
func (m *streamsMember) heartbeat() error {
	req := kmsg.NewPtrStreamsGroupHeartbeatRequest()
	req.Group, req.MemberID, req.MemberEpoch = m.group, m.id, m.epoch
	req.ActiveTasks, req.StandbyTasks, req.WarmupTasks = m.tasks, []kmsg.TaskIDs{}, []kmsg.TaskIDs{}
	if m.epoch == 0 {
		m.id = "member-of-" + m.group
		req.MemberID, req.RebalanceTimeoutMillis, req.ProcessID = m.id, 60_000, kmsg.StringPtr("process")
		req.ActiveTasks, req.ClientTags = []kmsg.TaskIDs{}, []kmsg.StreamsGroupHeartbeatRequestClientTag{}
		req.Topology = &kmsg.StreamsGroupHeartbeatRequestTopology{
			Subtopologies: []kmsg.StreamsGroupHeartbeatRequestTopologySubtopology{{SubtopologyID: "0", SourceTopics: []string{m.topic}}},
		}
	}
	resp, err := m.ask(req)
	if err != nil {
		return err
	}
	if err := kerr.ErrorForCode(resp.ErrorCode); err != nil {
		return fmt.Errorf("heartbeat: %w (%v)", err, text(resp.ErrorMessage))
	}
	m.epoch = resp.MemberEpoch
	if resp.ActiveTasks != nil {
		m.tasks = resp.ActiveTasks
	}
	if len(m.tasks) == 0 || len(m.tasks[0].Partitions) != 3 {
		return fmt.Errorf("tasks %+v, status %+v", m.tasks, resp.Status)
	}
	return nil
}

// ask sends a heartbeat to the coordinator: franz-go knows the request's form and not its way.
func (m *streamsMember) ask(req *kmsg.StreamsGroupHeartbeatRequest) (*kmsg.StreamsGroupHeartbeatResponse, error) {
	client, err := kgo.NewClient(kgo.SeedBrokers(addresses(m.c)...), kgo.MaxVersions(nil))
	if err != nil {
		return nil, err
	}
	defer client.Close()
	coordinators := m.c.Admin(m.t).FindGroupCoordinators(m.t.Context(), m.group)
	if err := coordinators.Error(); err != nil {
		return nil, err
	}
	resp, err := client.Broker(int(coordinators[m.group].NodeID)).Request(m.t.Context(), req)
	if err != nil {
		return nil, err
	}
	return resp.(*kmsg.StreamsGroupHeartbeatResponse), nil
}

func (m *streamsMember) commit(offsets kadm.Offsets) {
	m.t.Helper()
	req := kmsg.NewPtrOffsetCommitRequest()
	req.Group, req.MemberID, req.Generation = m.group, m.id, m.epoch
	req.SetVersion(9)
	for topic, partitions := range offsets {
		rt := kmsg.NewOffsetCommitRequestTopic()
		rt.Topic = topic
		for _, o := range partitions {
			rp := kmsg.NewOffsetCommitRequestTopicPartition()
			rp.Partition, rp.Offset = o.Partition, o.At
			rt.Partitions = append(rt.Partitions, rp)
		}
		req.Topics = append(req.Topics, rt)
	}
	listed, err := m.c.Admin(m.t).ListTopics(m.t.Context(), m.topic)
	if err != nil {
		m.t.Fatal(err)
	}
	req.Topics[0].TopicID = listed[m.topic].ID // v10 takes ids
	resp, err := req.RequestWith(m.t.Context(), m.c.Client(m.t))
	if err != nil || resp.Topics[0].Partitions[0].ErrorCode != 0 {
		m.t.Fatalf("committing: %v, %+v", err, resp)
	}
}

// TestTransactions compares both ends of a partition with an open transaction, and a group of each isolation.
func TestTransactions(t *testing.T) {
	kafka.EachVersion(t, func(t *testing.T, c *kafka.Cluster) {
		payments := c.CreateTopic(t, "payments", 1)
		careful, hasty := c.Name("careful"), c.Name("hasty")
		s := source(t, kafkasource.Config{Brokers: addresses(c), ReadCommitted: func(g string) bool { return g == careful }})
		c.Produce(t, payments, 5)
		fleet := c.Fleet(t)
		fleet.Begin(c.Name("tx"), kafka.Partition{Topic: payments}, 8)
		var offsets kadm.Offsets
		offsets.Add(kadm.Offset{Topic: payments, At: 2, LeaderEpoch: -1})
		for _, name := range []string{careful, hasty} {
			kafka.Eventually(t, "a commit", func() error {
				resp, err := c.Admin(t).CommitOffsets(t.Context(), name, offsets)
				if err != nil {
					return err
				}
				return resp.Error()
			})
		}
		kafka.Eventually(t, "the last stable offset for one and the high watermark for the other", func() error {
			o := s.Observe(t.Context())
			read, err := topic(o, payments)
			if err != nil {
				return err
			}
			if p := read.Partitions[0]; p.Stable != 5 || p.End != 13 {
				return fmt.Errorf("partition %+v", p)
			}
			if err := totals(o, careful, 3); err != nil {
				return err
			}
			return totals(o, hasty, 11)
		})
	})
}
