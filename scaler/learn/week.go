package learn

import "github.com/lagscaler/lagscaler/scaler/seen"

// Week is the last week in five-minute steps: the replicas that the target had and those that were decided, the arrivals
// and the time lag. lagscaler compare and the page of a scaler read it. The last day has a value for each five minutes, or quarter of an
// hour if it was loaded, and the days before one for each hour.
type Week struct {
	Rate    Series `json:"rate"`    // mean arrivals of all sources, records/s
	Actual  Series `json:"actual"`  // mean replicas
	Desired Series `json:"desired"` // mean replicas that our decisions asked for
	Late    Series `json:"late"`    // greatest time lag, seconds
}

// weekStep adds the current five minutes up.
type weekStep struct {
	step                  int64
	polls, rated, sized   float64 // in which the decision, the rate and the size of the target were known
	rate, actual, desired float64 // sums
	late                  float64 // maximum
	lateKnown             bool
}

// WithWeek adds a poll to the week: the replicas that the decision in force asks for, and its greatest time lag, if it
// is known.
func (s State) WithWeek(now *seen.State, desired int32, lateSeconds float64, lateKnown bool) State {
	step := stepOf(now.Now)
	w := &s.Progress.week
	if w.step != step {
		if w.step > 0 {
			s.Memory.Week = s.Memory.Week.with(w)
		}
		*w = weekStep{step: step}
	}
	rate, rated := 0.0, len(now.Sources) > 0
	for i := range now.Sources {
		h := &now.Sources[i]
		if h.StandsBy {
			continue
		}
		if rated = rated && h.Rated(); rated {
			rate += h.Readings.Last().Rate
		}
	}
	if rated {
		w.rated, w.rate = w.rated+1, w.rate+rate
	}
	if now.Workload.Sized() {
		w.sized, w.actual = w.sized+1, w.actual+float64(now.Workload.Spec)
		w.polls, w.desired = w.polls+1, w.desired+float64(desired)
	}
	if lateKnown {
		w.late, w.lateKnown = max(w.late, lateSeconds), true
	}
	return s
}

// with is the week with one more step. What was not known for the whole step has no point in its series.
func (w Week) with(step *weekStep) Week {
	at := stepTime(step.step)
	if step.rated > 0 {
		w.Rate = w.Rate.put(at, step.rate/step.rated).shrunk(mean)
	}
	if step.sized > 0 {
		w.Actual = w.Actual.put(at, step.actual/step.sized).shrunk(mean)
	}
	if step.polls > 0 {
		w.Desired = w.Desired.put(at, step.desired/step.polls).shrunk(mean)
	}
	if step.lateKnown {
		w.Late = w.Late.put(at, step.late).shrunk(peaksAndRest)
	}
	return w
}

// thinned is the week as it is saved. Of the time lag it keeps when it was high: how long that was is compared with the target.
func (w Week) thinned() Week {
	return Week{Rate: w.Rate.thinned(mean), Actual: w.Actual.thinned(mean), Desired: w.Desired.thinned(mean), Late: w.Late.thinned(peaksAndRest)}
}
