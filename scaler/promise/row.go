package promise

import (
	"slices"
	"time"
)

// Terms are what a row of fleets is played for: the time within which records are to be processed, and how fast pods start.
type Terms struct {
	Target     time.Duration `json:"targetLag"`
	FastStarts bool          `json:"fastStarts,omitempty"` // pods start in half the time
}

// fastStart is the share of a start that a fast one takes.
const fastStart = 0.5

// seconds is the target as it is played.
func (t Terms) seconds() float64 { return min(t.Target, longestTarget).Seconds() }

// horizon is the time until a replica that is requested now works; all is that of the scaler, whose pods usually take start.
func (t Terms) horizon(all, start float64) float64 {
	if t.FastStarts {
		return all - fastStart*start
	}
	return all
}

// targets are the targets of the price list; the scaler's own comes first, and once more with pods that start fast.
var targets = [...]time.Duration{
	10 * time.Second, 30 * time.Second, time.Minute, 2 * time.Minute, 5 * time.Minute, longestTarget,
}

// termsOf are the terms of all rows.
func termsOf(own time.Duration) []Terms {
	list := []Terms{{Target: own}, {Target: own, FastStarts: true}}
	for _, t := range targets {
		if t != own {
			list = append(list, Terms{Target: t})
		}
	}
	return list
}

// row is what a row of fleets has in common at a poll. Times are seconds, rates records/s.
type row struct {
	target, drain float64
	horizon       float64
	faster        float64 // a start takes so much of the time that it really took
	late, strict  deadline
	floor         float64 // the reserve for returning peaks
}

// deadline is an age at which a record is too old: the target, or a target that is a margin shorter.
type deadline struct {
	before, young float64 // records that arrived within this time, at the poll before and now
	aged          float64 // records that became as old since the poll before
}

// deadlineAt is the deadline of an age at a poll; before is young at the poll before.
func deadlineAt(age, before float64, in *Poll, a arrivals) deadline {
	young := a[len(a)-1].total - a.until(age)
	return deadline{before, young, max(0, before+in.Arrived-young)}
}

// pastRow is what a row remembers from poll to poll.
type pastRow struct {
	late     float64 // young of the deadlines, at the last poll
	strict   float64
	peaks    peaks
	greatest [len(times)]float32 // of peaks, by times
}

// drainAtLeast is the drain time of a short target: what the policy does where none is set.
const drainAtLeast = 120

// next is the row at a poll; it remembers the poll. start is how long the pods of a step up usually take.
func (past *pastRow) next(t Terms, in *Poll, a arrivals, now int64, start float64) row {
	r := row{target: t.seconds(), drain: max(drainAtLeast, 2*t.Target.Seconds()), faster: 1, horizon: t.horizon(in.Horizon, start)}
	if t.Target == in.Target {
		r.drain = in.Drain
	}
	if t.FastStarts {
		r.faster = fastStart
	}
	r.late, r.strict = deadlineAt(r.target, past.late, in, a), deadlineAt(r.target-margin(r.target, r.horizon), past.strict, in, a)
	past.late, past.strict = r.late.young, r.strict.young
	past.add(now, a.effective(in.Rate, t.Target.Seconds()/2))
	if in.KeepsReserve && !in.Idle {
		r.floor = float64(past.greatest[hourOf]) * ReserveShare(r.target, r.horizon, in.pause())
	}
	return r
}

// add adds an effective rate to the peaks.
func (past *pastRow) add(now int64, rate float64) {
	began := past.peaks.step != now || past.greatest == [len(times)]float32{}
	past.peaks = past.peaks.with(now, rate)
	for k, of := range times {
		if began {
			past.greatest[k] = past.peaks.greatest(of)
		}
		past.greatest[k] = max(past.greatest[k], float32(rate))
	}
}

// ReserveShare is the share of a peak that must run already, so that no record waits for longer than the target when the peak returns
// at once. Package need has the derivation: reserve.go.
func ReserveShare(target, horizon, pause float64) float64 {
	if horizon <= pause {
		return 0
	}
	return max(0, min(1, 1-(target-pause)/(horizon-pause)))
}

// room is the rate for which a room of Rooms keeps consumers, with the reserve, which is the least.
func (past *pastRow) room(k int, floor float64, idle bool) float64 {
	of := timeOf[k]
	if idle || of < 0 {
		return floor
	}
	return max(floor, Rooms[k].Share*float64(past.greatest[of]))
}

// timeOf are the places in times of the times of Rooms; -1: it has none.
var timeOf = func() (places [len(Rooms)]int) {
	for k, room := range Rooms {
		places[k] = slices.Index(times[:], room.Of)
	}
	return places
}()
