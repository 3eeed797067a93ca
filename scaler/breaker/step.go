package breaker

import (
	"slices"
	"time"

	"github.com/lagscaler/lagscaler/scaler/seen"
)

const (
	writtenWithin = time.Minute // of its decision; a write is seen at the next poll, and its time is saved in whole seconds
	pollsMissing  = 5           // in a row: what happened meanwhile is not known
)

// Propose notes a change that was decided. It is on probation once its write is seen.
func (s State) Propose(step Step) State {
	s.Proposed = &step
	return s
}

// written takes in the write that this poll saw.
//
//	a step down as it was decided                    it is on probation; the one before is judged now
//	a step up as it was decided                      the step down before it was undone
//	any other write, or one of somebody else         the step down before it says nothing
func (s State) written(l *Look) State {
	w, decided := l.Write, s.Proposed
	if decided != nil && (l.Now.Before(decided.At) || l.Now.Sub(decided.At) > l.Clock.Scale(writtenWithin)+l.Clock.Poll) {
		s.Proposed = nil
	}
	if l.Foreign {
		s.Proposed, s.Step = nil, nil
		return s
	}
	if w == (seen.Write{}) {
		return s
	}
	s.Proposed = nil
	matches := decided != nil && decided.From == w.From && decided.To == w.To &&
		w.At.Sub(decided.At).Abs() <= l.Clock.Scale(writtenWithin)
	switch {
	case matches && w.To < w.From:
		s = s.judged(l)
		next := *decided
		next.At, next.WholeAt, next.SeenAt = w.At, w.At, l.Now
		s.Step = &next
	case matches && s.Step != nil && s.Step.UndoneAt.IsZero():
		next := *s.Step
		next.UndoneAt = w.At
		s.Step = &next
	case !matches:
		s.Step = nil
	}
	return s
}

// watched is the state after one more poll of a probation.
func (s State) watched(l *Look) State {
	if s.Step == nil {
		return s
	}
	next := *s.Step
	gap := l.Now.Sub(next.SeenAt)
	if l.Void || gap < 0 || gap > pollsMissing*l.Clock.Poll {
		s.Step = nil
		return s
	}
	next.SeenAt = l.Now
	switch {
	case l.Unsound && next.UndoneAt.IsZero(): // the rebalance of the step that undoes it is a part of what it cost
		next.WholeAt = l.Now
	case l.Late:
		next.Late = true
	}
	if s.Step = &next; l.Now.Sub(next.At) >= l.Clock.Scale(l.Window) {
		s = s.judged(l)
	}
	return s
}

// judged ends the probation. A trial that ends where it began taught what it was made for: it counts only if records were late.
func (s State) judged(l *Look) State {
	step := s.Step
	if s.Step = nil; step == nil {
		return s
	}
	counted := Counted{step.At, step.From, step.To}
	switch {
	case step.Late:
		s.Late, s.Clean = append(slices.Clip(s.Late), counted), l.Now
	case !step.UndoneAt.IsZero() && !step.Trial:
		s.Undone, s.Clean = append(slices.Clip(s.Undone), counted), l.Now
	}
	return s
}

// RateOf is the arrival rate that the step was made for, of a source.
func (s *Step) RateOf(cluster, group string) (perSecond float64, ok bool) {
	for _, r := range s.MadeFor {
		if r.Cluster == cluster && r.Group == group {
			return r.PerSecond, true
		}
	}
	return 0, false
}
