package promise

import (
	"slices"
	"time"
)

// Poll is what a play is told of a poll of one source. Rates are records/s, times without a unit seconds.
type Poll struct {
	Now     time.Time
	Seconds float64 // since the poll before
	Arrived float64 // records since then
	Rate    float64 // of arrivals, over 30 s

	Expected      float64 // arrivals, as the decision or the poll expects them
	Jump          float64 // arrivals after a jump, as far as jumps lasted lately; 0: there is none
	Peak          float64 // greatest rate of the stabilization window
	Covered       float64 // by measurements, without a gap: less than Window at first, and after an outage
	Idle          bool    // nothing has arrived or waited for idleTime
	Decides       bool    // it is a regular decision
	SinceDecision float64 // since the last one

	PerConsumer float64 // capacity
	Partitions  int32   // that can be divided; 0: no limit
	Consumers   int32   // as they are now: fleets begin with them
	Least, Most int32   // consumers; Most 0: no limit

	Starts   []float64 // until the pods of the last steps up had joined; not empty
	Pauses   []float64 // of the last rebalances; not empty
	Longest  float64   // of a rebalance, as decisions count it
	Horizon  float64   // until a replica that is requested now processes records
	ReadsOn  bool      // members go on with the partitions that they keep while their group rebalances
	Commit   float64   // between two commits
	Measured Measured

	Target          time.Duration
	Drain, Window   float64
	Utilization     float64
	DownUtilization float64
	KeepsReserve    bool
	Objective       float64 // share of the records that are to be processed within the target; 0: none is set
	Budget          float64 // how many times the cheapest room it may cost

	parts      int64   // of an hour that have begun since the poll before
	usualStart float64 // the median of Starts
	enough     float32 // consumers that process at least what arrived since the poll before
	quiet      float32 // consumers that the poll asks nothing of; everybody, if it makes a decision
}

// derive fills in what follows from the rest for all fleets.
func (in *Poll) derive() {
	in.parts = in.partsSince()
	in.enough, in.quiet = in.restFrom()
}

// pause is for how much of a rebalance partitions are not read, as decisions count it.
func (in *Poll) pause() float64 {
	if in.ReadsOn {
		return fullyRead * in.Longest
	}
	return in.Longest
}

// longestGap is the longest time between two polls that is played. After a longer one, nobody knows what came when.
const longestGap = 90

// Play are all fleets of a source. It is a value; the zero value has none. [Play.Next] returns the next one.
type Play struct {
	terms    []Terms // of the rows
	totals   totals  // by row
	peaks    []peaks // by row, as of the last totals
	own      rowDay  // what counts of the first row, as of the last totals
	learning bool    // too little has been played to choose a room
	days     days    // what was measured
	inForce  inForce
	now      now
	measured Measured // as of the last poll
	starts   []float64
	start    float64 // the median of starts: s until the pods of a step up have joined
	horizon  float64 // as of the last poll
}

// now is the part of a play that is not saved: after a restart fleets begin anew, without a backlog.
type now struct {
	step     int64   // since 1970
	seconds  float64 // that were played since the step began
	arrived  float64 // records since then
	arrivals arrivals
	rows     []pastRow
	fleets   kept
}

// Known reports whether something has been played.
func (p *Play) Known() bool { return len(p.terms) > 0 }

// Next plays all fleets to the next poll. It returns the play as it is if nothing can be said of the poll: the time since the last
// one is too long, or the capacity of a consumer is not known.
func (p Play) Next(in Poll) Play {
	if in.PerConsumer <= 0 || in.Seconds <= 0 || in.Seconds > longestGap {
		p.measured = in.Measured
		return p
	}
	p.begin(&in)
	in.derive()
	if !slices.Equal(in.Starts, p.starts) {
		p.starts, p.start = in.Starts, median(in.Starts)
	}
	in.usualStart, p.horizon = p.start, in.Horizon
	at := in.Now.UnixNano() / int64(step)
	if p.now.step != at {
		p.addUp()
		p.inForce = p.choose(&in)
		p.now.step = at
	}
	p.now.seconds += in.Seconds
	p.now.arrived += in.Arrived
	p.now.arrivals = p.now.arrivals.with(in.Seconds, in.Arrived)
	late, strict := p.advance(&in, at)
	p.days = p.days.with(&in, p.measured, late, strict)
	p.measured = in.Measured
	return p
}

// advance plays all fleets to the poll, and returns how many records became late in that of the room in force, and how many would have if
// the target were a margin shorter.
func (p *Play) advance(in *Poll, at int64) (late, strict float64) {
	p.now.rows = slices.Clone(p.now.rows)
	fleets := p.now.fleets.rewrite()
	for i, t := range p.terms {
		past := &p.now.rows[i]
		r := past.next(t, in, p.now.arrivals, at, p.start)
		for k := range Rooms {
			if fleets.pass(in) {
				continue
			}
			f := fleets.take()
			before := f
			f.next(in, &r, past.room(k, r.floor, in.Idle))
			if i == 0 && k == p.inForce.Room {
				late, strict = float64(f.late-before.late), float64(f.strict-before.strict)
			}
			fleets.put(&f)
		}
	}
	p.now.fleets = fleets.all()
	return late, strict
}

// begin makes the fleets, at the first poll and when the target has changed: rows of terms that stay keep their totals.
func (p *Play) begin(in *Poll) {
	if len(p.now.fleets) > 0 && p.terms[0].Target == in.Target { // all other terms follow from the target
		return
	}
	terms := termsOf(in.Target)
	totals, old := make([]rowDays, len(terms)), p.rows()
	rows := make([]pastRow, len(terms))
	for i, t := range terms {
		if k := slices.Index(p.terms, t); k >= 0 {
			totals[i] = old[k]
			rows[i].peaks = totals[i].peaks
			if len(p.now.rows) > k {
				rows[i].peaks = p.now.rows[k].peaks
			}
		}
	}
	if len(p.terms) == 0 || p.terms[0] != terms[0] { // what was measured was measured by another target
		p.days, p.inForce = nil, inForce{}
	}
	p.terms = terms
	p.keep(totals)
	p.now.rows, p.now.fleets = rows, alike(begin(float64(in.Consumers)), len(terms))
}

// Peak is the greatest rate of a room's time, for the scaler's own target; 0: nothing was seen.
func (p *Play) Peak(of Room) float64 {
	switch {
	case of.Share == 0 || len(p.terms) == 0:
		return 0
	case len(p.now.rows) == 0: // it was loaded, and nothing was played yet
		return float64(p.peaks[0].greatest(of.Of))
	}
	return float64(p.now.rows[0].peaks.greatest(of.Of))
}

// median is the middle one.
func median(seconds []float64) float64 {
	sorted := slices.Sorted(slices.Values(seconds))
	return sorted[len(sorted)/2]
}
