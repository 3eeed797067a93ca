package learn

import (
	"slices"

	"github.com/lagscaler/lagscaler/scaler/seen"
)

// WithConsumersOf gives a source what was learned of the consumers of another one: they have moved from one cluster to the other. What
// was learned of the traffic stays each one's own, because a mirror's traffic is measured while it stands by.
func (s State) WithConsumersOf(from, to *seen.History) State {
	s.Memory.Sources = slices.Clone(s.Memory.Sources)
	old, next := s.Source(from), s.Source(to)
	if old == nil || next == nil {
		return s
	}
	if old.Declared == next.Declared {
		next.PerConsumer, next.Seen, next.RaisedAt, next.RaisedFrom = old.PerConsumer, old.Seen, old.RaisedAt, old.RaisedFrom
		next.Best, next.BestAt, next.BestAtN = old.Best, old.BestAt, old.BestAtN
		next.NoTrial, next.BusyAt, next.NoProbe = old.NoTrial, old.BusyAt, old.NoProbe
	}
	next.InPods, next.Ratios, next.Place = old.InPods, old.Ratios, old.Place
	next.Session, next.SessionAt, next.Unread, next.Rebalances = old.Session, old.SessionAt, old.Unread, old.Rebalances
	return s
}
