package scaler

import (
	"slices"
	"time"
)

// peak is the greatest sustained rate of one five-minute step.
type peak struct {
	step int64
	max  float64
	seen bool
}

// weekStep is what the current five minutes add up to.
type weekStep struct {
	step                  int64
	polls                 float64
	rate, actual, desired float64 // sums
	late                  float64 // maximum
}

// rollSeasons adds this poll to the season of every source, and a step that is over to the Memory.
func (e *evaluation) rollSeasons(in *Input) {
	step := in.Now.UnixNano() / int64(SeasonStep)
	for i := range e.work.sources {
		w := &e.work.sources[i]
		if w.season.step != step {
			if w.season.seen {
				e.seasonOver(w)
			}
			w.season = peak{step: step}
		}
		if w.fresh == complete && w.window.tip().rated {
			w.season.max, w.season.seen = max(w.season.max, w.window.tip().sustained), true
		}
	}
}

func (e *evaluation) seasonOver(w *watch) {
	k, ok := findSource(e.memory.Sources, w.cluster, w.group)
	if !ok {
		return
	}
	e.memory.Sources = slices.Clone(e.memory.Sources)
	season := &e.memory.Sources[k].Season
	season.Maxima = season.Maxima.put(stepTime(w.season.step), w.season.max)
}

// record adds this poll to the week that lagscaler compare reads.
func (e *evaluation) record(in *Input) {
	step := in.Now.UnixNano() / int64(SeasonStep)
	w := &e.work.week
	if w.step != step {
		if w.step > 0 && w.polls > 0 {
			at, week := stepTime(w.step), &e.memory.Week
			week.Rate = week.Rate.put(at, w.rate/w.polls)
			week.Actual = week.Actual.put(at, w.actual/w.polls)
			week.Desired = week.Desired.put(at, w.desired/w.polls)
			week.Late = week.Late.put(at, w.late)
		}
		*w = weekStep{step: step}
	}
	for i := range e.work.sources {
		if s := &e.work.sources[i]; s.window.len() > 0 {
			w.rate += s.window.tip().rate
		}
	}
	d := e.work.standing
	w.polls++
	w.actual += float64(in.Workload.Spec)
	w.desired += float64(d.Desired)
	for i := range d.Needs {
		w.late = max(w.late, d.Needs[i].LagSeconds)
	}
}

func stepTime(step int64) time.Time { return time.Unix(0, step*int64(SeasonStep)).UTC() }

// pauses learns how long the group's rebalances take.
func (s *SourceMemory) pauses(w *watch, r Rebalance) {
	if r.LastEnd.After(w.ended) {
		if r.LastTook > 0 {
			s.Rebalances = keep(s.Rebalances, r.LastTook.Seconds())
		}
		w.ended = r.LastEnd
	}
}
