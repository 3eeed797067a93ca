package seen

import (
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/lag"
)

// Offsets after a commit that are known not to be records stay so when records come behind them. Twin: they may be records.
func TestWhatIsReadStaysReadBehindNewRecords(t *testing.T) {
	for _, c := range []struct {
		name   string
		leaves int64
		ends   []int64
		want   int64
	}{
		{"two are left behind", 2, []int64{100, 100, 100, 100, 100, 100}, 2},
		{"and four came", 2, []int64{100, 100, 100, 100, 100, 104}, 2},
		{"twin: it is not known what the two are", 0, []int64{100, 100, 100, 100, 100, 100}, 0},
		{"twin: it is not known, and four came", 0, []int64{100, 100, 100, 100, 100, 104}, 0},
	} {
		now, state := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC), State{}
		for _, end := range c.ends {
			now = now.Add(10 * time.Second)
			g := groupOf("g")
			g.Topics = []lag.TopicLag{{Topic: "orders", Partitions: []lag.PartitionLag{
				{Committed: 98, End: end, Owner: -1, Known: lag.KnownStart | lag.KnownCommitted | lag.KnownEnd},
			}}}
			g.At, g.ReadAt = now, now
			state = See(state, &Poll{Now: now, Clock: Clock{}.Filled(), Sources: []Source{{
				SourceSpec: SourceSpec{Cluster: "main", Group: "g", LeavesBehind: c.leaves}, Lag: &g,
			}}})
		}
		if got := state.Sources[0].RestOf()("orders", 0); got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
	}
}
