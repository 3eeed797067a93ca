package rebalancemon_test

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/rebalancemon"
)

const idleGroups = 2_000

func idle(at time.Time) (lag.Sample, *lag.Snapshot) {
	sample, snap := lag.Sample{At: at}, &lag.Snapshot{At: at}
	for i := range idleGroups {
		state := lag.GroupState{At: at, Group: fmt.Sprintf("group-%05d", i), Type: lag.Classic, State: lag.Stable, Coordinator: 1}
		sample.Groups = append(sample.Groups, state)
		g := lag.GroupLag{GroupState: state, Generation: 7, Described: true, ReadAt: at, Assignor: "range"}
		row := make([]lag.PartitionLag, 20)
		for p := range row {
			row[p] = lag.PartitionLag{
				Partition: int32(p), Owner: int32(p / 10), Committed: 90, End: 100, Known: lag.KnownCommitted | lag.KnownEnd,
			}
		}
		for j := range int32(2) {
			m := lag.Member{ID: fmt.Sprintf("member-%d", j), ClientID: "c", Topics: []string{"orders"}}
			m.Assigned = []lag.TopicPartitions{{Topic: "orders", Partitions: []int32{10 * j, 10*j + 1, 10*j + 2, 10*j + 9}}}
			g.Members = append(g.Members, m)
		}
		g.Topics = []lag.TopicLag{{Topic: "orders", Partitions: row}}
		snap.Groups = append(snap.Groups, g)
	}
	return sample, snap
}

// 2,000 idle groups each second: what the monitor adds to a sample. Its budget is far under 2 % of a core, 20 ms.
func BenchmarkSample(b *testing.B) {
	at := time.Unix(1_800_000_000, 0)
	sample, _ := idle(at)
	m := rebalancemon.New(rebalancemon.Options{})
	for b.Loop() {
		at = at.Add(time.Second)
		sample.At = at
		for i := range sample.Groups {
			sample.Groups[i].At = at
		}
		m.Sample(sample, nil)
	}
}

// 2,000 idle groups with 40,000 partitions, every 10 s.
func BenchmarkSnapshot(b *testing.B) {
	at := time.Unix(1_800_000_000, 0)
	_, snap := idle(at)
	m := rebalancemon.New(rebalancemon.Options{})
	for b.Loop() {
		at = at.Add(10 * time.Second)
		snap.At = at
		for i := range snap.Groups {
			snap.Groups[i].At, snap.Groups[i].ReadAt = at, at
		}
		m.Snapshot(snap, nil)
	}
}

// What every group's Stats cost to a Report.
func BenchmarkStats(b *testing.B) {
	sample, snap := idle(time.Unix(1_800_000_000, 0))
	m := rebalancemon.New(rebalancemon.Options{})
	m.Sample(sample, nil)
	m.Snapshot(snap, nil)
	for b.Loop() {
		if len(m.All()) != idleGroups {
			b.Fatal("groups are missing")
		}
	}
}

// What a hundred remembered rebalances of each group take: a member joins or leaves at every poll.
func BenchmarkRemembered(b *testing.B) {
	at := time.Unix(1_800_000_000, 0)
	_, snap := idle(at)
	m := rebalancemon.New(rebalancemon.Options{})
	m.Snapshot(snap, nil)
	before := heap()
	for b.Loop() {
		for turn := range 100 {
			at = at.Add(10 * time.Second)
			snap.At = at
			for i := range snap.Groups {
				g := &snap.Groups[i]
				g.At, g.ReadAt, g.Generation, g.Members = at, at, g.Generation+1, g.Members[:1+turn%2]
			}
			m.Snapshot(snap, nil)
		}
	}
	b.ReportMetric((heap()-before)/idleGroups, "B/group")
	runtime.KeepAlive(m)
}

// heap is what is in use, in bytes.
func heap() float64 {
	runtime.GC()
	var s runtime.MemStats
	runtime.ReadMemStats(&s)
	return float64(s.HeapAlloc)
}

// Sampling thousands of idle groups must not make garbage: it happens each second.
func TestIdleSampleDoesNotAllocate(t *testing.T) {
	at := time.Unix(1_800_000_000, 0)
	sample, _ := idle(at)
	m := rebalancemon.New(rebalancemon.Options{})
	m.Sample(sample, nil)
	allocs := testing.AllocsPerRun(10, func() {
		at = at.Add(time.Second)
		sample.At = at
		for i := range sample.Groups {
			sample.Groups[i].At = at
		}
		m.Sample(sample, nil)
	})
	if allocs > 0 {
		t.Errorf("%v allocations in a sample of %d idle groups", allocs, idleGroups)
	}
}
