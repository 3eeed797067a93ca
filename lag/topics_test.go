package lag

import "testing"

// A commit beyond the partitions of a topic is of a partition that is unknown, or of none, by what the source knows of it; whether
// members have the topic or not.
func TestCommitsBeyondTheLastPartition(t *testing.T) {
	for name, c := range map[string]struct {
		more     ErrorCode
		members  bool
		complete bool
		parts    int
	}{
		"nobody said that there is no more":               {Unreachable, false, false, 2},
		"nobody said that there is no more, with members": {Unreachable, true, false, 2},
		"twin: made anew with fewer":                      {OK, false, true, 1},
		"twin: made anew with fewer, with members":        {OK, true, true, 1},
	} {
		w := at(0).topic("orders", [2]int64{0, 10})
		w.topics[0].More = c.more
		change := []func(*GroupRead){commits("orders", 4, 7)}
		if c.members {
			change = append(change, member("m", []string{"orders"}, TopicPartitions{"orders", []int32{0}}))
		}
		w.group("g", change...)
		g, _ := Compute(w.observation(), nil, nil).Group("g")
		if n, complete := g.Total(); n != 6 || complete != c.complete || len(g.Topics[0].Partitions) != c.parts {
			t.Errorf("%s: lag %d, complete %v, partitions %+v", name, n, complete, g.Topics[0].Partitions)
		}
		if last := g.Topics[0].Partitions[c.parts-1]; last.Err != c.more || c.parts == 2 && last.Committed != 7 {
			t.Errorf("%s: %+v", name, last)
		}
	}
}
