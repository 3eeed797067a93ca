package scaler

import (
	"math"
	"slices"
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
	trendNoise  = 3        // deviations that a trend must exceed
	stillGrows  = 2        // deviations by which the last poll must exceed the one a window ago
	jumpNoise   = 4        // deviations that a jump must exceed
	jumpUsual   = 3        // times the median change from poll to poll that it must exceed
	jumpHistory = 12       // polls
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
	if g.w.took {
		g.judgePromises()
	}
	n.Forecast, n.ForecastBy = g.trend()
	if g.w.took {
		g.w.window.tip().trend = n.Forecast
		g.judgeSeasons()
	}
	span := time.Duration(n.Horizon*float64(time.Second)) + g.clk.of(rateWindow)
	for i, s := range seasons {
		if !g.mem.Season.Skill[i].guides() {
			continue
		}
		if v, ok := g.mem.Season.Maxima.most(g.in.Now.Add(-s.back), span); ok && v > n.Forecast {
			n.Forecast, n.ForecastBy = v, s.from
		}
	}
}

// trend is what arrives now, or what a jump or the slope of the last three rate windows makes of it, as far as they were to be
// trusted lately.
func (g *gauge) trend() (float64, ForecastFrom) {
	tip := g.w.window.tip()
	v, by := tip.lasting(g.mem.BrokenJumps), FromRate
	if jump := tip.jumped(g.mem.BrokenJumps); jump > v {
		v, by = jump, FromJump
	}
	growth := min(g.growth(), (mostGrowth-1)*tip.rate)
	if g.w.took {
		tip.grown = tip.rate + growth
	}
	if grown := tip.rate + growth - g.mem.BrokenTrends*(tip.rate+growth-tip.sustained); growth > 0 && grown > v {
		v, by = grown, FromTrend
	}
	if v < tip.rate {
		by = FromBurst
	}
	return v, by
}

// growth continues the slope of the last three rate windows over the horizon, where it is more than noise: arrivals
// counted over t seconds at rate r deviate by sqrt(r/t). After a step the slope lasts as long as the windows do, though
// nothing grows any more: then the last poll does not see more than the one a window ago.
func (g *gauge) growth() float64 {
	w, window := &g.w.window, g.clk.of(rateWindow)
	tip, was := w.tip(), w.row(w.before(2*window, g.clk.Poll/2))
	span := time.Duration(tip.at - was.at)
	if span < 2*window-g.clk.Poll/2 || !was.rated || was.at < g.w.from.UnixNano() {
		return 0
	}
	then := w.row(w.before(window, g.clk.Poll/2))
	if tip.jump == 0 && tip.last-then.last < stillGrows*math.Sqrt(2*tip.rate/g.clk.Poll.Seconds()) {
		return 0
	}
	growth := (tip.rate - was.rate) / span.Seconds() * g.need.Horizon
	if growth <= trendNoise*math.Sqrt(tip.rate/window.Seconds()) {
		return 0
	}
	return growth
}

// jumps reports whether far more arrived since the last poll than the rate window makes expect: beyond the noise of
// counting, and beyond what the traffic usually changes from poll to poll.
func (w *window) jumps(clk Clock) bool {
	n := w.len()
	if n < jumpHistory/2 {
		return false
	}
	tip := w.tip()
	more := tip.last - tip.rate
	if more < jumpNoise*math.Sqrt(tip.rate/clk.Poll.Seconds()) {
		return false
	}
	var usual []float64
	for i := max(1, n-jumpHistory); i < n-3; i++ {
		usual = append(usual, math.Abs(w.row(i).last-w.row(i-1).last))
	}
	slices.Sort(usual)
	return more >= jumpUsual*usual[len(usual)/2]
}

// guides reports whether a season has been a good guide.
func (s Skilled) guides() bool { return s.Avoided > skillFloor && s.Avoided > 0.25*s.Caused }

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
		actual = max(actual, w.row(i).sustained)
	}
	if actual == 0 {
		return
	}
	for i, s := range seasons {
		if v, ok := g.mem.Season.Maxima.most(time.Unix(0, made.at).Add(-s.back), span); ok {
			g.mem.Season.Skill[i].judge(v, made.trend, actual, g.w.peaks.peak())
		}
	}
}

// judge smooths what a season was worth: how much of what came it foretold when the trend did not, and how much too
// much it foretold. What the stabilization window holds up anyway costs nothing more.
func (s *Skilled) judge(season, trend, actual, held float64) {
	s.Avoided += skillWeight * (max(0, min(season, actual)-trend)/actual - s.Avoided)
	s.Caused += skillWeight * (max(0, season-max(trend, actual, held))/actual - s.Caused)
}
