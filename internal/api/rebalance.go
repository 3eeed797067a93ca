package api

import (
	"time"

	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/rebalancemon"
)

// Rebalance is one rebalance, or several that polling could only count together.
type Rebalance struct {
	Cluster           string     `json:"cluster"`
	Group             string     `json:"group"`
	Start             time.Time  `json:"start"`
	End               *time.Time `json:"end"`               // null while it lasts
	DurationSeconds   float64    `json:"durationSeconds"`   // until now, while it lasts
	ResolutionSeconds float64    `json:"resolutionSeconds"` // how exactly start and end are known
	Outcome           *string    `json:"outcome"`           // success, failed, empty, unknown; null while it lasts
	Cause             string     `json:"cause"`
	Evidence          string     `json:"evidence"`   // the observation the cause rests on
	Generation        *int32     `json:"generation"` // or group epoch, after it
	Count             int        `json:"count"`      // rebalances it stands for, at least 1
	Joined            int        `json:"joined"`     // members
	Left              int        `json:"left"`
}

// Longest is the most that it may have lasted, in seconds.
func (r *Rebalance) Longest() float64 { return r.DurationSeconds + r.ResolutionSeconds }

// RebalancesOf are events as of now, in their order.
func RebalancesOf(events []rebalancemon.Event, now time.Time) []Rebalance {
	out := make([]Rebalance, 0, len(events))
	for i := range events {
		out = append(out, RebalanceOf(&events[i], now))
	}
	return out
}

// RebalanceOf is one of them.
func RebalanceOf(e *rebalancemon.Event, now time.Time) Rebalance {
	r := Rebalance{
		Cluster: e.Cluster, Group: e.Group, Start: e.Start,
		DurationSeconds: e.Duration(now).Seconds(), ResolutionSeconds: e.Resolution.Seconds(),
		Outcome: text(string(e.Outcome)), Cause: string(e.Cause), Evidence: e.Evidence,
		Generation: known32(e.Generation), Count: e.Count, Joined: e.Joined, Left: e.Left,
	}
	if !e.End.IsZero() {
		r.End = &e.End
	}
	return r
}

func known32(n int32) *int32 {
	if n == lag.NoGeneration {
		return nil
	}
	return &n
}
