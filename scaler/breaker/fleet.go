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
	Namespace string
	Stopped   time.Time // when it stopped itself last; zero: never
	WentDown  bool      // it was scaled down within FleetWithin
}

// Fleet is the stop of all scalers, after a poll; before is that of the last poll. Those that stopped themselves before the last stop
// began do not count again.
//
//	3 of 2 namespaces stopped themselves, 25 went down in the hour      all stop for an hour
//	3 of 2 namespaces stopped themselves, 31 went down                  no: fewer than a tenth
//	5 of one namespace                                                  no: they may share a wrong field
func Fleet(before Stop, now time.Time, clk seen.Clock, members []Member) Stop {
	before = before.aged(&Look{Now: now, Clock: clk})
	if before.Holds(now) {
		return before
	}
	stopped, down := 0, 0
	var namespaces []string
	for _, m := range members {
		within := !m.Stopped.IsZero() && !m.Stopped.After(now) && now.Sub(m.Stopped) <= clk.Scale(FleetWithin) && m.Stopped.After(before.Since)
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
