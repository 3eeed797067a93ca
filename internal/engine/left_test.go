package engine

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/scaler"
)

// twoTopics is a group that reads "orders", which gets nothing, and has commits in "old", which gets 20 records/s.
type twoTopics struct {
	members func() int // that subscribe to "orders"
	others  func() int // that subscribe to "old", and read it
	began   time.Time
}

func (s *twoTopics) Sample(context.Context) lag.Sample {
	return lag.Sample{Cluster: "main", At: time.Now()}
}

func (s *twoTopics) Observe(context.Context) lag.Observation {
	now := time.Now()
	arrived := 20 * int64(now.Sub(s.began).Seconds())
	read := int64(10)
	if s.others() > 0 {
		read = arrived
	}
	topic := func(name string, end int64) lag.TopicRead {
		return lag.TopicRead{Name: name, ID: [16]byte{name[1]}, Partitions: []lag.PartitionRead{{End: end, At: now.UnixMilli(), Leader: 1, Known: lag.KnownStart | lag.KnownEnd}}}
	}
	commit := func(name string, offset int64) lag.TopicCommits {
		return lag.TopicCommits{Topic: name, Partitions: []lag.PartitionCommit{{Offset: offset, Known: lag.KnownCommitted}}}
	}
	g := lag.GroupRead{
		GroupState: lag.GroupState{At: now, Group: "orders", Type: lag.Classic, State: lag.Empty, Coordinator: 1},
		Protocol:   "consumer", Assignor: "range", Described: true, CommitsAt: now,
		Generation: 1, Epoch: lag.NoGeneration, AssignmentEpoch: lag.NoGeneration,
		Commits: []lag.TopicCommits{commit("old", read), commit("orders", 100)},
	}
	join := func(id, topic string) {
		g.State = lag.Stable
		g.Members = append(g.Members, lag.Member{
			ID: id, Topics: []string{topic}, Epoch: lag.NoGeneration, Assigned: []lag.TopicPartitions{{Topic: topic, Partitions: []int32{0}}},
		})
	}
	for range s.members() {
		join("a", "orders")
	}
	for range s.others() {
		join("b", "old")
	}
	return lag.Observation{
		Cluster: "main", Began: now, At: now, Brokers: []lag.Broker{{ID: 1}}, Groups: []lag.GroupRead{g},
		Topics: []lag.TopicRead{topic("old", 10+arrived), topic("orders", 100)},
	}
}

// sleeper is a scaler that may go to zero; its replicas are the members of the group that read "orders".
func sleeper(t *testing.T, topics ...string) (*targets, *twoTopics) {
	t.Helper()
	f := idle(t)
	f.scaler.Workload.Spec, f.scaler.Workload.Status, f.scaler.Workload.Ready = 1, 1, 1
	f.scaler.Sources[0].Topics = topics
	policy, err := scaler.Spec{Mode: scaler.Act, Sources: f.scaler.Sources, MinReplicas: new(int32(0))}.Policy()
	if err != nil {
		t.Fatal(err)
	}
	f.scaler.Policy = policy
	return f, &twoTopics{
		members: func() int { return int(min(1, f.scaler.Workload.Ready)) }, others: func() int { return 0 }, began: time.Now(),
	}
}

func engineOf(f *targets, src Source, m Memories, mode scaler.Mode) *Engine {
	return New(Settings{Mode: mode, Clusters: []Cluster{{Name: "main", Source: src}}}, Options{Targets: f, Memories: m})
}

func ticks(t *testing.T, e *Engine, lasts time.Duration) {
	t.Helper()
	for end := time.Now().Add(lasts); time.Now().Before(end); time.Sleep(10 * time.Second) {
		e.Tick(t.Context(), time.Now())
	}
}

// A topic that the group left still gets records. It neither keeps the target awake nor wakes it, and nothing flaps. The twin is
// a topic that the scaler names: its records wake the target.
func TestWhatAGroupLeftDoesNotWakeIt(t *testing.T) {
	for _, c := range []struct {
		name   string
		topics []string
		asleep bool
	}{
		{"the group left it", nil, true},
		{"twin: the scaler names it", []string{"old", "orders"}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f, src := sleeper(t, c.topics...)
				ticks(t, engineOf(f, src, nil, scaler.Act), 90*time.Minute)
				if asleep := f.scaler.Workload.Spec == 0; asleep != c.asleep || c.asleep && len(f.applied) != 1 {
					t.Errorf("asleep %v after %+v", asleep, f.applied)
				}
			})
		})
	}
}

// Of two deployments in one group, the one that reads "old" leaves seconds before the other, which is scaled to zero. Its records
// still count.
func TestADeploymentThatLeavesSecondsBeforeTheOtherIsMissed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, src := sleeper(t)
		others := 1
		src.others = func() int { return others }
		e := engineOf(f, src, nil, scaler.Advise) // nothing is written: the test scales
		ticks(t, e, 20*time.Minute)
		others = 0
		ticks(t, e, 30*time.Second)
		f.scaler.Workload.Spec, f.scaler.Workload.Status, f.scaler.Workload.Ready = 0, 0, 0
		ticks(t, e, 30*time.Minute)
		if g := e.Latest().Clusters[0].Groups[0]; g.Summary.Orphaned != 0 || g.Summary.Total < 20_000 {
			t.Errorf("lag %d, %d partitions are orphaned", g.Summary.Total, g.Summary.Orphaned)
		}
	})
}

// What was left is saved with what a scaler learned. Observe saves nothing, so that the topic counts again until the group has
// been at rest for long enough.
func TestWhatAGroupLeftSurvivesARestart(t *testing.T) {
	for _, c := range []struct {
		mode     scaler.Mode
		orphaned int
	}{{scaler.Advise, 1}, {scaler.Observe, 0}} {
		t.Run(string(c.mode), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f, src := sleeper(t)
				m := &memories{}
				e := engineOf(f, src, m, c.mode)
				ticks(t, e, 20*time.Minute)
				e.scaling.save(t.Context(), time.Now(), true)
				if got := e.Latest().Clusters[0].Groups[0].Summary.Orphaned; got != 1 {
					t.Fatalf("%d partitions are orphaned before the restart", got)
				}
				f.scaler.Workload.Ready = 0 // the last member leaves
				asJSON(t, m.saved)
				again := engineOf(f, src, m, c.mode)
				ticks(t, again, 5*time.Minute)
				if got := again.Latest().Clusters[0].Groups[0].Summary.Orphaned; got != c.orphaned {
					t.Errorf("%d partitions are orphaned after the restart, want %d", got, c.orphaned)
				}
			})
		})
	}
}

// asJSON saves and loads each memory.
func asJSON(t *testing.T, all map[string]scaler.Memory) {
	t.Helper()
	for name, saved := range all {
		data, err := saved.Save()
		if err != nil {
			t.Fatal(err)
		}
		if all[name], err = scaler.LoadMemory(data); err != nil {
			t.Fatal(err)
		}
	}
}
