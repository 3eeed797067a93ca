package learn

import (
	"slices"
	"time"

	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

// Forecast is a forecast that a decision was based on. It is compared later with the arrivals.
type Forecast struct {
	At    int64   // of the reading it was made from; 0: none was made
	Grown float64 // records/s: the rate with its growth
	Trend float64 // records/s: the forecast without a season
}

// WithForecasts keeps the forecasts that were made at this decision, one for every source.
func (s State) WithForecasts(now *seen.State, made []Forecast) State {
	s.Progress.sources = slices.Clone(s.Progress.sources)
	for i, f := range made {
		h, p := &now.Sources[i], &s.Progress.sources[i]
		if !h.New {
			continue
		}
		first, last := h.Readings.At(0).At, h.Readings.Last().At
		p.forecasts = slices.DeleteFunc(slices.Clone(p.forecasts), func(old Forecast) bool {
			return old.At < first || old.At >= last // older than the readings, or from before the clock was set back
		})
		if f.At != 0 {
			p.forecasts = append(p.forecasts, f)
		}
	}
	return s
}

// ForecastSpan is how far a forecast looks ahead: until a replica that is requested now processes records, and the rate
// window in which that is seen.
func ForecastSpan(horizon time.Duration, clk seen.Clock) time.Duration {
	return time.Duration(horizon.Seconds()*float64(time.Second)) + clk.Scale(lag.RateWindow)
}

// grownAt is the rate with its growth that was forecast at a reading; 0: none was.
func (p *progress) grownAt(at int64) float64 {
	for _, f := range p.forecasts {
		if f.At == at {
			return f.Grown
		}
	}
	return 0
}

// lastTrend is the last trend that was forecast at a time or before it; ok is false when there is none since first.
func (p *progress) lastTrend(first, at int64) (f Forecast, ok bool) {
	for i := len(p.forecasts) - 1; i >= 0; i-- {
		if f := p.forecasts[i]; f.At >= first && f.At <= at && f.Trend != 0 {
			return f, true
		}
	}
	return Forecast{}, false
}

// verifySeasons compares the forecasts of the seasons, made a horizon ago, with the arrivals since.
func (l *learner) verifySeasons() {
	r, clk := &l.seen.Readings, l.seen.Paced(l.now.Clock)
	span := ForecastSpan(l.horizon, clk)
	made, ok := l.progress.lastTrend(r.At(0).At, r.At(r.Before(span, clk.Slack())).At)
	if !ok || r.Last().At-made.At < int64(span-clk.Poll) {
		return
	}
	actual := 0.0
	for i := r.After(made.At); i < r.Len(); i++ {
		actual = max(actual, r.At(i).EffectiveRate)
	}
	if actual == 0 {
		return
	}
	madeAt := r.Last().Time().Add(time.Duration(made.At - r.Last().At)) // seasons follow the wall clock
	for i, back := range Seasons {
		if v, ok := l.source.Season.Maxima.Greatest(madeAt.Add(-back), span); ok {
			l.source.Season.Skill[i].update(v, made.Trend, actual, l.seen.PeakRate())
		}
	}
}
