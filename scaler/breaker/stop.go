package breaker

import (
	"slices"
	"time"
)

// The rule: so many steps within so long.
const (
	LateAtMost    = 3
	LateWithin    = 6 * time.Hour
	UndoneAtMost  = 4
	UndoneWithin  = time.Hour
	AgainAtMost   = 2              // of each, while an earlier stop is not forgotten
	StopsFor      = time.Hour      // the first time
	StopsForMost  = 24 * time.Hour // however often
	ForgetsWithin = 24 * time.Hour // one doubling, if nothing counted

	mostLevel = 5 // 1 h doubled five times is more than a day
)

// aged forgets what is too old. The wall clock may have been set back: nothing lasts longer for it than documented.
func (s State) aged(l *Look) State {
	s.Late = recent(s.Late, l, LateWithin)
	s.Undone = recent(s.Undone, l, UndoneWithin)
	s.Stop, s.Fleet = s.Stop.aged(l), s.Fleet.aged(l)
	if l.Foreign || l.Replicas >= s.Stop.Well {
		s.Stop.Well = 0
	}
	switch clean := later(s.Clean, s.Stop.Until); {
	case s.Level == 0:
		s.Clean = time.Time{}
	case s.Clean.After(l.Now):
		s.Clean = l.Now
	case l.Now.Sub(clean) >= l.Clock.Scale(ForgetsWithin):
		s.Level, s.Clean = s.Level-1, l.Now
	}
	return s
}

func (s Stop) aged(l *Look) Stop {
	if most := l.Now.Add(l.Clock.Scale(StopsForMost)); s.Until.After(most) {
		s.Until = most
	}
	if s.Since.After(l.Now) {
		s.Since = l.Now
	}
	if !s.Holds(l.Now) {
		s.Well = 0
	}
	return s
}

func recent(list []Counted, l *Look, within time.Duration) []Counted {
	old := func(c Counted) bool { return c.At.After(l.Now) || l.Now.Sub(c.At) > l.Clock.Scale(within) }
	if !slices.ContainsFunc(list, old) {
		return list
	}
	return slices.DeleteFunc(slices.Clone(list), old)
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// stops begins a stop if the rule says so.
func (s State) stops(l *Look) State {
	if s.Stop.Holds(l.Now) {
		return s
	}
	late, undone := LateAtMost, UndoneAtMost
	if s.Level > 0 {
		late, undone = AgainAtMost, AgainAtMost
	}
	switch {
	case len(s.Late) >= late:
		s = s.stop(l, MadeLate, s.Late)
	case len(s.Undone) >= undone:
		s = s.stop(l, WereUndone, s.Undone)
	}
	return s
}

func (s State) stop(l *Look, cause Cause, steps []Counted) State {
	last := steps[len(steps)-1]
	s.Stop = Stop{
		Since: l.Now, Until: l.Now.Add(l.Clock.Scale(Lasts(s.Level))), Cause: cause, Steps: int32(len(steps)), Last: last, Well: last.From,
	}
	s.Late, s.Undone, s.Step, s.Clean, s.Level = nil, nil, nil, l.Now, min(mostLevel, s.Level+1)
	return s
}

// Lasts is how long a stop lasts at a level.
//
//	0    1 h, the first time
//	1    2 h
//	4    16 h
//	5    24 h
func Lasts(level int32) time.Duration {
	return min(StopsForMost, StopsFor<<min(mostLevel, max(0, level)))
}
