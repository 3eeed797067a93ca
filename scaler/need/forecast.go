package need

import (
	"math"
	"time"

	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/scaler/learn"
)

// seasonNames are the names of the forecasts by learn.Seasons.
var seasonNames = [len(learn.Seasons)]ForecastBy{FromHour, FromDay, FromWeek}

const (
	mostGrowth = 1.6 // a trend adds at most this factor
	trendNoise = 3   // standard deviations that a trend must exceed
	stillGrows = 2   // standard deviations by which the last poll must exceed the one a window ago
)

// forecast is the arrival rate at the time when a replica that is requested now processes records: the trend, or more, when
// a season whose forecasts were good says so. It returns the forecast that is to be compared with the arrivals later.
func (e *estimator) forecast() learn.Forecast {
	n := &e.need
	growth := min(e.growth(), (mostGrowth-1)*e.last.Rate)
	n.Forecast, n.ForecastBy = e.trend(growth)
	made := learn.Forecast{}
	if e.Seen.New {
		made = learn.Forecast{At: e.last.At, Grown: e.last.Rate + growth, Trend: n.Forecast}
	}
	span := learn.ForecastSpan(e.Horizon, e.Clock)
	for i, back := range learn.Seasons {
		season := &e.Learned.Season
		if !season.Skill[i].Useful() {
			continue
		}
		if v, ok := season.Maxima.Greatest(e.Now.Add(-back), span); ok && v > n.Forecast {
			n.Forecast, n.ForecastBy = v, seasonNames[i]
		}
	}
	if period := e.Learned.Rhythm.Period; period > 0 {
		n.Period = period.Seconds()
		if v, ok := e.Learned.Season.Maxima.Greatest(e.Now.Add(-period), span); ok && v > n.Forecast {
			n.Forecast, n.ForecastBy = v, FromPeriod
		}
	}
	return made
}

// trend is the present rate, or the higher one of a jump or of growth, each as far as it lasted lately.
func (e *estimator) trend(growth float64) (float64, ForecastBy) {
	v, by := e.Learned.TrustedRate(e.last), FromRate
	if jump := e.Learned.ExpectedJump(e.last); jump > v {
		v, by = jump, FromJump
	}
	if grown := e.Learned.TrustedTrend(e.last, growth); growth > 0 && grown > v {
		v, by = grown, FromTrend
	}
	if v < e.last.Rate {
		by = FromBurst
	}
	return v, by
}

// growth continues the slope of the last three rate windows over the horizon, where it is more than noise: arrivals
// counted over t seconds at rate r deviate by sqrt(r/t). After a step the slope lasts as long as the windows do, though
// nothing grows any more: then the last poll does not see more than the one a window ago.
func (e *estimator) growth() float64 {
	r, window, slack := e.readings, e.Clock.Scale(lag.RateWindow), e.Clock.Slack()
	was := r.At(r.Before(2*window, slack))
	span := time.Duration(e.last.At - was.At)
	if span < 2*window-slack || !was.Rated || !e.Seen.SinceBegun(was) {
		return 0
	}
	then := r.At(r.Before(window, slack))
	if e.last.Jump == 0 && e.last.LastRate-then.LastRate < stillGrows*math.Sqrt(2*e.last.Rate/e.Clock.Poll.Seconds()) {
		return 0
	}
	growth := (e.last.Rate - was.Rate) / span.Seconds() * e.need.Horizon
	if growth <= trendNoise*math.Sqrt(e.last.Rate/window.Seconds()) {
		return 0
	}
	return growth
}
