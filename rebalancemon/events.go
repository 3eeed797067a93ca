package rebalancemon

import (
	"math"
	"slices"
	"time"
)

// Events are rebalances of one group, the oldest first. All but the last are packed: 10,000 groups keep 200,000 of them. They are immutable;
// the zero value has none.
type Events struct {
	last   *Event
	packed []packedEvent // with the last
}

// packedEvent is an Event of a group that is known.
type packedEvent struct {
	start      int64         // Unix nanoseconds
	at         time.Duration // of its end, since a time of the group's own: setting the wall clock does not move it
	took       time.Duration // lasts: it has no end; otherwise by the clock that is not set
	resolution time.Duration
	evidence   string
	generation int32
	count      int32
	joined     int32
	left       int32
	slip       int32 // nanoseconds by which the wall clock went further than took
	outcome    int8  // index in Outcomes; -1: none yet
	cause      int8  // index in Causes; -1: none yet
	paused     bool
}

const lasts = time.Duration(-1 << 63)

func pack(e *Event, from time.Time) packedEvent {
	p := packedEvent{
		start: e.Start.UnixNano(), at: e.End.Sub(from), took: e.End.Sub(e.Start), resolution: e.Resolution, evidence: e.Evidence,
		generation: e.Generation, count: int32(e.Count), joined: int32(e.Joined), left: int32(e.Left),
		outcome: int8(slices.Index(Outcomes, e.Outcome)), cause: int8(slices.Index(Causes, e.Cause)), paused: e.Paused,
	}
	if e.End.IsZero() {
		p.took = lasts
		return p
	}
	p.slip = int32(max(math.MinInt32, min(math.MaxInt32, e.End.UnixNano()-p.start-int64(p.took))))
	return p
}

// is reports whether the rebalance had this cause.
func (p *packedEvent) is(c Cause) bool { return p.cause >= 0 && Causes[p.cause] == c }

// ended reports whether the rebalance had this outcome.
func (p *packedEvent) ended(o Outcome) bool { return p.outcome >= 0 && Outcomes[p.outcome] == o }

// duration is how long it took, of one that ended.
func (p *packedEvent) duration() time.Duration { return max(0, p.took) }

// NewEvents packs the rebalances of one group, the oldest first.
func NewEvents(list []Event) Events {
	var all Events
	for i := range list {
		all = all.with(&list[i], list[0].End)
	}
	return all
}

// with is one rebalance more, in memory of its own: readers share the list before.
func (s Events) with(e *Event, from time.Time) Events {
	last := *e
	for i := range s.packed {
		if s.packed[i].evidence == last.Evidence {
			last.Evidence = s.packed[i].evidence // the same memory
		}
	}
	return Events{last: &last, packed: append(append(make([]packedEvent, 0, len(s.packed)+1), s.packed...), pack(&last, from))}
}

// newest are the last n, in memory of their own.
func (s Events) newest(n int) Events {
	return Events{last: s.last, packed: append(make([]packedEvent, 0, n), s.packed[len(s.packed)-n:]...)}
}

// Len is how many there are.
func (s Events) Len() int { return len(s.packed) }

// Last is the newest one; nil if there is none. It is the same pointer until there is another one.
func (s Events) Last() *Event { return s.last }

// At is one of them; 0 is the oldest. Its times are those of the wall clock alone, but for the last one. If that was set by more than two
// seconds while the rebalance lasted, the end of an older one is where it would have been otherwise.
func (s Events) At(i int) Event {
	if i == len(s.packed)-1 {
		return *s.last
	}
	p := &s.packed[i]
	e := Event{
		Cluster: s.last.Cluster, Group: s.last.Group, Start: time.Unix(0, p.start).In(s.last.Start.Location()), Resolution: p.resolution,
		Evidence: p.evidence, Generation: p.generation, Count: int(p.count), Joined: int(p.joined), Left: int(p.left), Paused: p.paused,
	}
	if p.outcome >= 0 {
		e.Outcome = Outcomes[p.outcome]
	}
	if p.cause >= 0 {
		e.Cause = Causes[p.cause]
	}
	if p.took != lasts {
		e.End = e.Start.Add(p.took + time.Duration(p.slip))
	}
	return e
}

// All are all of them.
func (s Events) All() []Event {
	all := make([]Event, s.Len())
	for i := range all {
		all[i] = s.At(i)
	}
	return all
}
