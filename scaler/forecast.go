package scaler

import (
	"math"
	"time"
)

// seasons are how far back a forecast looks for what happened next.
var seasons = [...]struct {
	back time.Duration
	from ForecastFrom
}{
	{time.Hour, FromHour},
	{24 * time.Hour, FromDay},
	{7 * 24 * time.Hour, FromWeek},
}

const (
	mostGrowth  = 1.6      // a trend adds at most this factor
	skillWeight = 1. / 720 // of one decision in the skill of a season: six hours of decisions
	skillFloor  = 0.003    // a season that avoids less than this share of the rate is not worth its noise
)

// forecast is what will arrive when a replica that is asked for now works: the trend, or more when a season that has
// been a good guide says so.
func (g *gauge) forecast() {
	n := &g.need
	if !n.RateKnown {
		return
	}
	n.Forecast, n.ForecastBy = g.trend()
	if g.w.took {
		g.w.window.tip().trend = n.Forecast
		g.judgeSeasons()
	}
	span := time.Duration(n.Horizon*float64(time.Second)) + g.clk.of(rateWindow)
	for i, s := range seasons {
		skill := g.mem.Season.Skill[i]
		if skill.Avoided <= skillFloor || skill.Avoided <= 0.25*skill.Caused {
			continue
		}
		if v, ok := g.mem.Season.Maxima.most(g.in.Now.Add(-s.back), span); ok && v > n.Forecast {
			n.Forecast, n.ForecastBy = v, s.from
		}
	}
}

// trend continues the slope of the last three rate windows over the horizon, where it is more than noise: arrivals
// counted over 30 s at rate r deviate by sqrt(r/30).
func (g *gauge) trend() (float64, ForecastFrom) {
	w := &g.w.window
	now, window := w.tip().rate, g.clk.of(rateWindow)
	i := w.before(2*window, g.clk.Poll/2)
	was := w.row(i)
	span := time.Duration(w.tip().at - was.at)
	if span < 2*window-g.clk.Poll/2 || !was.rated || was.at < g.w.from.UnixNano() {
		return now, FromRate
	}
	growth := (now - was.rate) / span.Seconds() * g.need.Horizon
	if growth <= 3*math.Sqrt(now/window.Seconds()) {
		return now, FromRate
	}
	return min(now+growth, mostGrowth*now), FromTrend
}

// judgeSeasons compares what each season foretold, a horizon ago, with what then came.
func (g *gauge) judgeSeasons() {
	w := &g.w.window
	span := time.Duration(g.need.Horizon*float64(time.Second)) + g.clk.of(rateWindow)
	then := w.before(span, g.clk.Poll/2)
	for then > 0 && w.row(then).trend == 0 {
		then--
	}
	made := w.row(then)
	if made.trend == 0 || w.tip().at-made.at < int64(span-g.clk.Poll) {
		return
	}
	actual := 0.0
	for i := then + 1; i < w.len(); i++ {
		actual = max(actual, w.row(i).rate)
	}
	if actual == 0 {
		return
	}
	for i, s := range seasons {
		if v, ok := g.mem.Season.Maxima.most(time.Unix(0, made.at).Add(-s.back), span); ok {
			g.mem.Season.Skill[i].judge(v, made.trend, actual)
		}
	}
}

func (s *Skilled) judge(season, trend, actual float64) {
	s.Avoided += skillWeight * (max(0, min(season, actual)-trend)/actual - s.Avoided)
	s.Caused += skillWeight * (max(0, season-max(trend, actual))/actual - s.Caused)
}
