package lag

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// known is a partition whose offsets are all known.
func known(partition int32, committed, end int64) PartitionLag {
	return PartitionLag{Partition: partition, Committed: committed, End: end, Known: KnownStart | KnownCommitted | KnownEnd}
}

func pollOf(partitions ...PartitionLag) *GroupLag {
	return &GroupLag{Topics: []TopicLag{{Topic: "orders", Partitions: partitions}}}
}

// The number of a partition comes from a broker. It costs what one partition costs, however great it is.
func TestPartitionNumbersCostNothing(t *testing.T) {
	var h groupHistory
	h.compare(pollOf(known(1<<31-1, 10, 20)))
	if d := h.compare(pollOf(known(1<<31-1, 15, 40))); d != (counters{consumed: 5, produced: 20}) {
		t.Errorf("%+v", d)
	}
	if n := cap(h.topics["orders"].partitions); n > 4 {
		t.Errorf("%d states for one partition", n)
	}
	for i := range int32(10 * mostAbsent) { // another partition in each poll
		h.compare(pollOf(known(i, 1, 1)))
	}
	if n := len(h.topics["orders"].partitions); n > mostAbsent+2 {
		t.Errorf("%d states for one partition", n)
	}
}

// Whichever partitions the polls have, and whichever offsets they know of them, each movement is counted once: what was absent is compared
// with the last poll that had it. What earlier polls read does not change.
func TestEachMovementIsCountedOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var h groupHistory
		var sum counters
		var polls, copies [][]PartitionLag
		type offset struct {
			partition int32
			what      Known
		}
		first, last := map[offset]int64{}, map[offset]int64{}
		for poll := range int64(rapid.IntRange(1, 8).Draw(t, "polls")) {
			numbers := rapid.SliceOfNDistinct(rapid.Int32Range(0, 12), 0, 12, rapid.ID[int32]).Draw(t, "partitions")
			slices.Sort(numbers)
			var partitions []PartitionLag
			for _, n := range numbers {
				at := 10*poll + int64(n)
				p := known(n, at, at)
				p.Known = rapid.SampledFrom([]Known{KnownStart | KnownCommitted | KnownEnd, KnownCommitted, KnownStart | KnownEnd, 0}).Draw(t, "known")
				partitions = append(partitions, p)
				for _, what := range []Known{KnownCommitted, KnownEnd} {
					if !p.Known.Has(what) {
						continue
					}
					if _, ok := first[offset{n, what}]; !ok {
						first[offset{n, what}] = at
					}
					last[offset{n, what}] = at
				}
			}
			polls, copies = append(polls, partitions), append(copies, slices.Clone(partitions))
			d := h.compare(pollOf(partitions...))
			sum.consumed, sum.produced = sum.consumed+d.consumed, sum.produced+d.produced
		}
		var want counters
		for o, at := range last {
			switch moved := uint64(at - first[o]); o.what {
			case KnownCommitted:
				want.consumed += moved
			default:
				want.produced += moved
			}
		}
		if sum.consumed != want.consumed || sum.produced != want.produced {
			t.Fatalf("%+v, want %+v", sum, want)
		}
		for i := range polls {
			if !slices.Equal(polls[i], copies[i]) {
				t.Fatalf("poll %d was changed", i)
			}
		}
	})
}
