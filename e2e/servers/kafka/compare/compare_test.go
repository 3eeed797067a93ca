package compare

import (
	"slices"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/e2e/servers/kafka/coordlog"
	"github.com/lagscaler/lagscaler/rebalancemon"
)

// The Comparison must see what is wrong, or nothing below proves anything.
func TestCompare(t *testing.T) {
	at := func(s float64) time.Time {
		return time.Unix(1_800_000_000, 0).Add(time.Duration(s * float64(time.Second)))
	}
	logged := func(epoch int32, from, to float64) Truth {
		return Truth{
			Rebalance: coordlog.Rebalance{Epoch: epoch, Start: at(from), End: at(to), Outcome: coordlog.Completed},
			cause:     rebalancemon.MemberJoined,
		}
	}
	event := func(generation int32, count int, from, to float64, cause rebalancemon.Cause) rebalancemon.Event {
		return rebalancemon.Event{
			Start: at(from), End: at(to), Resolution: time.Second, Generation: generation, Count: count,
			Cause: cause, Outcome: rebalancemon.Success,
		}
	}
	all := []Truth{logged(4, 10, 10.4), logged(5, 20, 23)}
	for _, test := range []struct {
		name                                       string
		events                                     []rebalancemon.Event
		missed, false, right, unknown, wrong, near int
	}{
		{"all right", []rebalancemon.Event{event(4, 1, 10, 11, "member_joined"), event(5, 1, 21, 24, "member_joined")}, 0, 0, 2, 0, 0, 2},
		{"nothing", nil, 2, 0, 0, 0, 0, 0},
		{"counted together", []rebalancemon.Event{event(5, 2, 21, 24, "unknown")}, 0, 0, 0, 1, 0, 1},
		{"one too many", []rebalancemon.Event{event(5, 3, 21, 24, "member_joined")}, 0, 1, 1, 0, 0, 1},
		{"made up", []rebalancemon.Event{event(9, 1, 30, 31, "member_joined")}, 2, 1, 0, 0, 0, 0},
		{"no generation", []rebalancemon.Event{event(-1, 1, 20, 26, "member_left")}, 1, 0, 0, 0, 1, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			v := Compare(all, test.events, 2*time.Second, time.Second)
			got := []int{len(v.Missed), len(v.False), v.Right, len(v.Unknown), len(v.Wrong), v.Near}
			want := []int{test.missed, test.false, test.right, test.unknown, test.wrong, test.near}
			if !slices.Equal(got, want) {
				t.Errorf("missed, false, right, unknown, wrong, near: got %v, want %v: %+v", got, want, v)
			}
		})
	}
}

// Two rebalances that no sample saw apart are one stretch of time, whichever event has the first of them counted.
func TestDurationOfAChain(t *testing.T) {
	at := func(s float64) time.Time {
		return time.Unix(1_800_000_000, 0).Add(time.Duration(s * float64(time.Second)))
	}
	chain := []Truth{
		{Rebalance: coordlog.Rebalance{Epoch: 6, Start: at(9.4), End: at(11)}},
		{Rebalance: coordlog.Rebalance{Epoch: 7, Start: at(11.1), End: at(12.4)}},
	}
	for _, test := range []struct {
		to        float64
		near, far int
	}{{13, 1, 0}, {15, 0, 1}} {
		event := rebalancemon.Event{
			Start: at(10), End: at(test.to), Resolution: time.Second, Generation: 7, Count: 1, Outcome: rebalancemon.Success,
		}
		if v := Compare(chain, []rebalancemon.Event{event}, 2*time.Second, time.Second); v.Near != test.near || len(v.Far) != test.far {
			t.Errorf("10 to %v: near %d, far %q", test.to, v.Near, v.Far)
		}
	}
}
