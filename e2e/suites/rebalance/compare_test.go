package rebalance_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/e2e/servers/kafka/coordlog"
	"github.com/lagscaler/lagscaler/rebalancemon"
)

// truth is one rebalance as the coordinator logged it.
type truth struct {
	coordlog.Rebalance
	cause  rebalancemon.Cause
	nobody bool // no member was there both before and after
}

// truths are a group's rebalances that began since a time. Where a coordinator moved in the middle, both log the same
// generation: that is one rebalance, which began with the first.
func truths(all []coordlog.Rebalance, since time.Time, g *javaGroup) []truth {
	var out []truth
	last := rebalancemon.UnknownCause
	wasEmpty := false
	for _, r := range all {
		cause := causeOf(r, last, g)
		t := truth{Rebalance: r, cause: cause, nobody: r.Outcome == coordlog.Empty || wasEmpty}
		last, wasEmpty = cause, r.Outcome == coordlog.Empty
		if r.Start.Before(since) {
			continue
		}
		if n := len(out); n > 0 && out[n-1].Epoch == r.Epoch {
			out[n-1].End, out[n-1].Outcome = r.End, r.Outcome
			continue
		}
		out = append(out, t)
	}
	return out
}

// causeOf is the cause in lagscaler's words. The second half of a cooperative rebalance has the first one's, and
// a KIP-848 member that hangs over max.poll.interval is logged as leaving, which only the script knows better.
func causeOf(r coordlog.Rebalance, last rebalancemon.Cause, g *javaGroup) rebalancemon.Cause {
	switch r.Cause {
	case coordlog.MemberJoined:
		return rebalancemon.MemberJoined
	case coordlog.MemberLeft:
		if g.hung(r.Start) {
			return rebalancemon.MemberTimeout
		}
		return rebalancemon.MemberLeft
	case coordlog.PollTimeout, coordlog.SessionEnded:
		return rebalancemon.MemberTimeout
	case coordlog.Subscription:
		return rebalancemon.Subscription
	case coordlog.Partitions:
		return rebalancemon.Partitions
	case coordlog.Revocation:
		return last
	default:
		return rebalancemon.UnknownCause
	}
}

// comparison is how a group's events compare to the truth.
type comparison struct {
	Truths, Events int
	Missed, False  []string
	Excused        int // missed where nobody stayed
	Right          int // events whose cause is that of their first rebalance, which set off the others
	Unknown, Wrong []string
	Unclear        int // the log does not tell the cause
	Near           int // events whose duration is within a sample
	Far            []string
	Worst          time.Duration
}

// compare holds events against the truth. An event claims the generations up to its own, or, where it names none,
// as many as it counts of those that overlap it and nobody else claims.
func compare(all []truth, events []rebalancemon.Event) comparison {
	v := comparison{Truths: len(all), Events: len(events)}
	claimed := make([]bool, len(all))
	claims := make([][]truth, len(events))
	take := func(e int, match func(truth) bool) {
		for i, t := range all {
			if !claimed[i] && len(claims[e]) < events[e].Count && match(t) {
				claimed[i] = true
				claims[e] = append(claims[e], t)
			}
		}
	}
	for e, ev := range events {
		if ev.Generation > 0 {
			take(e, func(t truth) bool {
				return int(t.Epoch) > int(ev.Generation)-ev.Count && t.Epoch <= ev.Generation
			})
		}
	}
	for e, ev := range events {
		if ev.Generation <= 0 {
			take(e, func(t truth) bool { return overlap(t, ev) })
		}
		if n := ev.Count - len(claims[e]); n > 0 {
			v.False = append(v.False, fmt.Sprintf("%d of %s", n, sentence(ev)))
		}
		v.compareCause(ev, claims[e])
		v.compareDuration(ev, claims[e], all)
	}
	for i, t := range all {
		switch {
		case claimed[i]:
		case t.nobody:
			v.Excused++
		default:
			v.Missed = append(v.Missed, fmt.Sprintf("%s generation %d at %s, %v (%s)",
				t.Group, t.Epoch, clock(t.Start), t.End.Sub(t.Start), t.Reason))
		}
	}
	return v
}

func overlap(t truth, ev rebalancemon.Event) bool {
	return !t.Start.After(ev.End) && (t.End.IsZero() || !t.End.Before(ev.Start.Add(-ev.Resolution)))
}

// compareCause compares the cause of an event with that of the first of the rebalances it stands for.
func (v *comparison) compareCause(ev rebalancemon.Event, claims []truth) {
	if len(claims) == 0 {
		return
	}
	switch first := claims[0]; {
	case first.cause == rebalancemon.UnknownCause:
		v.Unclear++
	case ev.Cause == first.cause:
		v.Right++
	default:
		words := fmt.Sprintf("%s; it was %s (generation %d at %s, %s)",
			sentence(ev), first.cause, first.Epoch, clock(first.Start), first.Reason)
		if ev.Cause == rebalancemon.UnknownCause {
			v.Unknown = append(v.Unknown, words)
		} else {
			v.Wrong = append(v.Wrong, words)
		}
	}
}

// compareDuration compares an event's duration with the log's.
func (v *comparison) compareDuration(ev rebalancemon.Event, claims, all []truth) {
	truth, known := lasted(ev, claims, all)
	if !known || ev.Outcome == rebalancemon.UnknownOutcome {
		return
	}
	off := (ev.Duration(ev.End) - truth).Abs()
	v.Worst = max(v.Worst, off)
	if off <= max(sampleEvery, min(ev.Resolution, pollEvery))+slack {
		v.Near++
	} else {
		v.Far = append(v.Far, fmt.Sprintf("%s; it took %v", sentence(ev), truth))
	}
}

// slack is what the sampler's own clock, the answer's way and the coordinator add: what a KIP-848 coordinator lists is
// what its log has replicated, which on a busy machine is 0.2 s behind what it prints.
const slack = 250 * time.Millisecond

// lasted is how long it took by the log, from the start of the first rebalance in which a sample saw the group in motion to the
// end of the last: which of the group's rebalances the event counts is another matter. Of an event that no sample saw, it is the
// longest of those it stands for.
func lasted(ev rebalancemon.Event, claims, all []truth) (time.Duration, bool) {
	if ev.Start.Equal(ev.End) {
		longest := time.Duration(0)
		for _, t := range claims {
			longest = max(longest, t.End.Sub(t.Start))
		}
		return longest, len(claims) > 0
	}
	seen := ev.End.Add(-ev.Resolution) // the last sample in motion was no earlier
	if seen.Before(ev.Start) {
		seen = ev.Start
	}
	var first, last time.Time
	for _, t := range all {
		if t.Start.After(seen.Add(slack)) || t.End.Before(ev.Start.Add(-slack)) {
			continue
		}
		if first.IsZero() || t.Start.Before(first) {
			first = t.Start
		}
		if t.End.After(last) {
			last = t.End
		}
	}
	return last.Sub(first), !first.IsZero()
}

func clock(t time.Time) string { return t.Format("15:04:05.000") }

func sentence(ev rebalancemon.Event) string {
	return fmt.Sprintf("%s %s to %s (%v), %d times up to %d, %s, %s: %s", ev.Group, clock(ev.Start), clock(ev.End),
		ev.Resolution.Round(time.Millisecond), ev.Count, ev.Generation, ev.Outcome, ev.Cause, ev.Evidence)
}

// add sums comparisons up.
func (v *comparison) add(o comparison) {
	v.Truths += o.Truths
	v.Events += o.Events
	v.Missed = append(v.Missed, o.Missed...)
	v.False = append(v.False, o.False...)
	v.Excused += o.Excused
	v.Right += o.Right
	v.Unknown = append(v.Unknown, o.Unknown...)
	v.Wrong = append(v.Wrong, o.Wrong...)
	v.Unclear += o.Unclear
	v.Near += o.Near
	v.Far = append(v.Far, o.Far...)
	v.Worst = max(v.Worst, o.Worst)
}

// The comparison must see what is wrong, or nothing below proves anything.
func TestCompare(t *testing.T) {
	at := func(s float64) time.Time {
		return time.Unix(1_800_000_000, 0).Add(time.Duration(s * float64(time.Second)))
	}
	logged := func(epoch int32, from, to float64) truth {
		return truth{
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
	all := []truth{logged(4, 10, 10.4), logged(5, 20, 23)}
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
			v := compare(all, test.events)
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
	chain := []truth{
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
		if v := compare(chain, []rebalancemon.Event{event}); v.Near != test.near || len(v.Far) != test.far {
			t.Errorf("10 to %v: near %d, far %q", test.to, v.Near, v.Far)
		}
	}
}
