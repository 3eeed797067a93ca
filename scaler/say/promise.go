package say

import (
	"fmt"
	"slices"

	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/need"
	"github.com/lagscaler/lagscaler/scaler/number"
	"github.com/lagscaler/lagscaler/scaler/promise"
)

// promised are the verdicts that depend on the room that is kept for an objective.
var promised = []scaler.Reason{
	scaler.ScaleUp, scaler.ScaleDown, scaler.Steady, scaler.HoldStabilizing, scaler.HoldTolerance,
}

// promiseWords say which room is kept for an objective, and why.
func promiseWords(d *scaler.Decision) []string {
	n, ok := d.Need()
	if !ok || n.Promise == nil || !n.RateKnown || !n.Capacity.Known() || !slices.Contains(promised, d.Verdict) {
		return nil
	}
	return []string{Promise(n.Promise)}
}

// Promise says which room is kept for an objective, and why:
//
//	room 85 % of the peak of the last 24 h: the cheapest that would safely have kept 99.9 % of the last 3.2 d
//	objective 99.99 % is out of reach within 1.5 times the cheapest room: 125 % of the peak of the last 60 min would have kept most, 99.95 % of the last 3.2 d
//	objective 99.9 %: 5 h of the first 24 h are over; until then room is the reserve for returning peaks
func Promise(c *promise.Choice) string {
	of, kept, past := number.Kept(c.Objective), number.Kept(c.Kept), number.Seconds(c.Seconds)
	room := need.RoomWords(c.Room)
	switch {
	case c.Learning:
		return fmt.Sprintf("objective %s: %s of the first 24 h are over; until then room is the reserve for returning peaks", of, past)
	case c.Cheapest:
		return fmt.Sprintf("room %s: the cheapest that would safely have kept %s of the last %s", room, of, past)
	case c.Reachable:
		return fmt.Sprintf("room %s: would have kept %s of the last %s, objective %s", room, kept, past, of)
	}
	return fmt.Sprintf("objective %s is out of reach within %s times the cheapest room: %s would have kept most, %s of the last %s",
		of, number.Quantity(c.Budget), room, kept, past)
}

// promiseRows are the room that is kept for an objective, what really was late, and the runner-up.
func promiseRows(d *scaler.Decision, n *need.Need) []Row {
	c := n.Promise
	if c == nil {
		return nil
	}
	value := number.PerSecond(c.PerSecond)
	if c.Room.Share == 0 {
		value = number.PerSecond(n.Reserve)
	}
	rows := []Row{{Computed, of(d, n, "room"), value, Promise(c)}}
	if !c.Learning {
		rows = append(rows, Row{Computed, of(d, n, "room costs"), cost(c.Option), "on average in the last " + number.Seconds(c.Seconds) + ", as played"})
	}
	if c.RunnerUp != nil {
		rows = append(rows, Row{Computed, of(d, n, "runner-up"), cost(*c.RunnerUp), fmt.Sprintf("room %s: would have kept %s", need.RoomWords(c.RunnerUp.Room), number.Kept(c.RunnerUp.Kept))})
	}
	if c.Measured != nil {
		rows = append(rows, Row{Measured, of(d, n, "within the target"), number.Kept(*c.Measured), "of the records that were processed while lagscaler set the replicas, in the last days"})
	}
	return rows
}

func cost(o promise.Option) string { return number.Quantity(o.Consumers) + " consumers" }
