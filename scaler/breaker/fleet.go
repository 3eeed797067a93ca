package breaker

import (
	"slices"
	"time"

	"github.com/lagscaler/lagscaler/scaler/seen"
)

// When all scalers stop: one wrong scaler is its owner's fault, many at once are ours, or that of something that they share.
const (
	FleetScalers    = 3         // that stopped themselves
	FleetNamespaces = 2         // in which they are
	FleetShare      = 10        // one in so many of those that went down
	FleetWithin     = time.Hour // of the last of them
	FleetFor        = time.Hour
)

// Member is one scaler of the fleet.
type Member struct {
	Namespace string    `json:"namespace"`
	Stopped   time.Time `json:"at"`             // when it stopped itself last; zero: never
	WentDown  bool      `json:"down,omitempty"` // it was scaled down within FleetWithin
}

// Part is what one of several shards knows of its scalers, for the others: together they are the fleet.
type Part struct {
	Stopped []Member `json:"stopped,omitempty"` // that stopped themselves, the last ones first
	Down    int      `json:"down,omitempty"`    // how many others went down
}

// MostTold is of how many scalers that stopped themselves a shard tells: many more than stop all.
const MostTold = 20

// PartOf is what is told of members. Of a namespace that has more stopped scalers than the others, some may be left out.
func PartOf(now time.Time, clk seen.Clock, members []Member) (p Part) {
	for i := range members {
		switch m := &members[i]; {
		case m.within(now, clk):
			p.Stopped = append(p.Stopped, *m)
		case m.WentDown:
			p.Down++
		}
	}
	slices.SortStableFunc(p.Stopped, func(a, b Member) int { return b.Stopped.Compare(a.Stopped) })
	if more := len(p.Stopped) - MostTold; more > 0 {
		p.Stopped, p.Down = p.Stopped[:MostTold:MostTold], p.Down+more
	}
	return p
}

// within reports whether a scaler stopped itself so short a time ago that it counts.
func (m *Member) within(now time.Time, clk seen.Clock) bool {
	return !m.Stopped.IsZero() && !m.Stopped.After(now) && now.Sub(m.Stopped) <= clk.Scale(FleetWithin)
}

// Fleet is the stop of all scalers, after a poll; before is that of the last poll, others are the scalers of other shards. Those that stopped themselves before the last stop
// began do not count again.
//
//	3 of 2 namespaces stopped themselves, 25 went down in the hour      all stop for an hour
//	3 of 2 namespaces stopped themselves, 31 went down                  no: fewer than a tenth
//	5 of one namespace                                                  no: they may share a wrong field
func Fleet(before Stop, now time.Time, clk seen.Clock, members []Member, others ...Part) Stop {
	before = before.aged(&Look{Now: now, Clock: clk})
	if before.Holds(now) {
		return before
	}
	stopped, down := 0, 0
	var namespaces []string
	members = slices.Clip(members)
	for _, o := range others {
		members, down = append(members, o.Stopped...), down+max(0, o.Down)
	}
	for _, m := range members {
		within := m.within(now, clk) && m.Stopped.After(before.Since)
		if within {
			stopped++
			if !slices.Contains(namespaces, m.Namespace) {
				namespaces = append(namespaces, m.Namespace)
			}
		}
		if within || m.WentDown {
			down++
		}
	}
	if stopped < FleetScalers || len(namespaces) < FleetNamespaces || stopped*FleetShare < down {
		return before
	}
	return Stop{Since: now, Until: now.Add(clk.Scale(FleetFor)), Steps: int32(stopped)}
}
