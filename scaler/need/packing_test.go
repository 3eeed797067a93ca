package need

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/lagscaler/lagscaler/scaler/plan"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

func uniform(assignment seen.Assignment, per float64, partitions ...int) *packing {
	s := &seen.Columns{}
	for i, n := range partitions {
		t := seen.Topic{Name: fmt.Sprint(i), First: s.Count}
		for p := range n {
			t.Partitions = append(t.Partitions, int32(p))
		}
		s.Count += n
		s.Topics = append(s.Topics, t)
	}
	useful := s.Count
	if assignment == seen.ByRange {
		useful = slices.Max(partitions)
	}
	tasks, _ := s.Tasks()
	return &packing{assignment: assignment, columns: s, tasks: tasks, useful: int32(useful), perConsumer: per}
}

func TestUsefulCounts(t *testing.T) {
	tests := []struct {
		f    *packing
		want []int32
	}{
		{uniform(seen.Balanced, 1, 48), []int32{1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 16, 24, 48}},
		{uniform(seen.ByRange, 1, 48), []int32{1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 16, 24, 48}},
		{uniform(seen.Balanced, 1, 7), []int32{1, 2, 3, 4, 7}},
		{uniform(seen.ByRange, 1, 4, 6), []int32{1, 2, 3, 4, 6}},
		{uniform(seen.Balanced, 1, 4, 6), []int32{1, 2, 3, 4, 5, 10}},
	}
	for _, tt := range tests {
		var got []int32
		for n := int32(0); n < tt.f.useful; {
			n = tt.f.next(n)
			got = append(got, n)
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%v: %v, want %v", tt.f.columns.Count, got, tt.want)
		}
	}
}

func TestFit(t *testing.T) {
	tests := []struct {
		name string
		f    *packing
		from int32
		each float64
		want int32
	}{
		{"five on one", uniform(seen.Balanced, 100, 48), 10, 20, 10},
		{"three on one", uniform(seen.Balanced, 100, 48), 15, 30, 16},
		{"one on one", uniform(seen.Balanced, 100, 48), 29, 60, 48},
		{"one is too much", uniform(seen.Balanced, 100, 48), 72, 150, 48},
		{"everything on one", uniform(seen.Balanced, 100, 48), 1, 2, 1},
		{"range piles topics up", uniform(seen.ByRange, 100, 8, 8, 8), 5, 20, 8},
		{"by count does not", uniform(seen.Balanced, 100, 8, 8, 8), 5, 20, 5},
		{"share groups know no partitions", &packing{assignment: seen.Shared, perConsumer: 100}, 17, 0, 17},
	}
	for _, tt := range tests {
		if got := tt.f.least(tt.from, func(int) float64 { return tt.each }); got != tt.want {
			t.Errorf("%s: %d, want %d", tt.name, got, tt.want)
		}
	}
}

// For even partitions the search is the closed form k = floor(per * P / R), n = ceil(P / k).
func TestFitIsTheClosedForm(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		partitions := rapid.IntRange(1, 200).Draw(t, "partitions")
		each, per := rapid.IntRange(1, 100).Draw(t, "each"), rapid.IntRange(1, 1000).Draw(t, "per")
		want := int32(partitions)
		if k := per / each; k > 0 {
			want = int32((partitions + k - 1) / k)
		}
		f := uniform(seen.Balanced, float64(per), partitions)
		planned := plan.Consumers(float64(each*partitions), float64(per))
		if got := f.least(min(planned, int32(partitions)), func(int) float64 { return float64(each) }); got != want {
			t.Fatalf("%d, want %d", got, want)
		}
	})
}

// A join of two topics: a task is a partition of both, and is assigned as a whole.
func TestFitOfTasks(t *testing.T) {
	join := func(per float64) *packing {
		p := uniform(seen.Balanced, per, 12, 12)
		for i := range p.columns.Topics {
			p.columns.Topics[i].Subtopology = "0"
		}
		p.tasks, _ = p.columns.Tasks()
		p.useful = seen.UsefulConsumers(p.assignment, p.columns)
		return p
	}
	for _, c := range []struct {
		f    *packing
		each float64
		want int32
	}{
		{join(100), 10, 3},                            // five tasks of 20 on one, and 3 have four each
		{join(100), 20, 6},                            // two tasks of 40
		{join(100), 30, 12},                           // one task of 60
		{join(100), 80, 12},                           // a task is too much for one: no more consumers help
		{uniform(seen.Balanced, 100, 12, 12), 80, 24}, // the twin: each partition apart
	} {
		if got := c.f.least(1, func(int) float64 { return c.each }); got != c.want {
			t.Errorf("%v each: %d, want %d", c.each, got, c.want)
		}
	}
}

// Kafka's RangeAssignor: contiguous blocks, the first ones longer by one.
func TestRangeOwner(t *testing.T) {
	var got []int
	for k := range 7 {
		got = append(got, RangeOwner(k, 7, 3))
	}
	if want := []int{0, 0, 0, 1, 1, 2, 2}; !slices.Equal(got, want) {
		t.Errorf("7 partitions over 3: %v, want %v", got, want)
	}
	for k := range 2 {
		if got := RangeOwner(k, 2, 5); got != k {
			t.Errorf("partition %d of 2 over 5: %d", k, got)
		}
	}
}
