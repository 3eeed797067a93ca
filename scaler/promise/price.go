package promise

import (
	"math"
	"slices"
	"time"
)

// Objectives are those of the price list, as shares of the records.
var Objectives = [...]float64{0.99, 0.995, 0.997, 0.999, 0.9995, 0.9999}

// Share is a percentage as a share, such that 99.9 % is 0.999 and not a neighbour of it.
func Share(percent float64) float64 { return math.Round(percent*1e4) / 1e6 }

// Price is what objectives would have cost in the last days, by target.
type Price struct {
	Seconds    float64    `json:"seconds"` // that were played
	Rows       []PriceRow `json:"rows"`    // by target, the shortest first
	Faster     *PriceRow  `json:"faster,omitempty"`
	Start      float64    `json:"-"` // s until the pods of a step up have joined
	Correction `json:"-"`
}

// PriceRow is a target with the price of each objective.
type PriceRow struct {
	Target time.Duration `json:"-"`
	Cells  []PriceCell   `json:"cells"` // by Objectives
}

// PriceCell is the cheapest room that would safely have kept an objective; where none would, the one that would have kept most.
type PriceCell struct {
	Objective float64 `json:"objective"`
	Reachable bool    `json:"reachable"`
	Option
}

// Price is the price list; objective is one more beside Objectives, 0: none. ok is false if less than an hour was played.
func (p *Play) Price(objective float64) (list Price, ok bool) {
	wanted := slices.Clone(Objectives[:])
	if objective > 0 && !slices.Contains(wanted, objective) {
		wanted = append(wanted, objective)
		slices.Sort(wanted)
	}
	list.Start, list.Correction = p.start, p.Correction()
	for i, t := range p.terms {
		options, seconds := p.options(i)
		if seconds < PriceAfter {
			continue
		}
		row := PriceRow{Target: t.Target}
		slices.SortStableFunc(options, cheaper)
		for _, o := range wanted {
			option, reachable := pick(options, o)
			row.Cells = append(row.Cells, PriceCell{Objective: o, Reachable: reachable, Option: option})
		}
		if i == 0 {
			list.Seconds = seconds
		}
		if t.FastStarts {
			list.Faster = &row
			continue
		}
		list.Rows = append(list.Rows, row)
	}
	slices.SortFunc(list.Rows, func(a, b PriceRow) int { return int(a.Target - b.Target) })
	return list, len(list.Rows) > 0 && list.Seconds > 0
}

// PriceAfter is how much must have been played, in seconds.
const PriceAfter = 3600

// Seconds is how much was played for the scaler's own target, in the last days.
func (p *Play) Seconds() float64 {
	if len(p.terms) == 0 {
		return 0
	}
	return p.own.seconds + p.now.seconds
}

// Cell is the price of an objective within a target; ok is false if the list does not have it.
func (l *Price) Cell(target time.Duration, objective float64) (c PriceCell, ok bool) {
	for _, r := range l.Rows {
		if r.Target == target {
			return r.cell(objective)
		}
	}
	return c, false
}

func (r *PriceRow) cell(objective float64) (c PriceCell, ok bool) {
	for _, c := range r.Cells {
		if c.Objective == objective {
			return c, true
		}
	}
	return c, false
}

// Change is what would make an objective cheaper.
type Change struct {
	Target time.Duration // instead of the scaler's own; 0: pods that start in half the time
	From   PriceCell
	To     PriceCell
}

// Saves is the share of the cost that the change saves.
func (c Change) Saves() float64 { return 1 - c.To.Consumers/c.From.Consumers }

// worthIt is the least share that a change saves.
const worthIt = 0.05

// Cheapest is the change that would save most: the next longer target, or pods that start in half the time. Where the objective is out of reach, it is the
// first that would bring it into reach. ok is false if neither would.
func (l *Price) Cheapest(target time.Duration, objective float64) (change Change, ok bool) {
	from, known := l.Cell(target, objective)
	if !known || from.Consumers == 0 {
		return change, false
	}
	try := func(to PriceCell, at time.Duration) {
		next := Change{Target: at, From: from, To: to}
		gain := to.Reachable && (!from.Reachable || next.Saves() >= worthIt)
		if gain && (!ok || from.Reachable && next.Saves() > change.Saves()) {
			change, ok = next, true
		}
	}
	if l.Faster != nil {
		if to, known := l.Faster.cell(objective); known {
			try(to, 0)
		}
	}
	for _, r := range l.Rows {
		if to, known := r.cell(objective); known && r.Target > target {
			try(to, r.Target)
			if from.Reachable || to.Reachable {
				break
			}
		}
	}
	return change, ok
}
