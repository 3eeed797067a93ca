package promise

import (
	"slices"
	"time"
)

// step is the resolution of peaks; the totals are added up once in each.
const step = 5 * time.Minute

// longestTarget is the longest time for which arrivals are remembered by polls. A longer target is played as this one, which is
// more than it asks for.
const longestTarget = 10 * time.Minute

// point is how much had arrived until a poll.
type point struct{ at, total float64 } // seconds and records since the play began

// arrivals are the points of the last ten minutes, oldest first. They are replaced, never changed.
type arrivals []point

// with is one poll more.
func (a arrivals) with(seconds, records float64) arrivals {
	last := point{}
	if len(a) > 0 {
		last = a[len(a)-1]
	} else {
		a = arrivals{last}
	}
	next := point{last.at + seconds, last.total + records}
	first := 0
	for first+1 < len(a) && a[first+1].at <= next.at-longestTarget.Seconds() {
		first++
	}
	return append(append(make(arrivals, 0, len(a)-first+1), a[first:]...), next)
}

// until is how much had arrived so many seconds before the last poll, evenly between two polls.
func (a arrivals) until(ago float64) float64 {
	at := a[len(a)-1].at - ago
	for i := len(a) - 1; i > 0; i-- {
		if from := a[i-1]; from.at <= at {
			return from.total + (a[i].total-from.total)*min(1, (at-from.at)/(a[i].at-from.at))
		}
	}
	return a[0].total
}

// effective is the least capacity at which no record of the last minutes would have waited for longer than a time, and at least
// their mean; at most the rate. Package seen has the same for decisions, with the reasons: effective.go.
func (a arrivals) effective(rate, wait float64) float64 {
	last, first := a[len(a)-1], a[0]
	least := (last.total - first.total) / (last.at - first.at)
	for i := len(a) - 2; i >= 0 && least <= burst*rate; i-- {
		least = max(least, (last.total-a[i].total)/(last.at-a[i].at+wait))
	}
	if least > burst*rate {
		return rate
	}
	return least
}

// burst is the share of the rate below which an effective rate tells of a burst.
const burst = 0.95

const (
	steps = int64(time.Hour / step) // in an hour
	hours = 25                      // a day, and the present hour
)

// peaks are the greatest effective rates of the last hour by steps, and of the last day by hours.
type peaks struct {
	step       int64   // the present one, in steps since 1970
	five, hour float32 // of the present step and hour
	before     slots   // of those before it
}

// slots are the peaks by step, then by hour; nil: there were none. Those of the present step and hour do not count: what they had an hour
// and a day ago is over. Plays and rows share them, so they are replaced, never changed.
type slots []float32

// The places of a step, and of its hour.
func slotOf(step int64) int64     { return step % steps }
func hourSlotOf(step int64) int64 { return steps + step/steps%hours }

// with is the peaks after one more rate. Steps in which nothing was seen had no peak. If the clock was set back while the process did not
// run, the peaks stay where they are until it is as late again.
func (p peaks) with(now int64, rate float64) peaks {
	if now-p.step >= hours*steps || p.step-now >= hours*steps {
		p = peaks{step: now}
	}
	if now > p.step {
		p = p.until(now)
	}
	p.five, p.hour = max(p.five, float32(rate)), max(p.hour, float32(rate))
	return p
}

// until moves on to a step.
func (p peaks) until(now int64) peaks {
	p = p.over()
	if now > p.step+1 { // nothing was seen in between
		p.before = slices.Clone(p.before)
		for at := p.step + 1; at < now; at++ {
			p.before[slotOf(at)] = 0
			if at%steps == 0 {
				p.before[hourSlotOf(at)] = 0
			}
		}
	}
	p.five = 0
	if now/steps != p.step/steps {
		p.hour = 0
	}
	p.step = now
	return p
}

// over is the same, with the present step and hour among those before it, too.
func (p peaks) over() peaks {
	if all := p.all(); !slices.Equal(p.before, all) {
		p.before = all
	}
	return p
}

// all are the slots, with the present step and hour.
func (p *peaks) all() slots {
	all := make(slots, steps+hours)
	copy(all, p.before)
	all[slotOf(p.step)], all[hourSlotOf(p.step)] = p.five, p.hour
	return all
}

// peaksOf are peaks with these slots, as of a step.
func peaksOf(step int64, all slots) peaks {
	return peaks{step: step, five: all[slotOf(step)], hour: all[hourSlotOf(step)], before: all}
}

// greatest is the greatest rate of a time: of at least so long, the present step or hour included.
func (p *peaks) greatest(of time.Duration) float32 {
	v := p.five
	for k := int64(1); p.before != nil && k < min(steps, int64(of/step)+1) && k <= p.step; k++ {
		v = max(v, p.before[slotOf(p.step-k)])
	}
	if of > time.Hour {
		v = max(v, p.hour)
		for k := int64(1); p.before != nil && k < int64(of/time.Hour)+1 && k <= p.step/steps; k++ {
			v = max(v, p.before[hourSlotOf(p.step-k*steps)])
		}
	}
	return v
}
