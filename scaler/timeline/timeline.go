package timeline

import (
	"math"
	"slices"
	"time"
)

const (
	most = 96                 // of decisions, and of rebalances
	week = 7 * 24 * time.Hour // older ones are dropped
)

// Poll is what happened until a poll.
type Poll struct {
	Now        time.Time
	Decision   *Decision   // nil: no new one, or one for the size that there is
	Rebalances []Rebalance // the last of each group that has ended; most are known already
}

// Decision is a decision for another size.
type Decision struct {
	At       time.Time
	From, To int32
	Reason   string
	Advised  bool // it was not to be written
}

// Rebalance is a rebalance that has ended.
type Rebalance struct {
	Group string
	End   time.Time
	Took  time.Duration
	Cause string
}

// Timeline is the last week. It is a value; the zero value knows nothing. [Timeline.Next] returns the next one.
type Timeline struct {
	begun      time.Time    // the first poll
	names      []string     // reasons, causes and groups, sorted
	decisions  kept         // by time
	rebalances kept         // by end
	dropped    [2]time.Time // the newest decision and the newest rebalance for which there was no room
}

func unix(t time.Time) int64 { return max(0, min(math.MaxUint32, t.Unix())) } // until 2106

// names are all reasons, causes and groups, sorted.
func names(decisions []Decision, rebalances []Rebalance) []string {
	var all []string
	for _, d := range decisions {
		all = append(all, d.Reason)
	}
	for _, r := range rebalances {
		all = append(all, r.Cause, r.Group)
	}
	slices.Sort(all)
	return slices.Clone(slices.Compact(all))
}

// Next is the timeline after one more poll.
func (t Timeline) Next(p Poll) Timeline {
	if t.begun.IsZero() {
		t.begun = p.Now
	}
	if d := p.Decision; d != nil && !t.said(d) {
		all := append(t.allDecisions(), *d)
		all, t.dropped[0] = newest(all, func(d *Decision) time.Time { return d.At }, p.Now, t.dropped[0])
		t.keep(all, t.allRebalances())
	}
	for _, r := range p.Rebalances {
		if !r.End.IsZero() && p.Now.Sub(r.End) < week && !t.knows(&r) {
			r.Took = max(0, min(week, r.Took))
			all := append(t.allRebalances(), r)
			slices.SortStableFunc(all, func(a, b Rebalance) int { return a.End.Compare(b.End) })
			all, t.dropped[1] = newest(all, func(r *Rebalance) time.Time { return r.End }, p.Now, t.dropped[1])
			t.keep(t.allDecisions(), all)
		}
	}
	return t
}

// said reports whether a decision is the last one once more.
func (t *Timeline) said(d *Decision) bool {
	for last := range t.decisions.all(ofDecision) {
		is := t.decision(last)
		return d.Advised && is.Advised && is.From == d.From && is.To == d.To && is.Reason == d.Reason
	}
	return false
}

// knows reports whether a rebalance is one of those that are kept, or older than those of its group.
func (t *Timeline) knows(r *Rebalance) bool {
	for k := range t.rebalances.all(ofRebalance) { // the first is the newest of the group
		if is := t.rebalance(k); is.Group == r.Group {
			return unix(r.End) <= is.End.Unix()
		}
	}
	return false
}

// newest drops what is too old, and the oldest if there are too many.
func newest[T any](all []T, at func(*T) time.Time, now, dropped time.Time) ([]T, time.Time) {
	first := 0
	for first < len(all) && (len(all)-first > most || now.Sub(at(&all[first])) >= week) {
		if now.Sub(at(&all[first])) < week {
			dropped = at(&all[first])
		}
		first++
	}
	return all[first:], dropped
}

// Decisions are those of the last week, the oldest first, and since when they are complete.
func (t *Timeline) Decisions(now time.Time) (all []Decision, since time.Time) {
	return after(t.allDecisions(), func(d *Decision) time.Time { return d.At }, now), t.since(now, t.dropped[0])
}

// Rebalances are those of the last week, the oldest first, and since when they are complete.
func (t *Timeline) Rebalances(now time.Time) (all []Rebalance, since time.Time) {
	return after(t.allRebalances(), func(r *Rebalance) time.Time { return r.End }, now), t.since(now, t.dropped[1])
}

func after[T any](all []T, at func(*T) time.Time, now time.Time) []T {
	for i := range all {
		if now.Sub(at(&all[i])) < week {
			return all[i:]
		}
	}
	return nil
}

func (t *Timeline) since(now, dropped time.Time) time.Time {
	since := now.Add(-week)
	for _, at := range []time.Time{t.begun, dropped} {
		if at.After(since) {
			since = at
		}
	}
	return since
}
