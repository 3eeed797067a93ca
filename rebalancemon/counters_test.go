package rebalancemon_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/rebalancemon"
)

// Counters are monotonic under any sequence of observations, however absurd: clocks that jump, generations that fall,
// types that change, members out of nowhere.
func TestCountersAreMonotonic(t *testing.T) { rapid.Check(t, countersAreMonotonic) }

func FuzzCountersAreMonotonic(f *testing.F) { f.Fuzz(rapid.MakeFuzz(countersAreMonotonic)) }

func countersAreMonotonic(t *rapid.T) {
	m := rebalancemon.New(rebalancemon.Options{Cluster: "main"})
	s := newScene()
	at := time.Duration(0)
	last := rebalancemon.Stats{}
	counted := uint64(0)
	for range rapid.IntRange(1, 60).Draw(t, "observations") {
		at += time.Duration(rapid.SampledFrom([]int{-3, 0, 1, 1, 1, 1, 1, 1, 4, 10, 70, 400}).Draw(t, "step")) * time.Second
		var events []rebalancemon.Event
		if rapid.Bool().Draw(t, "sample") {
			events = m.Sample(drawSample(t, s.time(at)), drawHints(t, s.time(at)))
		} else {
			events = m.Snapshot(drawSnapshot(t, s.time(at)), drawHints(t, s.time(at)))
		}
		for _, ev := range events {
			counted += uint64(ev.Count)
		}
		now, ok := m.Stats(group)
		if !ok {
			continue
		}
		grows(t, last, now)
		if now.Total() != counted {
			t.Fatalf("%d rebalances counted, %d told as events", now.Total(), counted)
		}
		last = now
	}
}

func grows(t *rapid.T, a, b rebalancemon.Stats) {
	was, is := counters(a), counters(b)
	for i := range was {
		if is[i] < was[i] {
			t.Fatalf("counter %d fell from %d to %d:\n%+v\n%+v", i, was[i], is[i], a, b)
		}
	}
	for _, share := range []float64{b.Share, b.Stability, b.Skew, b.SuccessRate} {
		if share < 0 || share > 1 {
			t.Fatalf("a share outside of 0 to 1: %+v", b)
		}
	}
	if b.Total() != sum(b.ByCause[:]) || b.Unplanned > b.Total() || b.Idle > b.Members || b.Static > b.Members {
		t.Fatalf("counters that contradict each other: %+v", b)
	}
}

func counters(s rebalancemon.Stats) []uint64 {
	all := append(s.ByOutcome[:], s.ByCause[:]...)
	return append(all, s.Unplanned, s.Slow, uint64(s.TimeSpent), s.Joins, s.Leaves)
}

func sum(counts []uint64) uint64 {
	n := uint64(0)
	for _, c := range counts {
		n += c
	}
	return n
}

func drawState(t *rapid.T, at time.Time) lag.GroupState {
	return lag.GroupState{
		At: at, Group: group,
		Type: rapid.SampledFrom([]lag.GroupType{lag.Classic, lag.Classic, lag.Classic, lag.Consumer, "", lag.Share}).Draw(t, "type"),
		State: rapid.SampledFrom([]lag.State{
			lag.Stable, lag.Stable, lag.PreparingRebalance, lag.CompletingRebalance, lag.Empty, lag.Dead, lag.Assigning,
			lag.Reconciling, lag.StateUnknown, lag.NotReady, "Brewing",
		}).Draw(t, "state"),
		Coordinator: rapid.Int32Range(-1, 3).Draw(t, "coordinator"),
	}
}

func drawSample(t *rapid.T, at time.Time) lag.Sample {
	s := lag.Sample{At: at}
	if rapid.IntRange(0, 9).Draw(t, "listed") > 0 {
		s.Groups = []lag.GroupState{drawState(t, at)}
	}
	return s
}

func drawSnapshot(t *rapid.T, at time.Time) *lag.Snapshot {
	g := lag.GroupLag{
		GroupState: drawState(t, at), ReadAt: at, Described: rapid.IntRange(0, 4).Draw(t, "described") > 0,
		Generation: rapid.Int32Range(-1, 9).Draw(t, "generation"), Epoch: rapid.Int32Range(-1, 9).Draw(t, "epoch"),
		AssignmentEpoch: rapid.Int32Range(-1, 9).Draw(t, "assignment epoch"),
		Assignor:        rapid.SampledFrom([]string{"range", "cooperative-sticky", "own"}).Draw(t, "assignor"),
	}
	var row []lag.PartitionLag
	for i, id := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"a", "b", "c", "d"}), 0, 4, rapid.ID).Draw(t, "members") {
		m := lag.Member{ID: id, ClientID: "c" + id, Epoch: rapid.Int32Range(-2, 9).Draw(t, "member epoch")}
		for range rapid.IntRange(0, 2).Draw(t, "partitions") {
			n := int32(len(row))
			m.Assigned = append(m.Assigned, lag.TopicPartitions{Topic: "t", Partitions: []int32{n}})
			row = append(row, lag.PartitionLag{
				Partition: n, Owner: int32(i), Committed: rapid.Int64Range(0, 20).Draw(t, "committed"), End: 20,
				Known: lag.KnownCommitted | lag.KnownEnd,
			})
		}
		g.Members = append(g.Members, m)
	}
	g.Topics = []lag.TopicLag{{Topic: "t", Partitions: row}}
	if rapid.IntRange(0, 9).Draw(t, "failed") == 0 {
		g.Err = lag.Unreachable
	}
	return &lag.Snapshot{At: at, Groups: []lag.GroupLag{g}}
}

func drawHints(t *rapid.T, at time.Time) []rebalancemon.Hint {
	switch rapid.IntRange(0, 9).Draw(t, "hint") {
	case 0:
		return []rebalancemon.Hint{{Group: group, At: at, Kind: rebalancemon.Resized, From: 2, To: rapid.Int32Range(0, 4).Draw(t, "to")}}
	case 1:
		return []rebalancemon.Hint{{Group: group, At: at, Kind: rebalancemon.RolledOut}}
	default:
		return nil
	}
}
