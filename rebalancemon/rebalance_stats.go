package rebalancemon

import (
	"slices"
	"time"
)

const (
	// keepEvents is how many of a group's last events are kept.
	keepEvents = 100

	// keepAll is how many are kept of all groups of a cluster together, at about 150 bytes each: 30 MB. When there are more, no group
	// keeps more than an equal share of them: the last 20 of each of 10,000 groups. A group keeps leastEvents, however many groups
	// there are.
	keepAll     = 200_000
	leastEvents = 10
)

// rebalanceStats counts a group's rebalances. Its counters only grow.
type rebalanceStats struct {
	outcomes  [4]uint64
	causes    [8]uint64
	unplanned uint64
	slow      uint64
	spent     time.Duration
	events    Events
	hour      *hour // nil until something happens
	typical   typical
}

func (t *rebalanceStats) add(ev Event, slow time.Duration) {
	n := uint64(ev.Count)
	t.outcomes[slices.Index(Outcomes, ev.Outcome)] += n
	t.causes[slices.Index(Causes, ev.Cause)] += n
	if !ev.Cause.Planned() {
		t.unplanned += n
	}
	if slow > 0 && ev.Duration(ev.End) > slow {
		t.slow++
	}
	t.lastHour().at(ev.End).count += uint32(ev.Count)
	t.events = t.events.with(&ev, t.hour.from)
	t.keep(keepEvents)
	t.typical = typicalOf(t.events)
}

// keep forgets all but the last n events.
func (t *rebalanceStats) keep(n int) {
	if t.events.Len() > n {
		t.events = t.events.newest(n)
		t.typical = typicalOf(t.events)
	}
}

// addTime adds to the time spent rebalancing. What was spent before an hour ago is no part of the last hour.
func (t *rebalanceStats) addTime(at time.Time, d time.Duration) {
	if d <= 0 {
		return
	}
	t.spent += d
	t.lastHour().at(at).spent += d
}

func (t *rebalanceStats) lastHour() *hour {
	if t.hour == nil {
		t.hour = &hour{}
	}
	return t.hour
}

// hour is the last hour, minute by minute.
type hour struct {
	from    time.Time // minutes count from here, so that none is lost or comes twice when the wall clock is set
	minutes [60]minute
}

type minute struct {
	spent time.Duration
	of    int32 // minutes since hour.from; what is here of another one is old
	count uint32
}

func (h *hour) at(t time.Time) *minute {
	of := h.minute(t)
	m := &h.minutes[((of%60)+60)%60]
	if m.of != of {
		*m = minute{of: of}
	}
	return m
}

// minute is the number of a minute; the first one began with a minute of the wall clock.
func (h *hour) minute(t time.Time) int32 {
	if h.from.IsZero() {
		h.from = t.Add(-time.Duration(t.UnixNano() % int64(time.Minute)))
	}
	since := t.Sub(h.from)
	if since < 0 {
		since -= time.Minute - 1 // rounded down
	}
	return int32(since / time.Minute) // a Duration has at most 154 million minutes
}

// sum is the count and the time of the hour before now; zero for a nil hour.
func (h *hour) sum(now time.Time) (count int, spent time.Duration) {
	if h == nil {
		return 0, 0
	}
	of := h.minute(now)
	for i := range h.minutes {
		if m := &h.minutes[i]; m.of > of-60 && m.of <= of {
			count += int(m.count)
			spent += m.spent
		}
	}
	return count, spent
}

// typical is what the kept events have in common.
type typical struct {
	known        bool
	average, p90 time.Duration
	successRate  float64
}

func typicalOf(events Events) typical {
	durations := make([]time.Duration, 0, events.Len())
	good, known := int32(0), int32(0)
	sum := time.Duration(0)
	for i := range events.packed {
		e := &events.packed[i]
		if e.ended(UnknownOutcome) {
			continue
		}
		known += e.count
		if !e.ended(Failed) {
			good += e.count
		}
		d := e.duration()
		sum += d
		durations = append(durations, d)
	}
	if len(durations) == 0 {
		return typical{}
	}
	slices.Sort(durations)
	return typical{
		known: true, average: sum / time.Duration(len(durations)),
		p90:         durations[(len(durations)*9+9)/10-1],
		successRate: float64(good) / float64(known),
	}
}
