package learn

import (
	"slices"
	"time"

	"github.com/lagscaler/lagscaler/scaler/seen"
)

// Season is the greatest effective rate of every five minutes of the last week, and how good forecasts by it were.
type Season struct {
	Maxima Series      `json:"maxima"` // records/s
	Skill  [3]Accuracy `json:"skill"`  // of the forecasts by Seasons
}

// Seasons are how far back a forecast looks: an hour ago, a day ago, a week ago.
var Seasons = [...]time.Duration{time.Hour, 24 * time.Hour, 7 * 24 * time.Hour}

// Accuracy is how good forecasts by a season were, as shares of the arrival rate, smoothed.
type Accuracy struct {
	Avoided float64 `json:"avoided"` // under-forecast that they avoided
	Caused  float64 `json:"caused"`  // over-forecast that they caused
}

const (
	accuracyWeight = 1. / 720 // of one decision: six hours of decisions
	accuracyFloor  = 0.003    // a season that avoids less than this share of the rate is not worth its noise
)

// Useful reports whether forecasts by the season were good: then they count.
func (a Accuracy) Useful() bool { return a.Avoided > accuracyFloor && a.Avoided > 0.25*a.Caused }

// update smooths in how much of the actual rate the season foretold when the trend did not, and how much too much it
// foretold. Rates below the peak of the stabilization window cost nothing: replicas for it run anyway.
func (a *Accuracy) update(season, trend, actual, peak float64) {
	a.Avoided += accuracyWeight * (max(0, min(season, actual)-trend)/actual - a.Avoided)
	a.Caused += accuracyWeight * (max(0, season-max(trend, actual, peak))/actual - a.Caused)
}

// stepPeak is the greatest effective rate of one five-minute step.
type stepPeak struct {
	step  int64
	max   float64
	known bool
}

func (p *stepPeak) add(h *seen.History) {
	if h.Quality == seen.Complete && h.Readings.Last().Rated {
		p.max, p.known = max(p.max, h.Readings.Last().EffectiveRate), true
	}
}

// hourPeaks are the steps of the last hour. A Season has them too, at times of the wall clock: an hour in which the clock has
// been set is not found there.
type hourPeaks struct {
	begun   time.Time // of the step of the first poll: what was before is in the Season only
	current stepPeak  // steps since begun
	over    []stepPeak
}

// next adds a poll.
func (h hourPeaks) next(now time.Time, source *seen.History) hourPeaks {
	if h.begun.IsZero() {
		h.begun = now.Add(stepTime(stepOf(now)).Sub(now))
	}
	if step := int64(now.Sub(h.begun) / SeasonStep); step != h.current.step {
		if h.current.known {
			h.current.max = decode(encode(h.current.max)) // as the Season has it
			over := append(slices.Clone(h.over), h.current)
			h.over = slices.Clone(slices.DeleteFunc(over, func(p stepPeak) bool { return step-p.step > int64(time.Hour/SeasonStep) })) // as long as it has to be
		}
		h.current = stepPeak{step: step}
	}
	h.current.add(source)
	return h
}

// greatest is the greatest since a time at most an hour ago.
func (h *hourPeaks) greatest(now time.Time, ago time.Duration, season Series) (peak float64) {
	for _, p := range append(h.over[:len(h.over):len(h.over)], h.current) {
		if end := h.begun.Add(time.Duration(p.step+1) * SeasonStep); now.Sub(end) < ago {
			peak = max(peak, p.max)
		}
	}
	if rest := ago - now.Sub(h.begun); rest > 0 {
		before, _ := season.Greatest(h.begun.Add(-rest), rest-1)
		return max(peak, before)
	}
	return peak
}

// rollSeasons adds this poll to the current step of every source; a step that is over goes into the memory.
func (s *State) rollSeasons(now *seen.State) {
	step := stepOf(now.Now)
	for i := range now.Sources {
		h, p, hour := &now.Sources[i], &s.Progress.sources[i].peak, &s.Progress.sources[i].hour
		if p.step != step {
			if p.known {
				s.addMaximum(h, *p)
			}
			*p = stepPeak{step: step}
			s.findRhythm(h, step)
		}
		p.add(h)
		*hour = hour.next(now.Now, h)
	}
}

func (s *State) addMaximum(h *seen.History, p stepPeak) {
	k, ok := find(s.Memory.Sources, h.Cluster, h.Group)
	if !ok {
		return
	}
	s.Memory.Sources = slices.Clone(s.Memory.Sources)
	season := &s.Memory.Sources[k].Season
	season.Maxima = season.Maxima.put(stepTime(p.step), p.max)
}

// Peak is the greatest effective rate of source i since a time at most an hour ago, the current five minutes included.
func (s *State) Peak(i int, now *seen.State, ago time.Duration) float64 {
	return s.Progress.sources[i].hour.greatest(now.Now, ago, s.Source(&now.Sources[i]).Season.Maxima)
}
