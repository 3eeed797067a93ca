package promise

import (
	"testing"
	"time"
)

// played is a play of a day in which the fleets of the first row had these costs (consumers) and late records (of a million).
func played(costs, late map[int]float64, hours float64) Play {
	p := Play{terms: termsOf(30 * time.Second)}
	rows := make([]rowDays, len(p.terms))
	rows[0].first.seconds = min(hours, 24) * 3600
	today := &rows[0].days[keptDays-1]
	if hours < 24 {
		today = &rows[0].first
	}
	today.seconds, today.arrived = hours*3600, 1e6
	for k := range Rooms {
		cost, lates := 100.0, 0.0 // too dear for every budget
		if c, ok := costs[k]; ok {
			cost, lates = c, late[k]
		}
		today.fleets[k] = fleetDay{float32(cost * hours * 3600), float32(lates), float32(lates), float32(cost)}
	}
	p.keep(rows)
	return p
}

// The cheapest room that kept the objective is in force, within the budget.
//
//	room              0       3       5       8
//	consumers        10      12      14      19
//	late of 10^6   4000    1200     500       0
func TestTheCheapestRoomThatKeepsTheObjective(t *testing.T) {
	costs := map[int]float64{0: 10, 3: 12, 5: 14, 8: 19}
	late := map[int]float64{0: 4000, 3: 1200, 5: 500, 8: 0}
	for name, c := range map[string]struct {
		objective, budget, hours float64
		before                   inForce
		want                     int
		reachable, learning      bool
	}{
		"the reserve keeps it":                       {0.99, 1.5, 25, inForce{}, 0, true, false},
		"a room keeps it":                            {0.998, 1.5, 25, inForce{}, 3, true, false},
		"a room only just keeps it: the next one":    {0.9988, 1.5, 25, inForce{}, 5, true, false},
		"the room in force only just keeps it":       {0.9988, 1.5, 25, inForce{Room: 3}, 3, true, false},
		"the room in force does not keep it":         {0.9995, 1.5, 25, inForce{Room: 3}, 5, true, false},
		"out of reach: the one that keeps most":      {0.9999, 1.5, 25, inForce{}, 5, false, false},
		"out of reach, and the best one is in force": {0.9999, 1.5, 25, inForce{Room: 5}, 5, false, false},
		"twin: with a greater budget it is not":      {0.9999, 2, 25, inForce{}, 8, true, false},
		"a cheaper one takes over after an hour":     {0.99, 1.5, 25, inForce{Room: 5, Since: monday.Add(-2 * time.Hour)}, 0, true, false},
		"twin: not before":                           {0.99, 1.5, 25, inForce{Room: 5, Since: monday.Add(-time.Minute)}, 5, true, false},
		"the first day":                              {0.9999, 1.5, 23, inForce{}, 0, false, true},
	} {
		p := played(costs, late, c.hours)
		p.inForce = c.before
		in := usual(monday, 400)
		in.Objective, in.Budget = c.objective, c.budget
		p.inForce = p.choose(&in)
		choice := p.Choice(c.objective, c.budget)
		if p.inForce.Room != c.want || choice.Room != Rooms[c.want] || choice.Learning != c.learning || !c.learning && choice.Reachable != c.reachable {
			t.Errorf("%s: room %d, %+v", name, p.inForce.Room, choice)
		}
		if r := choice.RunnerUp; !c.learning && (r == nil || r.Room == choice.Room) {
			t.Errorf("%s: the runner-up is %+v", name, r)
		}
	}
}

// Only what lagscaler did itself is measured: another autoscaler's replicas, and counters that begin anew, say nothing.
func TestMeasured(t *testing.T) {
	in := usual(monday, 400)
	for name, c := range map[string]struct {
		last, now Measured
		want      float64
	}{
		"ours":                  {Measured{100, 10, true}, Measured{500, 30, true}, 400},
		"another's":             {Measured{100, 10, false}, Measured{500, 30, false}, 0},
		"ours only from now on": {Measured{100, 10, false}, Measured{500, 30, true}, 0},
		"counters begin anew":   {Measured{500, 30, true}, Measured{100, 10, true}, 0},
	} {
		in.Measured = c.now
		if got := (days{}).with(&in, c.last, 3, 4).sum(); got.Judged != c.want || got.PlayedLate != min(3, c.want) {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// On traffic with rare bursts, an objective that the reserve does not keep is kept by a room, which costs more; and a longer target
// costs less.
func TestBursts(t *testing.T) {
	p := traffic(Play{}, 60, 0.9995, bursts)
	c := p.Choice(0.9995, 10)
	list, _ := p.options(0)
	if list[noRoom].Kept >= 0.9995 || c.Kept < 0.9995 || c.Consumers <= list[noRoom].Consumers || c.Room.Of < 2*time.Hour {
		t.Errorf("the reserve: %+v; in force: %+v", list[noRoom], c)
	}
	price, ok := p.Price(0.9995)
	if !ok {
		t.Fatal("no price")
	}
	last := 0.0
	for i := len(price.Rows) - 1; i >= 0; i-- {
		r := price.Rows[i]
		cell, ok := r.cell(0.9995)
		if !ok || cell.Reachable && cell.Consumers < 0.98*last {
			t.Errorf("%s costs %+v, a longer target %v", r.Target, cell, last)
		}
		last = max(last, cell.Consumers)
	}
}

// Stricter objectives never cost less, and an objective beside the usual ones has a price, too.
func TestPriceGrowsWithTheObjective(t *testing.T) {
	p := traffic(Play{}, 30, 0, bursts)
	price, ok := p.Price(0.9985)
	if !ok {
		t.Fatal("no price")
	}
	for _, r := range price.Rows {
		last := PriceCell{Reachable: true}
		for _, c := range r.Cells {
			if c.Reachable && (!last.Reachable || c.Consumers < last.Consumers) {
				t.Errorf("%s: %+v, then %+v", r.Target, last, c)
			}
			last = c
		}
	}
	if _, ok := price.Cell(30*time.Second, 0.9985); !ok {
		t.Error("the objective of the scaler has no price")
	}
	if change, ok := price.Cheapest(30*time.Second, 0.9985); ok && change.To.Reachable && change.From.Reachable && change.Saves() < worthIt {
		t.Errorf("%+v saves nothing", change)
	}
	if _, ok := (&Play{}).Price(0.999); ok {
		t.Error("nothing was played, and it has a price")
	}
}
