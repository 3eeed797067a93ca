package seen

import (
	"math"
	"time"

	"github.com/lagscaler/lagscaler/lag"
)

// A record that is late after a step down may be late for many reasons. The methods of this file tell the one that a step down
// makes from the others: too few consumers for what arrives.

// ArrivalNoise is how much more than a rate may be counted in the rate window by chance: four standard deviations.
func ArrivalNoise(rate float64, clk Clock) float64 {
	return jumpNoise * math.Sqrt(rate/clk.Scale(lag.RateWindow).Seconds())
}

// Waiting is what a late record is looked for with.
type Waiting struct {
	Step    time.Time     // of the step down
	Since   time.Time     // the record arrived after this
	For     time.Duration // it has waited for longer than this, and than the group's commits usually take
	MadeFor float64       // arrivals that the step was made for, records/s
}

// Waits reports whether a record of a partition waits as w says. A partition whose commits stand does not count: its consumer may hang.
// Nor does one that gets more than its share of what the step was made for, or of which that is not known.
func (h *History) Waits(w Waiting, clk Clock) bool {
	r := &h.Readings
	clk = h.Paced(clk)
	if r.Len() == 0 {
		return false
	}
	last, step := r.Last(), max(0, r.After(h.instant(w.Step))-1)
	arrived := r.After(h.instant(w.Since) - 1)
	if arrived >= r.Len() {
		return false
	}
	moved, unread, grown := &r.At(r.Before(clk.Scale(lag.RateWindow), clk.Slack())).Offsets, h.unread(), r.grown(step, w.MadeFor, clk)
	found := false
	h.Intervals(func(first, n int, interval time.Duration) {
		// A record that was read may wait for a commit interval until its commit.
		most := w.For + max(clk.Scale(lag.CommitInterval(h.CommitInterval)), interval)
		before := r.After(last.At-int64(most)) - 1 // a record that was there at this reading has waited for too long
		if before <= arrived {
			return
		}
		old, young := &r.At(before).Offsets, &r.At(arrived).Offsets
		for c := first; c < first+n && !found; c++ {
			o, moved, old, young := last.Offsets.Of(c), moved.Of(c), old.Of(c), young.Of(c)
			switch {
			case o.Known != KnowsBoth || moved.Known != KnowsBoth || old.Known&young.Known&KnowsEnd == 0:
			case unread[c] >= old.End || unread[c] < young.End: // it has not waited for so long, or arrived before
			case o.Position <= moved.Position:
			default:
				found = !grown(c)
			}
		}
	})
	return found
}

// sharedFor is how long arrivals must have been read before a step for the share of a partition to be known.
const sharedFor = time.Minute

// grown says of a column whether more has arrived there since a reading than its share until then of madeFor records/s, or of what
// arrived until then if that is more. It does so, too, if that is not known.
func (r *Readings) grown(step int, madeFor float64, clk Clock) func(column int) bool {
	first, then, last := r.At(0), r.At(step), r.Last()
	before, since := time.Duration(then.At-first.At), time.Duration(last.At-then.At).Seconds()
	if before < clk.Scale(sharedFor) || since <= 0 {
		return func(int) bool { return true }
	}
	total := 0.0
	for c := range then.Offsets.Len() {
		if was, step := first.Offsets.Of(c), then.Offsets.Of(c); was.Known&step.Known&KnowsEnd != 0 {
			total += float64(step.End-was.End) / before.Seconds()
		}
	}
	more := max(1, madeFor/total)
	return func(c int) bool {
		was, step, now := first.Offsets.Of(c), then.Offsets.Of(c), last.Offsets.Of(c)
		if was.Known&step.Known&now.Known&KnowsEnd == 0 || total <= 0 {
			return true
		}
		expected := more * float64(step.End-was.End) / before.Seconds()
		return float64(now.End-step.End)/since > expected+jumpNoise*math.Sqrt(expected/since)
	}
}

// Shifted reports whether some partition has got more than its share of madeFor records/s since a step down, or it is not known: then
// more consumers may be needed though no more arrives.
func (h *History) Shifted(step time.Time, madeFor float64, clk Clock) bool {
	r := &h.Readings
	if r.Len() == 0 {
		return true
	}
	grown := r.grown(max(0, r.After(h.instant(step))-1), madeFor, clk)
	for c := range r.Last().Offsets.Len() {
		if grown(c) {
			return true
		}
	}
	return false
}

// Halts reports whether something other than the number of consumers keeps records from being read: a partition is stalled though a
// member has it, or the position of one went back since the reading before.
func (h *History) Halts() bool {
	r := &h.Readings
	if r.Len() == 0 {
		return false
	}
	last, halts := r.Last(), false
	if r.Len() > 1 {
		before := &r.At(r.Len() - 2).Offsets
		for c := range last.Offsets.Len() {
			was, now := before.Of(c), last.Offsets.Of(c)
			halts = halts || was.Known&now.Known&KnowsPosition != 0 && now.Position < was.Position
		}
	}
	h.EachStand(func(c int, v lag.View) {
		o := last.Offsets.Of(c)
		stands := v.Still || v.Stand == lag.StandSlow || v.Stand == lag.StandStalled
		halts = halts || stands && o.Known == KnowsBoth && o.Lag() > 0 && o.Owner >= 0
	})
	return halts
}
