package promise

import "time"

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
	step int64 // the present one, in steps since 1970
	five [steps]float32
	hour [hours]float32
}

// with is the peaks after one more rate. Steps in which nothing was seen had no peak. If the clock was set back while the process did not
// run, the peaks stay where they are until it is as late again.
func (p peaks) with(now int64, rate float64) peaks {
	if now-p.step >= hours*steps || p.step-now >= hours*steps {
		p = peaks{step: now}
	}
	now = max(now, p.step)
	for p.step < now {
		p.step++
		p.five[p.step%steps] = 0
		if p.step%steps == 0 {
			p.hour[p.step/steps%hours] = 0
		}
	}
	five, hour := &p.five[now%steps], &p.hour[now/steps%hours]
	*five, *hour = max(*five, float32(rate)), max(*hour, float32(rate))
	return p
}

// greatest is the greatest rate of a time: of at least so long, the present step or hour included.
func (p *peaks) greatest(of time.Duration) float64 {
	v := float32(0)
	for k := range min(steps, int64(of/step)+1) {
		if i := p.step - k; i >= 0 {
			v = max(v, p.five[i%steps])
		}
	}
	if of > time.Hour {
		for k := range int64(of/time.Hour) + 1 {
			if i := p.step/steps - k; i >= 0 {
				v = max(v, p.hour[i%hours])
			}
		}
	}
	return float64(v)
}
