package release

import (
	"fmt"
	"slices"
	"time"

	"github.com/lagscaler/lagscaler/scaler/learn"
	"github.com/lagscaler/lagscaler/scaler/number"
)

// Verdict is what is known of a release.
type Verdict string

// The verdicts.
const (
	Fine    Verdict = "fine"
	Worse   Verdict = "worse"
	Unknown Verdict = "unknown"
)

// Both is the verdict of two: worse if one is worse, fine if both are.
func (v Verdict) Both(o Verdict) Verdict {
	switch {
	case v == Worse || o == Worse:
		return Worse
	case v == Unknown || o == Unknown:
		return Unknown
	}
	return Fine
}

// counts is the ratio below which a version is slower.
const counts = 0.9

// mostWindows of each side are compared: the nearest to the release, about ten minutes of busy consumers.
const mostWindows = 20

// Times are when a release began and ended; Known is false if no rollout of the target was seen, and both are when it was asked for.
type Times struct {
	Began, Ended time.Time // Ended is zero while it goes on
	Known        bool
}

// Side is the windows of busy consumers of one version.
type Side struct {
	Windows   int
	PerSecond float64 // median, of one consumer; 0: no window
	Consumers int32   // that were busy, at most
}

// Speed compares what consumers processed before and after a release.
type Speed struct {
	Verdict       Verdict
	Before, After Side
	Ratio         float64 // after by before; 0: not known
	From, To      float64 // of a confidence interval of 95 %; 0: there are too few windows for one
	Best          float64 // the most that one consumer did after it, records/s; 0: nothing
	Why           string  // in words
}

// SpeedOf compares the windows before and after a release.
func SpeedOf(s learn.Speeds, t Times) Speed {
	before, after := split(s.Busy, t)
	_, best := split(s.Best, t)
	out := Speed{Verdict: Unknown, Before: side(before), After: side(after)}
	for _, w := range best {
		out.Best = max(out.Best, w.PerSecond)
	}
	switch {
	case t.Ended.IsZero():
		out.Why = "the rollout goes on: both versions work"
	case len(before) == 0:
		out.Why = "no consumer was busy all the time before it, so there is nothing to compare with"
	case len(after) == 0:
		out.bound()
	default:
		out.compare(rates(before), rates(after))
	}
	return out
}

// split are the last windows that ended before a release, and the first that began after it.
func split(all []learn.Speed, t Times) (before, after []learn.Speed) {
	for _, w := range all {
		switch {
		case w.At <= t.Began.Unix():
			before = append(before, w)
		case !t.Ended.IsZero() && w.From >= t.Ended.Unix():
			after = append(after, w)
		}
	}
	return before[max(0, len(before)-mostWindows):], after[:min(len(after), mostWindows)]
}

func side(windows []learn.Speed) Side {
	if len(windows) == 0 {
		return Side{}
	}
	s := Side{Windows: len(windows), PerSecond: median(rates(windows))}
	for _, w := range windows {
		s.Consumers = max(s.Consumers, w.Consumers)
	}
	return s
}

func rates(windows []learn.Speed) []float64 {
	out := make([]float64, len(windows))
	for i, w := range windows {
		out[i] = w.PerSecond
	}
	return out
}

func median(v []float64) float64 {
	v = slices.Sorted(slices.Values(v))
	n := len(v)
	return (v[(n-1)/2] + v[n/2]) / 2
}

// bound is the verdict if no consumer was busy after it: the best one can do at least what it did.
func (s *Speed) bound() {
	if s.Best >= counts*s.Before.PerSecond {
		s.Verdict = Fine
		s.Why = fmt.Sprintf("a consumer processed %s afterwards, and busy ones did %s before", number.PerSecond(s.Best), number.PerSecond(s.Before.PerSecond))
		return
	}
	s.Why = "no consumer was busy all the time since it ended, so its speed was not seen"
}

func (s *Speed) compare(before, after []float64) {
	s.Ratio, s.From, s.To = ratio(before, after)
	s.Why = fmt.Sprintf("busy consumers processed %s each afterwards, and %s before", number.PerSecond(s.After.PerSecond), number.PerSecond(s.Before.PerSecond))
	switch {
	case s.To == 0:
		s.Why += fmt.Sprintf("; %s and %s are too few to be sure", number.Of(s.After.Windows, "window"), number.Of(s.Before.Windows, "window"))
		return
	case s.To < counts:
		s.Verdict = Worse
	case s.From >= counts || s.Best >= counts*s.Before.PerSecond && s.Ratio >= counts:
		s.Verdict = Fine
	}
	s.Why += fmt.Sprintf(": %.2f times as many, surely %.2f to %.2f", s.Ratio, s.From, s.To)
}
