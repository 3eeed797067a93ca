package learn

import (
	"slices"
	"time"

	"github.com/lagscaler/lagscaler/scaler/seen"
)

// Rhythm is a time after which traffic repeats itself, found in what arrived: a batch each three hours, a cleanup each 47 minutes. The
// zero value is none.
//
// It is looked for in the steps of the season, because a forecast is made from them. A forecast by a period would have done two things in
// the last days: it foretold rises, which the present rate does not, and it asked for replicas for rises that did not come.
//
//	1 500/s for an hour, each three hours:     the third rise is the first that is foretold
//	the same, at random:                       every period asks for more that did not come than it foretells: none is found
type Rhythm struct {
	Period  time.Duration `json:"period,omitempty"`
	Reliant bool          `json:"reliant,omitempty"` // it foretold every rise of the last days: nothing else has to be expected
	At      int64         `json:"at"`                // the half hour before which it was looked for, as a step of the season; below 0: it is not looked for
}

const (
	rhythmEach  = int64(30 * time.Minute / SeasonStep) // it is looked for
	rhythmSteps = int(2 * 24 * time.Hour / SeasonStep) // in which it must have been good
	rhythmLeast = int(30 * time.Minute / SeasonStep)   // shorter ones are within the window for which replicas stay
	rhythmMost  = int(24*time.Hour/SeasonStep) - 1     // a day is a season

	rise = 1.25 // times the step before

	foretellsOf   = 2    // rises that it must have foretold,
	foretellsAll  = 0.5  // and of what all rises brought so much,
	foretellsLong = 1    // in a time as long as it,
	inVain        = 0.25 // while it asked for so much of it in vain;
	oftenOf       = 6    // where it foretold so many rises,
	inVainOften   = 0.5  // for so much

	reliesOf   = 4    // the same, where one relies on it
	reliesAll  = 0.98 //
	reliesLong = 4    // times as long
	reliesVain = 0.1
	reliesFor  = int(6 * time.Hour / SeasonStep) // and so long
)

// rises are the steps at which more arrived than in the step before.
type rises struct {
	rate  []float64 // of every step; below 0: unknown
	first int       // step that counts
	at    []int     // by time
}

// findRhythm looks for the period of a source each half hour. What it finds is that of the steps before the half hour, whenever it is asked.
func (s *State) findRhythm(h *seen.History, step int64) {
	mark := step - step%rhythmEach
	k, ok := find(s.Memory.Sources, h.Cluster, h.Group)
	if !ok || s.Memory.Sources[k].Rhythm.At == mark || s.Memory.Sources[k].Rhythm.At < 0 {
		return
	}
	s.Memory.Sources = slices.Clone(s.Memory.Sources)
	known := &s.Memory.Sources[k]
	known.Rhythm = known.Season.Maxima.until(mark).rhythm(mark)
	known.Rhythm.At = mark
}

// until is the series without the steps from one on.
func (s Series) until(step int64) Series {
	keep := int64(len(s.codes)) - max(0, s.end-step)
	if keep <= 0 {
		return Series{}
	}
	return Series{end: min(s.end, step), codes: s.codes[:keep]}
}

// rhythm finds the period that would have been best in the last days before a step. Nothing is relied on that was not seen in the last
// period.
func (s Series) rhythm(now int64) Rhythm {
	r := s.rises(now)
	best, gain, reliant := 0, 0.0, false
	for lag := rhythmLeast; lag <= rhythmMost && lag*(1+foretellsLong) <= len(r.rate); lag++ {
		told, count, all := r.foretold(lag)
		if count < foretellsOf || told < foretellsAll*all || told <= gain {
			continue
		}
		most := inVain
		if count >= oftenOf {
			most = inVainOften
		}
		if vain := r.vain(lag, most*told); vain <= most*told && told-vain > gain {
			best, gain = lag, told-vain
			long := len(r.rate)-lag >= max(reliesLong*lag, reliesFor)
			reliant = long && count >= reliesOf && told >= reliesAll*all && vain <= reliesVain*told && r.seen(lag)
		}
	}
	return Rhythm{Period: time.Duration(best) * SeasonStep, Reliant: reliant}
}

// rises are those of the last days before a step; what comes after the series is unknown.
func (s Series) rises(now int64) rises {
	begins := s.end - int64(len(s.codes))
	n := int(min(max(0, now-begins), int64(rhythmSteps+rhythmMost)))
	r := rises{rate: make([]float64, n), first: max(1, n-rhythmSteps)}
	for i := range r.rate {
		r.rate[i] = -1
		if k := now - int64(n-i) - begins; k < int64(len(s.codes)) && s.codes[k] != unknownCode {
			r.rate[i] = decode(s.codes[k])
		}
	}
	for t := r.first; t < n; t++ {
		if before := r.rate[t-1]; before >= 0 && r.rate[t] > rise*before && r.rate[t] > 0 {
			r.at = append(r.at, t)
		}
	}
	return r
}

// seen reports whether every one of the last steps is known.
func (r *rises) seen(steps int) bool {
	return !slices.ContainsFunc(r.rate[max(0, len(r.rate)-steps):], func(v float64) bool { return v < 0 })
}

// foretold is how much of the rises was seen so many steps before, in how many of them at least a half, and how much they brought, as far
// as it is known.
func (r *rises) foretold(lag int) (told float64, count int, all float64) {
	for _, t := range r.at {
		if t < lag || r.rate[t-lag] < 0 {
			continue
		}
		before := r.rate[t-1]
		brought, seen := r.rate[t]-before, max(0, min(r.rate[t], r.rate[t-lag])-before)
		all, told = all+brought, told+seen
		if seen >= brought/2 {
			count++
		}
	}
	return told, count, all
}

// vain is how much it would have asked for that did not come, as far as it is not more than a limit.
func (r *rises) vain(lag int, most float64) (sum float64) {
	for t := max(r.first, lag); t < len(r.rate) && sum <= most; t++ {
		if was, is, before := r.rate[t-lag], r.rate[t], r.rate[t-1]; is >= 0 && was > max(is, before) {
			sum += was - max(is, before)
		}
	}
	return sum
}
