package scaler

import "time"

// The windows and gates, at a pace of 1.
const (
	pollEvery      = 10 * time.Second
	decideEvery    = 30 * time.Second
	rateWindow     = 30 * time.Second  // arrivals and commits
	shareWindow    = 600 * time.Second // how arrivals spread over partitions
	stallWindow    = 120 * time.Second // an offset that stands still so long is stalled
	residualWindow = 300 * time.Second // end and position that stand still so long leave a residual lag
	startupDefault = 30 * time.Second
	rebalanceGuess = 8 * time.Second
	horizonMargin  = 15 * time.Second // polls, commits and the first records of a new member
	settleAfter    = 60 * time.Second // since the last write
	hurryAfter     = 20 * time.Second // the same, when arrivals alone need more
	missingAfter   = 120 * time.Second
	pendingAfter   = 180 * time.Second // pods that found no node
	patientFor     = 60 * time.Second  // a rebalance
	stuckAfter     = 300 * time.Second
	fallbackAfter  = 300 * time.Second
	adoptedFor     = 600 * time.Second // a foreign change
	foughtWithin   = 600 * time.Second
	budgetWithin   = time.Hour
	defaultWait    = 15 * time.Minute // a gate's deadline
	lagSlack       = 5 * time.Second
	pauseSlack     = 10 * time.Second
	commitDefault  = 5 * time.Second // the clients' auto.commit.interval.ms
)

// filled is the clock with its defaults.
func (c Clock) filled() Clock {
	c.Poll = or(c.Poll, pollEvery)
	c.Pace = or(c.Pace, 1)
	c.Decide = or(c.Decide, max(c.of(decideEvery), c.Poll))
	return c
}

// of is how long a documented time lasts on this clock.
func (c Clock) of(documented time.Duration) time.Duration {
	if c.Pace == 1 {
		return documented
	}
	return time.Duration(float64(documented) / c.Pace)
}

// due reports whether so much time has passed since at, give or take the jitter of polls. What lies ahead, because the
// clock was set back, is due too.
func (c Clock) due(now, at time.Time, after time.Duration) bool {
	return now.Before(at) || now.Sub(at) >= after-c.Poll/2
}
