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

// rollSeasons adds this poll to the current step of every source; a step that is over goes into the memory.
func (s *State) rollSeasons(now *seen.State) {
	step := stepOf(now.Now)
	for i := range now.Sources {
		h, p := &now.Sources[i], &s.Progress.sources[i].peak
		if p.step != step {
			if p.known {
				s.addMaximum(h, *p)
			}
			*p = stepPeak{step: step}
		}
		if h.Quality == seen.Complete && h.Readings.Last().Rated {
			p.max, p.known = max(p.max, h.Readings.Last().EffectiveRate), true
		}
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

// Peak is the greatest effective rate of source i since a time at most a week ago, the current five minutes included.
func (s *State) Peak(i int, now *seen.State, ago time.Duration) float64 {
	peak, _ := s.Source(&now.Sources[i]).Season.Maxima.Greatest(now.Now.Add(-ago), ago)
	return max(peak, s.Progress.sources[i].peak.max)
}
