package scaler

import (
	"fmt"

	"github.com/lagscaler/lagscaler/scaler/need"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

// Brake is what a limit above single scalers leaves of the step of a decision. Package scaler/brakes shares such limits out among
// all decisions of a poll; those that get less than they ask for are then made again with their brake.
type Brake struct {
	Reason Reason `json:"reason"`
	To     int32  `json:"to"`  // the step may go as far as this
	Why    string `json:"why"` // which limit, with its numbers
}

// within is how far a step goes that may go as far as a limit: never beyond its own end, and never back.
//
//	step      may go to   goes to
//	4 -> 12   8           8
//	4 -> 12   20          12
//	4 -> 12   2           4: a limit below what runs takes nothing away
//	12 -> 4   8           8
//	12 -> 4   12          12
func within(from, to, limit int32) int32 {
	if to >= from {
		return max(from, min(to, limit))
	}
	return min(from, max(to, limit))
}

// braked is the limit of the brakes of a reason.
func braked(reason Reason) func(f *limitFacts, n int32) int32 {
	return func(f *limitFacts, n int32) int32 {
		for _, b := range f.brakes {
			if b.Reason == reason {
				n = within(f.current, n, b.To)
			}
		}
		return n
	}
}

func (f *limitFacts) podsRefused(n int32) int32 {
	if f.target.Refused == "" {
		return n
	}
	return min(n, f.current)
}

func (f *limitFacts) frozen(n int32) int32 { return f.target.Freeze.Limit(f.current, n) }

// why is what a step says beside its reason; empty: nothing.
func (f *limitFacts) why(reason Reason) string {
	switch reason {
	case Frozen:
		return FreezeWords(f.target.Freeze)
	case PodsRefused:
		return f.target.Refused
	}
	for _, b := range f.brakes {
		if b.Reason == reason {
			return b.Why
		}
	}
	return ""
}

// FreezeWords are a freeze as people read it: no scale down until 2026-12-01T06:00:00Z (window peak).
func FreezeWords(f *seen.Freeze) string {
	if f == nil {
		return ""
	}
	stops := "no scale down"
	if f.Stops == seen.StopsAll {
		stops = "no write"
	}
	by := f.By
	if f.Why != "" {
		by += ": " + f.Why
	}
	return fmt.Sprintf("%s until %s (%s)", stops, f.Until.UTC().Format("2006-01-02T15:04Z"), by)
}

func brakeWords(_ *Decision, s Step, _ *need.Need) string { return s.Why }

func refusedWords(_ *Decision, s Step, _ *need.Need) string {
	return "pods are refused: " + s.Why
}

// Asks is what the decision asks of the limits above single scalers: see package scaler/brakes.
func (d *Decision) Asks() (asks Asks) {
	asks.From, asks.To = d.Current, d.Desired
	asks.First = d.Bounds.Min
	if d.Current == 0 {
		asks.First = max(1, asks.First)
	}
	n, ok := d.Need()
	if !ok {
		return asks
	}
	asks.Units, asks.Consumers, asks.Others = n.Partitions, d.Consumers(1)-d.Consumers(0), d.Consumers(0)
	if d.Why.Share > 0 {
		asks.Consumers, asks.Others = max(1, d.Why.PerReplica), d.Why.Elsewhere
	}
	switch {
	case n.MaxShareMembers > 0:
		asks.Units = 0
	case n.Tasks > 0:
		asks.Units = n.Tasks
	}
	if n.RateKnown && n.Capacity.Known() && n.PerConsumer > 0 {
		asks.PerConsumer = n.PerConsumer
		asks.Now, asks.Planned = n.Rate+n.DrainRate, n.Required
	}
	return asks
}

// Asks are the numbers of a decision that limits above single scalers look at. Rates are records/s.
type Asks struct {
	From, To    int32
	First       int32   // the replicas up to here come before those of every other scaler: minReplicas, and the first one of a target at zero
	Units       int32   // partitions, or tasks of Kafka Streams, that consumers share; 0: they share single records, or it is not known
	Consumers   int32   // in one replica
	Others      int32   // consumers of the group outside of the target
	PerConsumer float64 // what one processes; 0: not known, and so are the next two
	Now         float64 // what arrives, and what is to be drained of the backlog
	Planned     float64 // the same with forecast and headroom
}
