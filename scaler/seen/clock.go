package seen

import (
	"cmp"
	"time"
)

// Clock is the pace of polls and decisions. Tests and demos shorten it; users set Poll alone. The zero value is the real one.
type Clock struct {
	Poll   time.Duration // between two polls at which a scaler is decided; 0: 10 s. Its sources may have longer ones, see [Source.Paced]
	Decide time.Duration // between two decisions; 0: 30 s at this pace, and at least a poll
	Pace   float64       // how much faster than documented all windows and delays run; 0: 1. 10 turns 240 s into 24 s
}

// The intervals at a pace of 1.
const (
	pollEvery   = 10 * time.Second
	decideEvery = 30 * time.Second
)

// Filled is the clock with its defaults.
func (c Clock) Filled() Clock {
	c.Poll = cmp.Or(c.Poll, pollEvery)
	c.Pace = cmp.Or(c.Pace, 1)
	c.Decide = cmp.Or(c.Decide, max(c.Scale(decideEvery), c.Poll))
	return c
}

// Scale is how long a documented time lasts on this clock.
func (c Clock) Scale(documented time.Duration) time.Duration {
	if c.Pace == 1 {
		return documented
	}
	return time.Duration(float64(documented) / c.Pace)
}

// Due reports whether a time has passed since at. Half a poll earlier counts, because polls jitter. It is also due when
// at is in the future: then the clock was set back.
func (c Clock) Due(now, at time.Time, after time.Duration) bool {
	return now.Before(at) || now.Sub(at) >= after-c.Poll/2
}

// Paced is the clock of a source whose cluster is polled at an interval of its own: what depends on how often it is read, such as its
// rates and whether a poll is missing, is measured by that interval. Decisions keep their pace.
func (s *Source) Paced(c Clock) Clock {
	c.Poll = cmp.Or(s.Interval, c.Poll)
	return c
}

// Slack is how much earlier than exactly a reading counts: half a poll, because polls jitter.
func (c Clock) Slack() time.Duration { return c.Poll / 2 }
