package lag

import "testing"

func TestLeaderChanges(t *testing.T) {
	see := func(leader, epoch int32, coordinator int32) *Snapshot {
		w := at(0).topic("orders", [2]int64{0, 1})
		w.topics[0].Partitions[0].Leader, w.topics[0].Partitions[0].LeaderEpoch = leader, epoch
		return Compute(w.group("g", state(Empty), func(g *GroupRead) { g.Coordinator = coordinator }).observation(), nil, nil)
	}
	for _, c := range []struct {
		name string
		a, b *Snapshot
		want uint64
	}{
		{"nothing", see(1, 5, 1), see(1, 5, 1), 0},
		{"failover", see(1, 5, 1), see(2, 6, 1), 1},
		{"coordinator moved", see(1, 5, 1), see(1, 5, 2), 1},
		{"no epochs", see(1, -1, 1), see(2, -1, 1), 1},
		{"first", nil, see(1, 5, 1), 0},
	} {
		if got := LeaderChanges(c.a, c.b); got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
	}
}
