package lag_test

import (
	"math"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/lag"
)

// reading is the end of a log at a time; missing when nothing was read.
type reading struct {
	seconds int
	end     int64
}

const missing = -1

func TestAge(t *testing.T) {
	usual := []reading{{0, 100}, {10, 200}, {20, 400}}
	for _, c := range []struct {
		name    string
		ends    []reading
		offset  int64
		age     time.Duration
		atLeast bool
		ok      bool
	}{
		{"between two readings", usual, 300, 5 * time.Second, false, true},
		{"at a reading", usual, 200, 10 * time.Second, false, true},
		{"between the oldest two", usual, 150, 15 * time.Second, false, true},
		{"at the oldest", usual, 100, 20 * time.Second, false, true},
		{"before the oldest", usual, 40, 20 * time.Second, true, true},
		{"not there yet", usual, 400, 0, false, false},
		{"beyond the end", usual, 500, 0, false, false},
		{"nothing read", nil, 40, 0, true, false},
		{"read once", usual[:1], 40, 0, true, true},
		{"a stretch without records: the end of it counts", []reading{{0, 100}, {10, 100}, {20, 200}}, 100, 10 * time.Second, false, true},
		{"a missing reading", []reading{{0, 100}, {10, missing}, {20, 200}}, 150, 10 * time.Second, false, true},
		{"the newest is missing", []reading{{0, 100}, {10, 200}, {20, missing}}, 150, 5 * time.Second, false, true},
		{"all missing", []reading{{0, missing}}, 150, 0, true, false},
		{"recreated at 20 s", []reading{{0, 1000}, {10, 1100}, {20, 50}, {30, 80}}, 40, 10 * time.Second, true, true},
		{"recreated, and read since", []reading{{0, 1000}, {10, 1100}, {20, 50}, {30, 80}}, 65, 5 * time.Second, false, true},
		{"recreated, higher than before it is forgotten", []reading{{0, 10}, {10, 1100}, {20, 50}, {30, 80}}, 20, 10 * time.Second, true, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			age, atLeast, ok := lag.Age(c.offset, len(c.ends), func(i int) (time.Duration, int64, bool) {
				return time.Duration(c.ends[i].seconds) * time.Second, c.ends[i].end, c.ends[i].end != missing
			})
			if age != c.age || atLeast != c.atLeast || ok != c.ok {
				t.Errorf("%v, at least %v, known %v; want %v, %v, %v", age, atLeast, ok, c.age, c.atLeast, c.ok)
			}
		})
	}
}

func TestProgress(t *testing.T) {
	for _, c := range []struct {
		then, now, records int64
		ok                 bool
	}{
		{100, 160, 60, true},
		{100, 100, 0, true},
		{100, 40, 0, false},
	} {
		if n, ok := lag.Progress(c.then, c.now); n != c.records || ok != c.ok {
			t.Errorf("from %d to %d: %d records, known %v", c.then, c.now, n, ok)
		}
	}
}

func TestPerSecond(t *testing.T) {
	for _, c := range []struct {
		records int64
		took    time.Duration
		want    lag.Rate
	}{
		{60, 30 * time.Second, lag.Rate{PerSecond: 2, Known: true}},
		{0, 30 * time.Second, lag.Rate{Known: true}},
		{60, 0, lag.Rate{}},
		{60, -time.Second, lag.Rate{}}, // a clock that was set back
	} {
		if got := lag.PerSecond(c.records, c.took); got != c.want {
			t.Errorf("%d records in %v: %+v, want %+v", c.records, c.took, got, c.want)
		}
	}
}

func TestPosition(t *testing.T) {
	const start, committed, end, broker = lag.KnownStart, lag.KnownCommitted, lag.KnownEnd, lag.KnownLag
	for _, c := range []struct {
		name     string
		p        lag.PartitionLag
		position int64
		ok       bool
	}{
		{"committed", lag.PartitionLag{Committed: 40, End: 100, Known: start | committed | end}, 40, true},
		{"below the log start", lag.PartitionLag{Start: 70, Committed: 40, End: 100, Known: start | committed | end}, 70, true},
		{"log start not read", lag.PartitionLag{Start: 70, Committed: 40, End: 100, Known: committed | end}, 40, true},
		{"above the end", lag.PartitionLag{Committed: 120, End: 100, Known: start | committed | end}, 120, true},
		{"end not read", lag.PartitionLag{Committed: 40, Known: start | committed}, 40, true},
		{"never committed, empty", lag.PartitionLag{Start: 100, End: 100, Known: start | end}, 100, true},
		{"never committed", lag.PartitionLag{End: 100, Known: start | end}, 0, false},
		{"share group", lag.PartitionLag{End: 100, BrokerLag: 25, Known: start | end | broker}, 75, true},
		{"share group, above its start offset", lag.PartitionLag{Committed: 60, End: 100, BrokerLag: 25, Known: committed | end | broker}, 75, true},
		{"share group, end not read", lag.PartitionLag{BrokerLag: 25, Known: broker}, 0, false},
		{"nothing read", lag.PartitionLag{}, 0, false},
	} {
		if got, ok := c.p.Position(); got != c.position || ok != c.ok {
			t.Errorf("%s: %d, known %v; want %d, %v", c.name, got, ok, c.position, c.ok)
		}
	}
}

// The functions are called for every partition of every scaler at every decision.
func TestFunctionsOverReadingsDoNotAllocate(t *testing.T) {
	ends := []reading{{0, 100}, {10, 200}, {20, 400}}
	p := lag.PartitionLag{Committed: 40, End: 400, Known: lag.KnownCommitted | lag.KnownEnd}
	n := testing.AllocsPerRun(100, func() {
		position, _ := p.Position()
		_, _, _ = lag.Age(position, len(ends), func(i int) (time.Duration, int64, bool) {
			return time.Duration(ends[i].seconds) * time.Second, ends[i].end, true
		})
		records, _ := lag.Progress(40, position)
		_ = lag.PerSecond(records, lag.RateWindow)
	})
	if n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// A sum of numbers that are each possible is never less than one of them.
func TestATotalNeverOverflows(t *testing.T) {
	g := lag.GroupLag{Topics: []lag.TopicLag{{Topic: "orders"}}}
	for range 1 << 14 { // 2^64 records
		g.Topics[0].Partitions = append(g.Topics[0].Partitions, lag.PartitionLag{End: lag.MaxOffset, Known: lag.KnownCommitted | lag.KnownEnd})
	}
	if s := g.Summary(); s.Total != math.MaxInt64 || s.Max != lag.MaxOffset || s.Avg < float64(lag.MaxOffset)/2 {
		t.Errorf("%+v", s)
	}
	if got := lag.AddRecords(2, 3); got != 5 {
		t.Errorf("2 + 3 = %d", got)
	}
}
