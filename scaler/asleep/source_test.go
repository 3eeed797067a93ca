package asleep

import (
	"math"
	"slices"
	"testing"

	"github.com/lagscaler/lagscaler/scaler/seen"
)

// Where all logs of a source end is known only if every partition of every topic was read. A sum that is too large stays the largest.
func TestEndsOfASource(t *testing.T) {
	orders, payments := topic("orders", 1, at(0, 7, 4), none(2, 5)), topic("payments", 2, none(0, 30))
	unread := topic("refunds", 3)
	unread.Unread = "not read yet"
	for _, c := range []struct {
		name  string
		of    Source
		sum   int64
		known bool
	}{
		{"one topic", group(seen.Latest, orders), 12, true},
		{"two topics", group(seen.Latest, orders, payments), 42, true},
		{"a topic without records", group(seen.Latest, topic("orders", 1, none(0, 0))), 0, true},
		{"no topic", group(seen.Latest), 0, false},
		{"a partition that was not read", group(seen.Latest, topic("orders", 1, none(0, 5), Partition{Number: 1}), payments), 35, false},
		{"a topic that was not read", group(seen.Latest, orders, unread), 12, false},
		{"and then one that was", group(seen.Latest, unread, orders), 12, false},
		{"more than there can be", group(seen.Latest, topic("orders", 1, none(0, math.MaxInt64), none(0, 5))), math.MaxInt64, true},
	} {
		if sum, known := c.of.Ends(); known != c.known || sum != c.sum {
			t.Errorf("%s: %d, known %v; want %d, %v", c.name, sum, known, c.sum, c.known)
		}
	}
}

// A partition is found by its number, whatever numbers are missing.
func TestPartitionByNumber(t *testing.T) {
	orders := Topic{Partitions: []Partition{{Number: 1}, {Number: 4}, {Number: 5}}}
	for number, want := range map[int32]bool{0: false, 1: true, 2: false, 3: false, 4: true, 5: true, 6: false} {
		if p := orders.partition(number); (p != nil) != want || p != nil && p.Number != number {
			t.Errorf("partition %d: %+v", number, p)
		}
	}
}

// The partitions for which a target was woken are saved as ranges. A text that was not written so is refused as a whole, and none takes
// more room than the partitions of a topic.
func TestRangesOfPartitions(t *testing.T) {
	for text, numbers := range map[string][]int32{
		"0": {0}, "7": {7}, "0-1": {0, 1}, "0,2": {0, 2}, "0,2-4,7": {0, 2, 3, 4, 7}, "0-2,4-5": {0, 1, 2, 4, 5},
	} {
		if got := rangesOf(numbers); got != text {
			t.Errorf("%v is written as %q, want %q", numbers, got, text)
		}
		if got := partitionsOf(text); !slices.Equal(got, numbers) {
			t.Errorf("%q is read as %v, want %v", text, got, numbers)
		}
	}
	if got := rangesOf(nil); got != "" {
		t.Errorf("no partition is written as %q", got)
	}
	for _, text := range []string{"", "x", "1,x", "x,1", "1-x", "x-1", "-1", "1-", "1,5-3", "5-4", "1,,2", "2147483648", "0-2147483648"} {
		if got := partitionsOf(text); got != nil {
			t.Errorf("%q is read as %v", text, got)
		}
	}
	for text, n := range map[string]int{
		"0-1048575": mostPartitions, "0-1048574,5": mostPartitions, "1-1048576": mostPartitions,
		"0-1048576": 0, "0-1048575,5": 0, "0-1048574,5,6": 0, "3,0-1048575": 0,
	} {
		if got := partitionsOf(text); len(got) != n {
			t.Errorf("%q has %d partitions, want %d", text, len(got), n)
		}
	}
}

// What counts as waiting: what was read before does not.
func TestWaitingRecords(t *testing.T) {
	w := Waiting{Beyond: 1, Arrived: 2, Own: 4, Again: 8}
	if n := w.Records(); n != 7 {
		t.Errorf("%d records wait, want 7", n)
	}
}
