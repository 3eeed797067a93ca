package lag_test

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/lag/lagtest"
)

// clockPoll is one poll of a group of two partitions.
type clockPoll struct {
	after time.Duration // since the poll before
	end   [2]int64
	done  [2]int64
	empty bool // nobody is in the group
}

func drawPolls(t *rapid.T) []clockPoll {
	var polls []clockPoll
	last := clockPoll{end: [2]int64{1000, 1000}, done: [2]int64{900, 900}, empty: rapid.Bool().Draw(t, "empty")}
	for range rapid.IntRange(2, 60).Draw(t, "polls") {
		last.after = time.Duration(rapid.IntRange(9000, 11000).Draw(t, "ms")) * time.Millisecond
		for p := range 2 {
			last.end[p] += int64(rapid.IntRange(0, 200).Draw(t, "arrive"))
			last.done[p] += int64(rapid.IntRange(0, int(last.end[p]-last.done[p])).Draw(t, "commit"))
		}
		polls = append(polls, last)
	}
	return polls
}

// play runs polls through Compute and History; read is how the process reads a time, by the index of its poll.
func play(polls []clockPoll, start time.Time, read func(i int, t time.Time) time.Time) (all []lag.Rates) {
	var h lag.History
	var prev *lag.Snapshot
	passed := time.Duration(0)
	for i, p := range polls {
		passed += p.after
		now := read(i, start.Add(passed))
		topic := lag.TopicRead{Name: "orders", ID: [16]byte{1}}
		g := lag.GroupRead{
			GroupState: lag.GroupState{At: now, Group: "g", Type: lag.Classic, State: lag.Stable, Coordinator: 1},
			Protocol:   "consumer", Assignor: "range", Described: true, CommitsAt: now,
			Generation: lag.NoGeneration, Epoch: lag.NoGeneration, AssignmentEpoch: lag.NoGeneration,
			Members: []lag.Member{{ID: "m", Topics: []string{"orders"}, Assigned: []lag.TopicPartitions{{Topic: "orders", Partitions: []int32{0, 1}}}}},
		}
		if p.empty {
			g.State, g.Members = lag.Empty, nil
		}
		commits := lag.TopicCommits{Topic: "orders"}
		for k := range 2 {
			topic.Partitions = append(topic.Partitions, lag.PartitionRead{
				End: p.end[k], Stable: p.end[k], At: (passed + time.Hour).Milliseconds(), Leader: 1, Known: lag.KnownStart | lag.KnownEnd | lag.KnownStable,
			})
			commits.Partitions = append(commits.Partitions, lag.PartitionCommit{Partition: int32(k), Offset: p.done[k], Known: lag.KnownCommitted})
		}
		g.Commits = []lag.TopicCommits{commits}
		prev = lag.Compute(lag.Observation{Cluster: "main", Began: now, At: now, Topics: []lag.TopicRead{topic}, Groups: []lag.GroupRead{g}}, prev, nil)
		all = append(all, h.Add(prev, func(string) lag.SLO { return lag.DefaultSLO })...)
	}
	return all
}

// shown are the numbers of rates, without times of day.
func shown(r *lag.Rates) []any {
	stands := []lag.Stand{r.PartitionStand(0, 0), r.PartitionStand(0, 1)}
	lags := []lag.TimeLag{r.PartitionTimeLag(0, 0), r.PartitionTimeLag(0, 1)}
	return []any{r.Consumed, r.Produced, r.Trend, r.Direction, r.TimeLag, r.Drain, r.Stalled, r.Rest, r.Missed, r.Status, r.ConsumedTotal, r.LostTotal, stands, lags, slices.Collect(r.Doubts())}
}

// TestWallClockSteps: steps of the wall clock by an hour either way change no rate, no time lag, no stand, no status, and no doubt.
func TestWallClockSteps(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		polls, start := drawPolls(t), time.Now()
		at := rapid.IntRange(0, len(polls)-1).Draw(t, "set at")
		back := rapid.IntRange(at, len(polls)).Draw(t, "set back at")
		by := rapid.SampledFrom([]time.Duration{time.Hour, -time.Hour}).Draw(t, "by")
		want := play(polls, start, func(_ int, t time.Time) time.Time { return t })
		got := play(polls, start, func(i int, t time.Time) time.Time {
			if i >= at && i < back {
				return lagtest.WallSet(t, by)
			}
			return t
		})
		for i := range want {
			if w, g := shown(&want[i]), shown(&got[i]); !reflect.DeepEqual(w, g) {
				t.Fatalf("poll %d, set by %v from %d to %d:\n%+v\n%+v", i, by, at, back, w, g)
			}
		}
	})
}

// TestAnHourPassed is the twin: the process was stopped for an hour, so the rate is that of the hour.
func TestAnHourPassed(t *testing.T) {
	polls := []clockPoll{{end: [2]int64{1000, 1000}, done: [2]int64{1000, 1000}}}
	for i := range 6 {
		last := polls[len(polls)-1]
		last.after = 10 * time.Second
		if i == 5 {
			last.after = time.Hour
		}
		for p := range 2 {
			last.end[p] += 3600
			last.done[p] = last.end[p]
		}
		polls = append(polls, last)
	}
	rates := play(polls, time.Now(), func(_ int, t time.Time) time.Time { return t })
	last := rates[len(rates)-1]
	if v, ok := last.Produced.Value(); ok && v > 3 {
		t.Errorf("%v/s, want 2/s or unknown", v)
	}
}
