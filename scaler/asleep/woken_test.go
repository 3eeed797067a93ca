package asleep

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/lagscaler/lagscaler/scaler/seen"
)

// What woke a latest group keeps it awake until there is a commit in the partitions in which records arrived, and in no other.
// Each world is what was there when the target went to zero, when it woke, and then.
func TestWhichCommitReleases(t *testing.T) {
	orders := func(partitions ...Partition) Source { return group(seen.Latest, topic("orders", 1, partitions...)) }
	for _, c := range []struct {
		name              string
		slept, woke, then Source
		partitions        string // for which it was woken
		kept              bool
	}{
		{"a commit in the partition", orders(none(0, 5), none(0, 5)), orders(none(0, 6), none(0, 5)), orders(at(0, 7, 7), none(0, 5)), "0", false},
		{"twin: a commit in another one", orders(none(0, 5), none(0, 5)), orders(none(0, 6), none(0, 5)), orders(none(0, 6), at(0, 6, 6)), "0", true},
		{"records in two partitions, a commit in one", orders(none(0, 5), none(0, 5), none(0, 5)), orders(none(0, 6), none(0, 6), none(0, 5)), orders(at(0, 7, 7), none(0, 6), none(0, 5)), "0-1", true},
		{"twin: in both", orders(none(0, 5), none(0, 5), none(0, 5)), orders(none(0, 6), none(0, 6), none(0, 5)), orders(at(0, 7, 7), at(0, 7, 7), none(0, 5)), "0-1", false},
		{"retention removed the record", orders(none(0, 5)), orders(none(0, 6)), orders(none(6, 6)), "0", false},
		{"the topic was made anew", orders(none(0, 5)), orders(none(0, 6)), group(seen.Latest, topic("orders", 2, none(0, 1))), "0", false},
		{"the partition is not read now", orders(none(0, 5)), orders(none(0, 6)), orders(Partition{}), "0", true},
		{"a new partition", orders(none(0, 5)), orders(none(0, 5), none(0, 2)), orders(none(0, 5), none(0, 2)), "1", true},
		{"a commit above the end", orders(none(0, 5)), orders(none(0, 6)), orders(at(0, 6, 9)), "0", true},
		{"nobody knows what was there", Source{}, orders(none(0, 6), none(0, 5), none(5, 5)), orders(at(0, 7, 7), none(0, 5), none(5, 5)), "0-1", true},
		{"twin: nobody knows, and all have a commit", Source{}, orders(none(0, 6), none(0, 5), none(5, 5)), orders(at(0, 7, 7), at(0, 6, 6), none(5, 5)), "0-1", false},
		{"a partition was not read then, and another one has not grown", orders(none(0, 5), Partition{}, none(0, 5)), orders(none(0, 6), none(0, 5), none(0, 5)), orders(at(0, 7, 7), at(0, 6, 6), none(0, 5)), "0-2", true},
		{"a partition was not read then", orders(none(0, 5), Partition{}), orders(none(0, 6), none(0, 5)), orders(at(0, 7, 7), none(0, 5)), "0-1", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			old := orders(none(0, 5), none(0, 5), none(0, 5))
			if c.slept.Group != "" {
				old = c.slept
			}
			old.Topics[0].Partitions = slices.Clone(old.Topics[0].Partitions)
			s := State{Since: noon, Intent: noon, Marks: []Mark{{Cluster: "main", Group: "shop", Topic: "orders", ID: c.woke.Topics[0].id(), Ends: 5, Uncommitted: int32(len(old.Topics[0].Partitions))}}}
			s.Marks[0].Ends = old.Topics[0].sums().end
			if c.slept.Group == "" {
				s.Marks[0].Ends = 10
			}
			s, _ = s.Next(Look{Now: noon, Replicas: 1, Sources: []Source{c.woke}, Slept: []Source{c.slept}})
			if len(s.Woken) != 1 || s.Woken[0].Partitions != c.partitions {
				t.Fatalf("woken for %+v, want partitions %s", s.Woken, c.partitions)
			}
			s, _ = s.Next(Look{Now: noon, Replicas: 1, Sources: []Source{c.then}})
			if got := len(s.Woken) > 0; got != c.kept {
				t.Errorf("kept awake: %v, want %v", got, c.kept)
			}
		})
	}
}

// Only topics with arrivals in partitions without a commit are meant, and only those of latest groups. Arrivals that this process
// did not see may be in any partition.
func TestWhatIsWokenFor(t *testing.T) {
	orders, payments := topic("orders", 1, none(0, 6), none(0, 5)), topic("payments", 2, none(0, 9))
	elsewhere := topic("orders", 1, none(0, 6), none(0, 4)) // of another group, and in another cluster, the other partition has grown
	slept := []Source{
		{Cluster: "main", Group: "other", Reset: seen.Latest, Topics: []Topic{elsewhere}},
		{Cluster: "west", Group: "shop", Reset: seen.Latest, Topics: []Topic{elsewhere}},
		group(seen.Latest, topic("orders", 1, none(0, 5), none(0, 5)), topic("payments", 2, none(0, 9))),
	}
	for _, c := range []struct {
		name  string
		reset seen.OffsetReset
		ends  int64 // of orders, at the mark
		want  string
	}{
		{"latest", seen.Latest, 10, "orders 0;"},
		{"twin: earliest", seen.Earliest, 10, ""},
		{"twin: not known", "", 10, ""},
		{"some came before this process looked", seen.Latest, 8, "orders 0-1;"},
		{"one came before this process looked", seen.Latest, 9, "orders 0-1;"},
	} {
		marks := []Mark{
			{Cluster: "main", Group: "shop", Topic: "orders", ID: orders.id(), Ends: c.ends, Uncommitted: 2},
			{Cluster: "main", Group: "shop", Topic: "payments", ID: payments.id(), Ends: 9, Uncommitted: 1},
		}
		s, _ := State{Since: noon, Marks: marks}.Next(Look{Now: noon, Replicas: 1, Sources: []Source{group(c.reset, orders, payments)}, Slept: slept})
		got := ""
		for _, m := range s.Woken {
			got += m.Topic + " " + m.Partitions + ";"
		}
		if got != c.want {
			t.Errorf("%s: woken for %q, want %q", c.name, got, c.want)
		}
	}
}

// A build that wrote no partitions counted commits in the topic.
func TestWokenWithoutPartitions(t *testing.T) {
	for text, want := range map[string]bool{"": true, "0": true, "1": false, "x": true, "5-3": true, "-1": true, "1-": true, "0-2147483647": true} {
		m := Mark{Cluster: "main", Group: "shop", Topic: "orders", ID: (&Topic{ID: [16]byte{1}}).id(), Partitions: text}
		if got := committed([]Source{group(seen.Latest, topic("orders", 1, at(0, 5, 5), none(0, 5)))}, m); got != want {
			t.Errorf("partitions %q: released %v, want %v", text, got, want)
		}
	}
}

// What was saved may have been changed by hand: whatever it is, it costs little, and what is understood is written again.
func FuzzPartitions(f *testing.F) {
	for _, text := range []string{"", "0", "0,3-7", "5-3", "-1", "1-", "0-2147483647", "0-1048575,0", "x", ",", "٣"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		numbers := partitionsOf(text)
		if len(numbers) > mostPartitions {
			t.Fatalf("%q: %d partitions", text, len(numbers))
		}
		if !slices.IsSorted(numbers) {
			return
		}
		numbers = slices.Compact(numbers)
		if again := partitionsOf(rangesOf(numbers)); !slices.Equal(again, numbers) {
			t.Fatalf("%q is written as %q", text, rangesOf(numbers))
		}
	})
}

func TestRanges(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		numbers := rapid.SliceOfDistinct(rapid.Int32Range(0, 30), func(n int32) int32 { return n }).Draw(t, "numbers")
		slices.Sort(numbers)
		first := rapid.SampledFrom([]int32{0, 1_000_000}).Draw(t, "first")
		for i := range numbers {
			numbers[i] += first
		}
		got := partitionsOf(rangesOf(numbers))
		if !slices.Equal(got, numbers) {
			t.Fatalf("%v became %q, and that %v", numbers, rangesOf(numbers), got)
		}
	})
}
