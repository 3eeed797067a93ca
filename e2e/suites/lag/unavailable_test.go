package lag_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/lagscaler/lagscaler/e2e/servers/kafka"
	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/lag/kafkasource"
)

// outageVariable is how long the only replica of some groups' offsets stays away, such as 3m. What is tested does not depend on it.
const outageVariable = "LAGSCALER_OUTAGE"

// outageOf is how long an outage lasts once the controller has fenced the broker.
func outageOf(t *testing.T) time.Duration {
	t.Helper()
	text := os.Getenv(outageVariable)
	if text == "" {
		return time.Second
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		t.Fatalf("%s: %v", outageVariable, err)
	}
	return d
}

// orphaned leaves each partition of __consumer_offsets one replica, and has the broker of some of them killed: nobody lists
// their groups, and FindCoordinator says COORDINATOR_NOT_AVAILABLE. They are unknown, with the reason, and stay; the twin is
// a group of a living coordinator that is deleted meanwhile, and goes. All is exact within two polls of its return.
func orphaned(w *watched) {
	t := w.t
	w.leaveOneReplica("__consumer_offsets")
	twin := w.commitTo(w.Name("twin"), 1)
	w.read(kafkasource.Config{Brokers: addresses(w.Cluster), Limits: kafkasource.Limits{Grace: 3 * time.Second}})
	victim := w.Node(t, 2)
	other := kafka.Shared(t, w.Version)
	victim.Kill(t)
	w.takenOver(victim.Address, other)
	w.unavailable(2)
	kafka.Eventually(t, "the deletion of a group", func() error {
		client, err := kgo.NewClient(kgo.SeedBrokers(addresses(w.Cluster)...)) // one that knows a coordinator may go on asking the dead broker
		if err != nil {
			return err
		}
		defer client.Close()
		deleted, err := kadm.NewClient(client).DeleteGroups(t.Context(), twin)
		return errors.Join(err, deleted.Error())
	})
	for began := time.Now(); time.Since(began) < outageOf(t); time.Sleep(500 * time.Millisecond) {
		w.unavailable(2)
	}
	kafka.Eventually(t, "the deleted group to go", func() error {
		if _, there := w.poll().Group(twin); there {
			return fmt.Errorf("%s is there", twin)
		}
		return nil
	})
	w.unavailable(2)
	victim.Start(t)
	w.back("its return")
}

// takenOver gives the address of a broker that was just killed to a broker of another cluster: it is refused and named, and
// no group of the other cluster is read.
func (w *watched) takenOver(address string, other *kafka.Cluster) {
	t := w.t
	t.Helper()
	stop := forward(t, address, other.Nodes[0].Address)
	defer stop()
	kafka.Eventually(t, "the stranger to be named", func() error {
		s := w.poll()
		for i := range s.Groups {
			if name := s.Groups[i].Group; !slices.Contains(w.groups, name) && !strings.HasPrefix(name, "twin") && !strings.HasPrefix(name, "partial") {
				t.Errorf("group %s is of the other cluster", name)
			}
		}
		if len(s.Foreign) != 1 || s.Foreign[0].Address != address || s.Foreign[0].ClusterID == s.ClusterID || s.ClusterID == "" {
			return fmt.Errorf("foreign %+v, cluster %q, errors %+v", s.Foreign, s.ClusterID, s.Errors)
		}
		return nil
	})
}

// forward listens at an address, and connects whoever comes with another one.
func forward(t *testing.T, address, to string) (stop func()) {
	t.Helper()
	listener, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	return relay(listener, to, func(out io.Writer, in io.Reader) { _, _ = io.Copy(out, in) })
}

// relay connects whoever comes with an address. answers copies what comes back.
func relay(listener net.Listener, to string, answers func(out io.Writer, in io.Reader)) (stop func()) {
	var all sync.WaitGroup
	var mu sync.Mutex
	var open []net.Conn
	keep := func(c net.Conn) {
		mu.Lock()
		defer mu.Unlock()
		open = append(open, c)
	}
	all.Go(func() {
		for {
			in, err := listener.Accept()
			if err != nil {
				return
			}
			keep(in)
			out, err := net.Dial("tcp", to)
			if err != nil {
				_ = in.Close()
				continue
			}
			keep(out)
			all.Go(func() { _, _ = io.Copy(out, in); _ = out.Close() })
			all.Go(func() { answers(in, out); _ = in.Close() })
		}
	})
	return func() {
		_ = listener.Close()
		mu.Lock()
		for _, c := range open {
			_ = c.Close()
		}
		mu.Unlock()
		all.Wait()
	}
}

// fenced pauses a broker until the controller fences it: its connections stay, but it leads nothing any more.
func fenced(w *watched) {
	t := w.t
	victim := w.Node(t, 3)
	victim.Pause(t)
	defer victim.Resume(t)
	w.unavailable(3)
	victim.Resume(t)
	w.back("its return")
}

// back fails the test unless everything is exact within two polls, one second from each other, once every broker knows
// of the return.
func (w *watched) back(after string) {
	w.t.Helper()
	w.AwaitCoordinators(w.t)
	if w.whole() != nil {
		time.Sleep(time.Second)
		if err := w.whole(); err != nil {
			w.t.Errorf("two polls after %s: %v", after, err)
		}
	}
}

// unavailable polls until the groups of a broker have no coordinator: each of them is there in every poll (see poll), and is
// unknown with the reason. The others stay exact, and the poll says that it is not complete.
func (w *watched) unavailable(broker int32) {
	w.t.Helper()
	of := map[string]bool{}
	for i := range w.last.Groups {
		if g := &w.last.Groups[i]; g.Coordinator == broker {
			of[g.Group] = true
		}
	}
	kafka.Eventually(w.t, "the groups to have no coordinator", func() error {
		s := w.poll()
		lost := 0
		for _, name := range w.groups {
			g, err := seen(s, name)
			switch {
			case err != nil:
				return err
			case g.Err == lag.NoCoordinator && !g.Summary().Complete:
				lost++
			case of[name] || g.Err != lag.OK:
				return fmt.Errorf("group %s: %s, errors %+v", name, g.Err, s.Errors)
			}
		}
		if lost == 0 || lost == len(w.groups) || len(s.Errors) == 0 {
			return fmt.Errorf("%d of %d groups are lost, errors %+v", lost, len(w.groups), s.Errors)
		}
		return nil
	})
}

// leaveOneReplica gives each partition of a topic one replica: that of its leader.
func (w *watched) leaveOneReplica(topic string) {
	t := w.t
	t.Helper()
	admin := w.Admin(t)
	described, err := admin.ListTopics(t.Context(), topic)
	if err == nil {
		err = described.Error()
	}
	if err != nil {
		t.Fatal(err)
	}
	var alter kadm.AlterPartitionAssignmentsReq
	for _, p := range described[topic].Partitions {
		alter.Assign(topic, p.Partition, []int32{onlyReplica(p.Partition)})
	}
	if _, err := admin.AlterPartitionAssignments(t.Context(), alter); err != nil {
		t.Fatal(err)
	}
	kafka.Eventually(t, "one replica of each partition", func() error {
		now, err := admin.ListTopics(t.Context(), topic)
		if err != nil {
			return err
		}
		for _, p := range now[topic].Partitions {
			if len(p.Replicas) != 1 || p.Leader != onlyReplica(p.Partition) {
				return fmt.Errorf("partition %d: replicas %v, leader %d", p.Partition, p.Replicas, p.Leader)
			}
		}
		return nil
	})
}

// onlyReplica is the broker that leaveOneReplica leaves a partition.
func onlyReplica(partition int32) int32 { return partition%3 + 1 }

// commitTo makes a group whose coordinator is the broker, after leaveOneReplica. The brokers are not asked who the coordinator is: some
// may not know yet that it has moved.
func (w *watched) commitTo(prefix string, broker int32) string {
	t := w.t
	t.Helper()
	offsets, err := w.Admin(t).ListTopics(t.Context(), "__consumer_offsets")
	if err != nil {
		t.Fatal(err)
	}
	name := prefix
	for i := 0; onlyReplica(partitionOf(name, len(offsets["__consumer_offsets"].Partitions))) != broker; i++ {
		name = fmt.Sprint(prefix, i)
	}
	var commits kadm.Offsets
	for _, one := range w.last.Topics[:1] {
		for p := range one.Partitions {
			commits.Add(kadm.Offset{Topic: one.Name, Partition: int32(p), At: 4, LeaderEpoch: -1})
		}
	}
	kafka.Eventually(t, "a commit", func() error {
		resp, err := w.Admin(t).CommitOffsets(t.Context(), name, commits)
		return errors.Join(err, resp.Error())
	})
	return name
}

// partitionOf is the partition of __consumer_offsets whose leader coordinates a group: org.apache.kafka.coordinator.group,
// GroupCoordinatorService.partitionFor, with the hash of java.lang.String. The name is ASCII.
func partitionOf(group string, partitions int) int32 {
	var hash int32
	for _, c := range []byte(group) {
		hash = 31*hash + int32(c)
	}
	return hash & 0x7fffffff % int32(partitions)
}
