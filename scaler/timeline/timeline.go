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
	begun      time.Time       // the first poll
	names      []string        // reasons, causes and groups, sorted
	decisions  []keptDecision  // by time. They are replaced, never changed
	rebalances []keptRebalance // by end. They are replaced, never changed
	dropped    [2]time.Time    // the newest decision and the newest rebalance for which there was no room
}

// A decision and a rebalance are kept with the precision with which they are saved: 28 bytes of both, instead of 120.
type (
	keptDecision struct {
		at       uint32 // Unix time, until 2106
		from, to int32
		reason   uint16 // of names
		advised  bool
	}
	keptRebalance struct {
		end, took    uint32 // Unix time; ms
		group, cause uint16 // of names
	}
)

// keep replaces all decisions and rebalances.
func (t *Timeline) keep(decisions []Decision, rebalances []Rebalance) {
	t.names, t.decisions, t.rebalances = names(decisions, rebalances), make([]keptDecision, len(decisions)), make([]keptRebalance, len(rebalances))
	place := func(name string) uint16 {
		i, _ := slices.BinarySearch(t.names, name)
		return uint16(i)
	}
	for i, d := range decisions {
		t.decisions[i] = keptDecision{unix(d.At), d.From, d.To, place(d.Reason), d.Advised}
	}
	for i, r := range rebalances {
		t.rebalances[i] = keptRebalance{unix(r.End), uint32(r.Took.Milliseconds()), place(r.Group), place(r.Cause)}
	}
}

func unix(t time.Time) uint32 { return uint32(max(0, min(math.MaxUint32, t.Unix()))) }

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

// allDecisions are those that are kept.
func (t *Timeline) allDecisions() []Decision {
	all := make([]Decision, len(t.decisions))
	for i, d := range t.decisions {
		all[i] = Decision{time.Unix(int64(d.at), 0).UTC(), d.from, d.to, t.names[d.reason], d.advised}
	}
	return all
}

// allRebalances are those that are kept.
func (t *Timeline) allRebalances() []Rebalance {
	all := make([]Rebalance, len(t.rebalances))
	for i, r := range t.rebalances {
		all[i] = Rebalance{t.names[r.group], time.Unix(int64(r.end), 0).UTC(), time.Duration(r.took) * time.Millisecond, t.names[r.cause]}
	}
	return all
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
	n := len(t.decisions)
	if n == 0 {
		return false
	}
	last := t.decisions[n-1]
	return d.Advised && last.advised && last.from == d.From && last.to == d.To && t.names[last.reason] == d.Reason
}

// knows reports whether a rebalance is one of those that are kept, or older than those of its group.
func (t *Timeline) knows(r *Rebalance) bool {
	for _, k := range slices.Backward(t.rebalances) { // sorted: the first is the newest of the group
		if t.names[k.group] == r.Group {
			return unix(r.End) <= k.end
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
