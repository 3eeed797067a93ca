package scaler

import "time"

// SeasonStep is the resolution of the season and of the comparison.
const SeasonStep = 5 * time.Minute

// Season is the greatest rate of every five minutes of the last week, and whether it has been a good guide.
type Season struct {
	Maxima Series     `json:"maxima"` // records/s
	Skill  [3]Skilled `json:"skill"`  // of an hour, a day and a week ago
}

// Skilled is what forecasting by a season was worth, as shares of the rate, smoothed.
type Skilled struct {
	Avoided float64 `json:"avoided"` // under-forecast that it avoided
	Caused  float64 `json:"caused"`  // over-forecast that it caused
}

// Series are numbers at five-minute steps, at most a week of them. It is immutable, and small when saved.
type Series struct {
	end   int64    // the step after the last one, in units of SeasonStep since 1970
	codes []uint16 // logarithmic, see encode; oldest first
}

// Point is one step of a Series.
type Point struct {
	At    time.Time // its beginning
	Value float64
}

// Week is the last week in five-minute steps: what the target really had, what was decided, what arrived and how
// late it was. lagscaler compare reads it.
type Week struct {
	Rate    Series `json:"rate"`    // mean arrivals of all sources, records/s
	Actual  Series `json:"actual"`  // mean replicas
	Desired Series `json:"desired"` // mean replicas that our decisions asked for
	Late    Series `json:"late"`    // greatest time lag, seconds
}
