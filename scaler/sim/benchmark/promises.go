package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"

	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/need"
	"github.com/lagscaler/lagscaler/scaler/promise"
	"github.com/lagscaler/lagscaler/scaler/sim"
)

// promisedPercent are the objectives that are played.
var promisedPercent = []float64{99, 99.7, 99.9}

const (
	promisedWithin = 1.2 // times as many late records as the objective allows: kept
	freely         = 4.0 // the budget of a room that is in force all the time: nothing is chosen
)

func objectiveName(percent float64) string { return fmt.Sprintf("%v %%", percent) }

// inRooms are our policy with each room in force all the time.
func inRooms() []candidate {
	var all []candidate
	for k, room := range promise.Rooms {
		name := need.RoomWords(room)
		all = append(all, candidate{ours, name, func(w sim.World) (sim.Policy, error) {
			return sim.InRoom(name, sim.Declare(scaler.Spec{Objective: new(promisedPercent[0]), ObjectiveBudget: new(freely)}, w), k)
		}})
	}
	return all
}

// promises compare objectives with the rooms that could have kept them.
func promises(w io.Writer, all table) {
	played, held := all.part(objectives), all.part(rooms)
	if len(played.jobs) == 0 {
		return // no traffic is long enough
	}
	fmt.Fprintf(w, promiseNotes, promise.DefaultBudget, promisedWithin)
	for _, percent := range promisedPercent {
		sum, missed := promiseSum{}, ""
		for _, t := range played.traffics() {
			for _, p := range protocols {
				one := played.on(t).under(p).only(func(j *job) bool { return j.policy == objectiveName(percent) }).jobs[0]
				found, room := held.on(t).under(p).keeping(percent)
				if sum.add(one, percent, found) {
					missed += fmt.Sprintf("| %s | %s | %s | %s | %s |\n", t.name(), p, rowOf(one.result).alone().cell(), said(one.says), room)
				}
			}
		}
		fmt.Fprintf(w, "\n### An objective of %s\n\n%d of %d rows are within.", objectiveName(percent), sum.within, sum.all)
		if missed == "" {
			fmt.Fprintln(w)
			continue
		}
		fmt.Fprintf(w, " Of the others, a room could have kept it on %d. On %d none could, and lagscaler says so on %d of these.\n\n"+
			"| traffic | protocol | lagscaler | it says | the cheapest room that keeps it |\n|---|---|---|---|---|\n%s",
			sum.missed, sum.all-sum.within-sum.missed, sum.told, missed)
	}
}

// promiseSum counts rows: all, those in which the objective was kept, those of the others in which a room would have kept it, and those of
// the rest of which lagscaler says so.
type promiseSum struct{ all, within, missed, told int }

// add reports whether a row is to be shown: the objective was not kept. found: a room would have kept it.
func (s *promiseSum) add(j *job, percent float64, found bool) bool {
	s.all++
	switch {
	case j.result.LatePercent <= promisedWithin*(100-percent):
		s.within++
		return false
	case found:
		s.missed++
	case j.says != nil && !j.says.Reachable:
		s.told++
	}
	return true
}

// keeping is the cheapest room within the budget that keeps an objective, with what it cost; ok is false if none does.
func (t table) keeping(percent float64) (ok bool, room string) {
	sorted := slices.Clone(t.jobs)
	slices.SortStableFunc(sorted, func(a, b *job) int { return cmp.Compare(a.result.CostOverFluid, b.result.CostOverFluid) })
	for _, j := range sorted {
		if j.result.CostOverFluid <= promise.DefaultBudget*sorted[0].result.CostOverFluid && j.result.LatePercent <= 100-percent {
			return true, fmt.Sprintf("%s (%s)", rowOf(j.result).alone().cell(), j.policy)
		}
	}
	return false, "none"
}

// alone is the row of a single simulation.
func (r row) alone() row {
	r.n = 1
	return r
}

// said is what lagscaler says of an objective at the end.
func said(c *promise.Choice) string {
	switch {
	case c == nil:
		return "nothing yet"
	case c.Reachable:
		return "kept by " + need.RoomWords(c.Room)
	}
	return fmt.Sprintf("out of reach: %.2f %% by %s", 100*c.Kept, need.RoomWords(c.Room))
}

const promiseNotes = `
## Objectives, and what could have kept them

lagscaler with an [objective](scaling.md#objectives-and-their-price), on traffic of at least two days, one seed. It chooses a room after a day, and only what comes after that day counts. Then each room was
in force all the time. A room could have kept the objective if no more records were late than it allows, and it cost at most %v times the cheapest room (the usual budget).
"Within": at most %v times as many late records as the objective allows. Cost / late %%.
`
