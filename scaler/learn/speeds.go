package learn

import (
	"math"
	"slices"

	"github.com/lagscaler/lagscaler/scaler/seen"
)

// Speeds are what consumers did in the last windows, one by one: the capacity is smoothed, and does not tell one version of the consumers
// from the next. Windows in which the target rolled out are left out, because two versions worked in them.
type Speeds struct {
	Busy []Speed `json:"busy,omitempty"` // the median of consumers that were busy all the time, the oldest first
	Best []Speed `json:"best,omitempty"` // the best consumer, busy or not, the oldest first: it can do as much at least
}

// Speed is a window of half a minute, or of three commits if that is longer.
type Speed struct {
	From      int64   `json:"from"`      // when it began, Unix seconds
	At        int64   `json:"at"`        // when it ended
	PerSecond float64 `json:"perSecond"` // records/s of one consumer
	Consumers int32   `json:"consumers"` // that were busy, or that there were
}

// How many windows are kept: of busy ones those before a release, which may be long ago, and those after it.
const (
	mostBusy = 40
	mostBest = 20
)

// learnSpeed notes a window.
func (l *learner) learnSpeed(one sample) {
	if l.now.Workload.RolloutInProgress || one.best <= 0 {
		return
	}
	w := Speed{From: one.from / 1e9, At: l.seen.Readings.Last().At / 1e9}
	s := &l.source.Speeds
	w.PerSecond, w.Consumers = fourDigits(one.best), one.members
	s.Best = kept(s.Best, w, mostBest)
	if one.median > 0 {
		w.PerSecond, w.Consumers = fourDigits(one.median), one.saturated
		s.Busy = kept(s.Busy, w, mostBusy)
	}
}

// kept is a copy of a list with one more, without the oldest if there are too many. What is later than it was written by a clock that was
// set back since.
func kept(list []Speed, one Speed, most int) []Speed {
	list = slices.DeleteFunc(slices.Clone(list), func(s Speed) bool { return s.At >= one.At })
	list = list[max(0, len(list)+1-most):]
	return append(append(make([]Speed, 0, len(list)+1), list...), one) // as long as it has to be
}

// fourDigits rounds a rate, which is not known better, and is saved sixty times.
func fourDigits(v float64) float64 {
	unit := math.Pow(10, math.Floor(math.Log10(v))-3)
	return math.Round(v/unit) * unit
}

// Speeds are those of a source.
func (m *Memory) Speeds(spec *seen.SourceSpec) Speeds {
	if k, ok := find(m.Sources, spec.Cluster, spec.Group); ok {
		return m.Sources[k].Speeds
	}
	return Speeds{}
}

// numbers are all of them, to be checked when they are loaded.
func (s *Speeds) numbers() (out []float64) {
	for _, w := range slices.Concat(s.Busy, s.Best) {
		out = append(out, w.PerSecond, float64(w.Consumers))
	}
	return out
}
