package kafka

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/e2e/servers/kafka/coordlog"
)

// member is a consumer in the tests' one group per protocol.
func member(p Protocol, group, topic, id string) Consumer {
	return Consumer{
		ID: id, Group: group, Topics: []string{topic}, Protocol: p,
		SessionTimeout: 3 * time.Second, MaxPollInterval: 3 * time.Second,
	}
}

// protocols are those that a version speaks.
func protocols(v Version) []Protocol {
	if v == V39 {
		return []Protocol{Classic}
	}
	return []Protocol{Classic, KIP848}
}

// Everything that can set a rebalance off does so, and the coordinator's log
// says what it was. A stall ends a KIP-848 membership with an ordinary leave.
func TestFleetMovesAndTheLogTellsWhy(t *testing.T) {
	t.Parallel()
	eachOf(t, Heavy(Logged, V43), func(t *testing.T, c *Cluster) {
		for _, protocol := range protocols(c.Version) {
			t.Run(string(protocol), func(t *testing.T) {
				t.Parallel()
				stalled := map[Protocol]coordlog.Cause{Classic: coordlog.PollTimeout, KIP848: coordlog.MemberLeft}[protocol]
				topic, group := c.CreateTopic(t, "moves", 4), c.Name("moves")
				if protocol == KIP848 {
					c.ConfigureGroup(t, group, map[string]string{"consumer.session.timeout.ms": "3000"})
				}
				f := c.Fleet(t)

				a := member(protocol, group, topic, "a")
				if protocol == Classic { // it leaves when it stalls: on a busy machine its session must not end before that
					a.SessionTimeout, a.Properties = 30*time.Second, map[string]string{"heartbeat.interval.ms": "500"}
				}
				f.Join(a)
				f.AwaitBalanced(topic, 4, "a")
				f.Join(member(protocol, group, topic, "b"))
				f.AwaitBalanced(topic, 4, "a", "b")
				f.Vanish("b")
				f.AwaitBalanced(topic, 4, "a")
				f.Join(member(protocol, group, topic, "c"))
				f.AwaitBalanced(topic, 4, "a", "c")
				f.Stop("c")
				f.AwaitBalanced(topic, 4, "a")
				c.AddPartitions(t, topic, 2)
				f.AwaitBalanced(topic, 6, "a")
				second := c.CreateTopic(t, "moves", 1)
				f.Subscribe("a", topic, second)
				f.AwaitBalanced(second, 1, "a")
				mark := f.Mark()
				f.Stall("a", time.Minute)
				c.AwaitRebalances(t, group, "the group without its stalled member", func(rs []coordlog.Rebalance) bool {
					return len(rs) > 0 && rs[len(rs)-1].Cause == stalled && rs[len(rs)-1].Outcome == coordlog.Empty
				})
				f.Stop("a") // which ends the stall
				f.AwaitSince(mark, "the stalled member's end", func(e Event) bool { return e.Kind == Closed && e.Consumer == "a" })

				want := []coordlog.Cause{
					coordlog.MemberJoined, coordlog.MemberJoined, coordlog.SessionEnded, coordlog.MemberJoined,
					coordlog.MemberLeft, coordlog.Partitions, coordlog.Subscription, stalled,
				}
				if got := causes(c.Rebalances(t, group)); !slices.Equal(got, want) {
					t.Errorf("causes %v, want %v", got, want)
				}
			})
		}
	})
}

func causes(rebalances []coordlog.Rebalance) []coordlog.Cause {
	var all []coordlog.Cause
	for _, r := range rebalances {
		all = append(all, r.Cause)
	}
	return all
}

// A static member that comes back in time sets nothing off.
func TestStaticMemberComesBack(t *testing.T) {
	t.Parallel()
	eachOf(t, Heavy(Logged, V43), func(t *testing.T, c *Cluster) {
		for _, protocol := range protocols(c.Version) {
			t.Run(string(protocol), func(t *testing.T) {
				t.Parallel()
				topic, group := c.CreateTopic(t, "static", 2), c.Name("static")
				f := c.Fleet(t)
				static := member(protocol, group, topic, "a")
				static.InstanceID, static.SessionTimeout = "one", 30*time.Second

				f.Join(static)
				f.AwaitBalanced(topic, 2, "a")
				before := len(c.Rebalances(t, group))
				f.Stop("a")
				f.Join(static)
				f.AwaitBalanced(topic, 2, "a")
				if got := c.Rebalances(t, group); len(got) != before {
					t.Errorf("rebalances %+v, want only %d", got, before)
				}
			})
		}
	})
}

// Kafka's own tool and the fleet agree on what was consumed and by whom.
func TestGroupsAsTheToolSeesThem(t *testing.T) {
	t.Parallel()
	eachOf(t, Heavy(Logged, V43), func(t *testing.T, c *Cluster) {
		topic, group := c.CreateTopic(t, "seen", 2), c.Name("seen by a tool") // spaces are legal
		c.Produce(t, topic, 10)
		f := c.Fleet(t)
		f.Join(Consumer{ID: "x", Group: group, Topics: []string{topic}})
		f.AwaitBalanced(topic, 2, "x")
		for p := range int32(2) {
			f.Await("the commits", func(e Event) bool {
				return e.Kind == Committed && slices.Contains(e.Offsets, Offset{Partition{topic, p}, 10})
			})
		}
		f.Commit("x", Offset{Partition{topic, 1}, 7})

		groups := c.Groups(t)
		i := slices.IndexFunc(groups, func(g Group) bool { return g.Name == group })
		if i < 0 {
			t.Fatalf("the tool does not list %q: %+v", group, groups)
		}
		got := groups[i]
		id := f.AwaitAssigned("x").Member
		owner := GroupPartition{MemberID: id, Host: "/127.0.0.1", ClientID: "x"}
		first, second := owner, owner
		first.Partition, first.Committed, first.End, first.Lag = Partition{topic, 0}, Number{10, true}, Number{10, true}, Number{0, true}
		second.Partition, second.Committed, second.End, second.Lag = Partition{topic, 1}, Number{7, true}, Number{10, true}, Number{3, true}
		if want := []GroupPartition{first, second}; !slices.Equal(got.Partitions, want) {
			t.Errorf("partitions %+v, want %+v", got.Partitions, want)
		}
		if got.State != "Stable" || got.Assignor != "range" || got.Members != 1 || got.Coordinator == 0 {
			t.Errorf("group %+v", got)
		}
		wantMembers := []GroupMember{{MemberID: id, Host: "/127.0.0.1", ClientID: "x", Partitions: 2}}
		if members := c.GroupMembers(t, group); !slices.Equal(members, wantMembers) {
			t.Errorf("members %+v, want %+v", members, wantMembers)
		}
	})
}

// An open transaction holds back who reads committed, and an aborted one is skipped.
func TestTransactions(t *testing.T) {
	t.Parallel()
	eachOf(t, Heavy(Logged, V43), func(t *testing.T, c *Cluster) {
		topic := c.CreateTopic(t, "tx", 1)
		in := Partition{topic, 0}
		f := c.Fleet(t)
		f.Begin("p", in, 5)
		f.AbortTransaction("p")
		f.Begin("p", in, 5)

		awaitOffsets(t, c, topic, 6, 11) // 5 records and the abort's marker, then 5 more
		f.CommitTransaction("p")
		awaitOffsets(t, c, topic, 12, 12)
	})
}

// awaitOffsets waits for the last stable and the end offset of partition 0:
// markers are written after the producer has its answer.
func awaitOffsets(t *testing.T, c *Cluster, topic string, wantStable, wantEnd int64) {
	t.Helper()
	Eventually(t, "the transaction's marker", func() error {
		if stable, end := offsetsOf(t, c, topic); stable != wantStable || end != wantEnd {
			return fmt.Errorf("last stable offset %d, end %d, want %d and %d", stable, end, wantStable, wantEnd)
		}
		return nil
	})
}

func offsetsOf(t *testing.T, c *Cluster, topic string) (stable, end int64) {
	t.Helper()
	committed, err := c.Admin(t).ListCommittedOffsets(t.Context(), topic)
	if err != nil {
		t.Fatal(err)
	}
	ends, err := c.Admin(t).ListEndOffsets(t.Context(), topic)
	if err != nil {
		t.Fatal(err)
	}
	s, _ := committed.Lookup(topic, 0)
	e, _ := ends.Lookup(topic, 0)
	return s.Offset, e.Offset
}

// A load writes what it says, and its rate can be changed.
func TestLoad(t *testing.T) {
	t.Parallel()
	eachOf(t, Heavy(Logged, V43), func(t *testing.T, c *Cluster) {
		topic := c.CreateTopic(t, "load", 3)
		f := c.Fleet(t)
		f.Produce(Load{ID: "l", Topic: topic, PerSecond: 10, Keys: 97})
		f.Rate("l", 1000)
		f.Join(Consumer{ID: "x", Group: c.Name("load"), Topics: []string{topic}})
		f.Await("records in every partition", func(e Event) bool { return e.Kind == Committed && len(e.Offsets) == 3 })
		acked := f.Drain("l")
		ends, err := c.Admin(t).ListEndOffsets(t.Context(), topic)
		if err != nil {
			t.Fatal(err)
		}
		var written int64
		for p := range int32(3) {
			o, _ := ends.Lookup(topic, p)
			written += o.Offset
		}
		if acked != written || acked == 0 {
			t.Errorf("%d acknowledged, %d written", acked, written)
		}
	})
}
