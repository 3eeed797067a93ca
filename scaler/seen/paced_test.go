package seen

import (
	"cmp"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/lagscaler/lagscaler/lag"
)

var noon = time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)

// trace is what the polls of a cluster find: a reading, or that nothing could be read.
type trace struct {
	every time.Duration
	polls []lag.GroupLag
}

func drawTrace(t *rapid.T, partitions int) trace {
	every := time.Duration(rapid.SampledFrom([]int{1, 2, 5, 10, 15, 30, 60, 120, 300}).Draw(t, "interval")) * time.Second
	tr := trace{every: every}
	end, position := make([]int64, partitions), make([]int64, partitions)
	for i := range rapid.IntRange(3, 40).Draw(t, "polls") {
		fails := rapid.IntRange(0, 9).Draw(t, "fails") == 0
		at := noon.Add(time.Duration(i) * every)
		g := lag.GroupLag{
			GroupState: lag.GroupState{At: at, Group: "orders", Type: lag.Classic, State: lag.Stable},
			Generation: 1, ReadAt: at, Described: true, Topics: []lag.TopicLag{{Topic: "orders"}},
		}
		for p := range partitions {
			end[p] += int64(rapid.IntRange(0, 50).Draw(t, "arrived")) * int64(every/time.Second)
			position[p] = min(end[p], position[p]+int64(rapid.IntRange(0, 60).Draw(t, "done"))*int64(every/time.Second))
			g.Topics[0].Partitions = append(g.Topics[0].Partitions, lag.PartitionLag{
				Partition: int32(p), Owner: -1, Committed: position[p], End: end[p], Known: lag.KnownCommitted | lag.KnownEnd | lag.KnownStart,
			})
		}
		if fails && i > 0 {
			g = tr.polls[i-1]
			g.Err, g.Missed = lag.Unreachable, g.Missed+1
		}
		tr.polls = append(tr.polls, g)
	}
	return tr
}

// at is what was read last at a time.
func (tr *trace) at(passed time.Duration) *lag.GroupLag {
	return &tr.polls[min(len(tr.polls)-1, int(passed/tr.every))]
}

// same is everything that a decision takes from the readings of a source.
func (h *History) same() string {
	last := Newest{Reading: &Reading{}}
	if h.Readings.Len() > 0 {
		last = *h.Readings.Last()
	}
	return fmt.Sprint(h.Quality, h.OutageSince.IsZero(), h.Readings.Len(), last.Rate, last.Consumed, last.LastRate, last.EffectiveRate, last.Jump,
		last.JumpTo, last.Rated, last.Complete, h.PeakRate())
}

// A source whose cluster has an interval of its own looks the same as one of a process whose only interval that is: its rates, jumps,
// windows and outages do not depend on how often the scaler is decided because of other sources. Between two polls of it nothing
// changes: it is not stale, and no window begins anew.
func TestOnlyTheOwnIntervalCounts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tr := drawTrace(t, rapid.IntRange(1, 3).Draw(t, "partitions"))
		decided := tr.every / time.Duration(rapid.SampledFrom([]int{1, 2, 5, 8}).Draw(t, "decisions between two polls"))
		see := func(s State, now time.Time, clk Clock, own time.Duration) State {
			return See(s, &Poll{Now: now, Clock: clk.Filled(), Window: 4 * time.Minute, MaxWait: 15 * time.Second, Sources: []Source{{
				SourceSpec: SourceSpec{Cluster: "main", Group: "orders"}, Lag: tr.at(now.Sub(noon)), Interval: own,
			}}})
		}
		alone, among := State{}, State{}
		for passed := time.Duration(0); passed < time.Duration(len(tr.polls))*tr.every; passed += decided {
			now := noon.Add(passed)
			among = see(among, now, Clock{Poll: decided}, tr.every)
			if passed%tr.every == 0 {
				alone = see(alone, now, Clock{Poll: tr.every}, 0)
			}
			if a, b := alone.Sources[0].same(), among.Sources[0].same(); a != b {
				t.Fatalf("polls each %v, decided each %v, after %v:\n%s\n%s", tr.every, decided, passed, a, b)
			}
			if passed%tr.every != 0 && among.Sources[0].New {
				t.Fatalf("after %v a reading counts twice", passed)
			}
		}
	})
}

// The twin: polls of a source that do not come any more make it stale, by its own interval and no other.
func TestStaleByTheOwnInterval(t *testing.T) {
	for _, own := range []time.Duration{0, 2 * time.Second, time.Minute, 5 * time.Minute} {
		every := cmp.Or(own, 10*time.Second)
		s := State{}
		for passed := time.Duration(0); passed <= 4*every; passed += time.Second {
			g := lag.GroupLag{GroupState: lag.GroupState{At: noon, Group: "orders", State: lag.Stable}, ReadAt: noon}
			s = See(s, &Poll{Now: noon.Add(passed), Clock: Clock{}.Filled(), Sources: []Source{{SourceSpec: SourceSpec{Cluster: "main", Group: "orders"}, Lag: &g, Interval: own}}})
			if stale := s.Sources[0].Quality == Stale; stale != (passed > every*5/2) {
				t.Fatalf("interval %v: stale %v after %v without a poll", every, stale, passed)
			}
		}
	}
}
