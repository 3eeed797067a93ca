package learn

import (
	"time"

	"github.com/lagscaler/lagscaler/scaler/seen"
)

// CapacityFrom says where a consumer's capacity comes from.
type CapacityFrom string

// Where a capacity may come from.
const (
	Declared CapacityFrom = "declared" // processingTime
	Learned  CapacityFrom = "learned"  // from saturated consumers
	Tried    CapacityFrom = "tried"    // assumed, while fewer consumers are tried
	Observed CapacityFrom = "observed" // the most one consumer was seen to do: a lower bound
	NotKnown CapacityFrom = "unknown"
)

// Known reports whether a capacity may be planned with; an observed one is only a lower bound.
func (c CapacityFrom) Known() bool { return c == Declared || c == Learned || c == Tried }

// Capacity is the number of records that one consumer processes in a second, as far as it is known.
func (s *Source) Capacity() (perSecond float64, from CapacityFrom) {
	switch {
	case s.Trial != nil:
		return s.Trial.Capacity, Tried
	case s.PerConsumer > 0 && s.PerConsumer == s.Declared:
		return s.PerConsumer, Declared
	case s.PerConsumer > 0:
		return s.PerConsumer, Learned
	case s.Seen > 0:
		return s.Seen, Observed
	}
	return 0, NotKnown
}

// declare begins with the processing time that the user declares. When that changes, the learned capacity is void. A source that was
// not known before has not changed.
func (s *Source) declare(spec seen.SourceSpec, now *seen.State) (changed bool) {
	declared := 0.0
	if spec.ProcessingTime > 0 {
		declared = float64(max(1, spec.Concurrency)) / spec.ProcessingTime.Seconds()
	}
	if declared != s.Declared {
		changed = !s.NoTrial.IsZero()
		s.Declared, s.PerConsumer = declared, declared
		s.Trial, s.BusyAt, s.NoTrial = nil, time.Time{}, time.Time{}
	}
	if s.NoTrial.IsZero() {
		after := trialSaid
		if declared == 0 {
			after = trialUnsaid
		}
		s.NoTrial = now.Now.Add(now.Clock.Scale(after))
	}
	return changed
}

// learnCapacity learns from the window that ends now, if it is a sample.
func (l *learner) learnCapacity() {
	one, is := l.sample()
	if is == notYet {
		return
	}
	p := &l.progress.samples
	p.until = l.seen.Readings.Last().At
	if is == moved {
		p.count = 0
		return
	}
	*p = p.with(one)
	l.source.update(one, p.sustained(), l.now)
	l.learnSpeed(one)
	l.experiment(one)
}

const (
	raiseWithin = time.Hour // in which the capacity at most doubles
	bestForgets = 0.005     // of the best, in an hour
)

// update takes a sample into the capacity; sustained is the rate that the best consumer reached three times in a row.
//
//	down  saturated consumers did less:        0.7 known + 0.3 median, at most a fifth in one step
//	up    a consumer did more, three times:    0.5 known + 0.5 of it, at most twice an hour's
//	new   nothing known, consumers saturated:  median; the same in a trial (trial.go), which this ends
func (s *Source) update(one sample, sustained float64, now *seen.State) {
	s.updateBest(sustained, one.members, now)
	known, tried := s.PerConsumer, s.Trial != nil
	if one.median > 0 {
		s.BusyAt, s.Trial = now.Now, nil
	}
	switch {
	case tried && one.median > 0:
		s.PerConsumer = one.median
	case known == 0:
		s.PerConsumer, s.Seen = one.median, max(s.Seen, one.best)
	case one.median > 0 && one.median < known:
		s.PerConsumer = max(known/5, 0.7*known+0.3*one.median)
	case sustained > known:
		if now.Now.Sub(s.RaisedAt) >= now.Clock.Scale(raiseWithin) {
			s.RaisedAt, s.RaisedFrom = now.Now, known
		}
		s.PerConsumer = max(known, min(0.5*known+0.5*sustained, 2*s.RaisedFrom))
	}
}

// updateBest keeps the best that one consumer ever did, and how many there were then. It is forgotten slowly.
func (s *Source) updateBest(sustained float64, members int32, now *seen.State) {
	if !s.BestAt.IsZero() {
		s.Best *= 1 - bestForgets*min(1, max(0, now.Now.Sub(s.BestAt).Hours())*now.Clock.Pace) // a saved time may be of a clock that was set back
	}
	s.BestAt = now.Now
	if sustained >= s.Best && sustained > 0 {
		s.Best, s.BestAtN = sustained, members
	}
}
