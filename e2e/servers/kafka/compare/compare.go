// Package compare holds the rebalances that lagscaler reports against the log of the group coordinators, which is the truth.
package compare

import (
	"fmt"
	"time"

	"github.com/lagscaler/lagscaler/e2e/servers/kafka/coordlog"
	"github.com/lagscaler/lagscaler/rebalancemon"
)

// Truth is one rebalance as the coordinator logged it.
type Truth struct {
	coordlog.Rebalance
	cause  rebalancemon.Cause
	nobody bool // no member was there both before and after
}

// Truths are a group's rebalances that began since a time. Where a coordinator moved in the middle, both log the same
// generation: that is one rebalance, which began with the first.
func Truths(all []coordlog.Rebalance, since time.Time, hung func(time.Time) bool) []Truth {
	var out []Truth
	last := rebalancemon.UnknownCause
	wasEmpty := false
	for _, r := range all {
		cause := causeOf(r, last, hung)
		t := Truth{Rebalance: r, cause: cause, nobody: r.Outcome == coordlog.Empty || wasEmpty}
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
// a KIP-848 member that hangs over max.poll.interval is logged as leaving, which only the script knows better: hung.
func causeOf(r coordlog.Rebalance, last rebalancemon.Cause, hung func(time.Time) bool) rebalancemon.Cause {
	switch r.Cause {
	case coordlog.MemberJoined:
		return rebalancemon.MemberJoined
	case coordlog.MemberLeft:
		if hung(r.Start) {
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

// Comparison is how a group's events compare to the truth.
type Comparison struct {
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

// Compare holds events against the truth; a duration may be off by a sample, or by the resolution of an event up to a poll. An event claims the generations up to its own, or, where it names none,
// as many as it counts of those that overlap it and nobody else claims.
func Compare(all []Truth, events []rebalancemon.Event, poll, sample time.Duration) Comparison {
	v := Comparison{Truths: len(all), Events: len(events)}
	claimed := make([]bool, len(all))
	claims := make([][]Truth, len(events))
	take := func(e int, match func(Truth) bool) {
		for i, t := range all {
			if !claimed[i] && len(claims[e]) < events[e].Count && match(t) {
				claimed[i] = true
				claims[e] = append(claims[e], t)
			}
		}
	}
	for e, ev := range events {
		if ev.Generation > 0 {
			take(e, func(t Truth) bool {
				return int(t.Epoch) > int(ev.Generation)-ev.Count && t.Epoch <= ev.Generation
			})
		}
	}
	for e, ev := range events {
		if ev.Generation <= 0 {
			take(e, func(t Truth) bool { return overlap(t, ev) })
		}
		if n := ev.Count - len(claims[e]); n > 0 {
			v.False = append(v.False, fmt.Sprintf("%d of %s", n, sentence(ev)))
		}
		v.compareCause(ev, claims[e])
		v.compareDuration(ev, claims[e], all, max(sample, min(ev.Resolution, poll)))
	}
	for i, t := range all {
		switch {
		case claimed[i]:
		case t.nobody:
			v.Excused++
		default:
			v.Missed = append(v.Missed, fmt.Sprintf("%s generation %d at %s, %v (%s)",
				t.Group, t.Epoch, Clock(t.Start), t.End.Sub(t.Start), t.Reason))
		}
	}
	return v
}

func overlap(t Truth, ev rebalancemon.Event) bool {
	return !t.Start.After(ev.End) && (t.End.IsZero() || !t.End.Before(ev.Start.Add(-ev.Resolution)))
}

// compareCause compares the cause of an event with that of the first of the rebalances it stands for.
func (v *Comparison) compareCause(ev rebalancemon.Event, claims []Truth) {
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
			sentence(ev), first.cause, first.Epoch, Clock(first.Start), first.Reason)
		if ev.Cause == rebalancemon.UnknownCause {
			v.Unknown = append(v.Unknown, words)
		} else {
			v.Wrong = append(v.Wrong, words)
		}
	}
}

// compareDuration compares an event's duration with the log's.
func (v *Comparison) compareDuration(ev rebalancemon.Event, claims, all []Truth, most time.Duration) {
	took, known := lasted(ev, claims, all)
	if !known || ev.Outcome == rebalancemon.UnknownOutcome {
		return
	}
	off := (ev.Duration(ev.End) - took).Abs()
	v.Worst = max(v.Worst, off)
	if off <= most+slack {
		v.Near++
	} else {
		v.Far = append(v.Far, fmt.Sprintf("%s; it took %v", sentence(ev), took))
	}
}

// slack is what the sampler's own clock, the answer's way and the coordinator add: what a KIP-848 coordinator lists is
// what its log has replicated, which on a busy machine is 0.2 s behind what it prints.
const slack = 250 * time.Millisecond

// lasted is how long it took by the log, from the start of the first rebalance in which a sample saw the group in motion to the
// end of the last: which of the group's rebalances the event counts is another matter. Of an event that no sample saw, it is the
// longest of those it stands for.
func lasted(ev rebalancemon.Event, claims, all []Truth) (time.Duration, bool) {
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

// Clock is a time of day, as it is in the brokers' logs.
func Clock(t time.Time) string { return t.Format("15:04:05.000") }

func sentence(ev rebalancemon.Event) string {
	return fmt.Sprintf("%s %s to %s (%v), %d times up to %d, %s, %s: %s", ev.Group, Clock(ev.Start), Clock(ev.End),
		ev.Resolution.Round(time.Millisecond), ev.Count, ev.Generation, ev.Outcome, ev.Cause, ev.Evidence)
}

// Add sums comparisons up.
func (v *Comparison) Add(o Comparison) {
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
