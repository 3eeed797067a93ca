package learn

import "github.com/lagscaler/lagscaler/scaler/seen"

// Week is the last week in five-minute steps: the replicas that the target had and those that were decided, the arrivals
// and the time lag. lagscaler compare reads it.
type Week struct {
	Rate    Series `json:"rate"`    // mean arrivals of all sources, records/s
	Actual  Series `json:"actual"`  // mean replicas
	Desired Series `json:"desired"` // mean replicas that our decisions asked for
	Late    Series `json:"late"`    // greatest time lag, seconds
}

// weekStep adds the current five minutes up.
type weekStep struct {
	step                  int64
	polls                 float64
	rate, actual, desired float64 // sums
	late                  float64 // maximum
}

// WithWeek adds a poll to the week: the replicas that the decision in force asks for, and its greatest time lag.
func (s State) WithWeek(now *seen.State, desired int32, lateSeconds float64) State {
	step := stepOf(now.Now)
	w := &s.Progress.week
	if w.step != step {
		if w.step > 0 && w.polls > 0 {
			at, week := stepTime(w.step), &s.Memory.Week
			week.Rate = week.Rate.put(at, w.rate/w.polls)
			week.Actual = week.Actual.put(at, w.actual/w.polls)
			week.Desired = week.Desired.put(at, w.desired/w.polls)
			week.Late = week.Late.put(at, w.late)
		}
		*w = weekStep{step: step}
	}
	for i := range now.Sources {
		if r := &now.Sources[i].Readings; r.Len() > 0 {
			w.rate += r.Last().Rate
		}
	}
	w.polls++
	w.actual += float64(now.Workload.Spec)
	w.desired += float64(desired)
	w.late = max(w.late, lateSeconds)
	return s
}
