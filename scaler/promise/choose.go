package promise

import (
	"slices"
	"time"
)

// How a room is chosen: the cheapest that would have kept the objective in the last days, corrected by what really was late, within the
// budget.
//
//	objective 99.9 %, budget 1.5        would have kept   costs
//	the reserve alone                   99.41 %           12.1 consumers
//	70 % of the day's peak              99.85 %           14.0
//	85 % of the day's peak              99.94 %           15.2     is in force: the cheapest that kept it
//	1.25 times the hour's peak          99.99 %           17.7     the runner-up
//	twice the hour's peak               99.99 %           25.1     above 1.5 times 12.1
const (
	safely      = 0.8       // of the records that may be late: so few are in a room that takes over
	cheaperBy   = 0.97      // a cheaper one takes over if it costs at most so much of the present one,
	cheaperWait = time.Hour // and that one has been in force for so long
)

// DefaultBudget is how many times the cheapest room an objective may cost, unless it is set.
const DefaultBudget = 1.5

// inForce is the room in force.
type inForce struct {
	Room  int       `json:"room"` // of Rooms
	Since time.Time `json:"since,omitzero"`
}

// Option is a room, and what it would have led to.
type Option struct {
	Room      Room    `json:"room"`
	Kept      float64 `json:"kept"`      // share of the records within the target, corrected
	Consumers float64 `json:"consumers"` // on average
	Most      float64 `json:"most"`      // at most
}

// Choice is the room in force for an objective, and why.
type Choice struct {
	Objective float64 `json:"objective"` // share of the records
	Budget    float64 `json:"budget"`    // how many times the cheapest room it may cost
	Option
	Peak      float64  `json:"peak"`      // greatest rate of the room's time, records/s
	PerSecond float64  `json:"perSecond"` // Peak * Room.Share: consumers for this rate are kept
	Seconds   float64  `json:"seconds"`   // that were played
	Learning  bool     `json:"learning,omitempty"`
	Cheapest  bool     `json:"cheapest,omitempty"`
	Reachable bool     `json:"reachable"` // a room within the budget would have kept the objective
	RunnerUp  *Option  `json:"runnerUp,omitempty"`
	Measured  *float64 `json:"measured,omitempty"` // share of the records that really were within the target, in the time in which lagscaler set the replicas; nil: not known
}

func (d days) sum() (all oneDay) {
	for _, one := range d {
		all.Judged += one.Judged
		all.Late += one.Late
		all.Seconds += one.Seconds
		all.PlayedOf += one.PlayedOf
		all.PlayedLate += one.PlayedLate
		all.PlayedStrict += one.PlayedStrict
	}
	return all
}

// options are what the rooms of a row would have led to, by Rooms; nil: nothing was played.
func (p *Play) options(row int) (list []Option, seconds float64) {
	if row >= len(p.terms) {
		return nil, 0
	}
	if row == 0 {
		return p.optionsOf(p.terms[0], &p.own)
	}
	sum := p.row(row).sum()
	return p.optionsOf(p.terms[row], &sum)
}

// optionsOf are the options of a row by what counts of it.
func (p *Play) optionsOf(terms Terms, sum *rowDay) (list []Option, seconds float64) {
	if sum.seconds == 0 {
		return nil, 0
	}
	lateOf := p.corrected(terms)
	list = make([]Option, 0, len(sum.fleets))
	for k, f := range sum.fleets {
		late := lateOf(f, f.cost >= sum.fleets[p.inForce.Room].cost)
		list = append(list, Option{
			Room: Rooms[k], Kept: 1 - min(1, late/max(1, sum.arrived)), Consumers: float64(f.cost) / sum.seconds, Most: float64(f.most),
		})
	}
	return list, sum.seconds
}

// Options are what each of [Rooms] would have led to within the scaler's own target, in their order; nil: nothing was played.
func (p *Play) Options() []Option {
	list, _ := p.options(0)
	return list
}

// affordable are the options within the budget, the cheapest first.
func affordable(list []Option, budget float64) []Option {
	list = slices.Clone(list)
	slices.SortStableFunc(list, cheaper)
	least := list[0].Consumers
	return slices.DeleteFunc(list, func(o Option) bool { return o.Consumers > budget*least })
}

func cheaper(a, b Option) int {
	switch {
	case a.Consumers < b.Consumers:
		return -1
	case a.Consumers > b.Consumers:
		return 1
	}
	return 0
}

// best is the cheapest option that keeps an objective. Where none does, it is the one that keeps most, and ok is false.
func best(sorted []Option, objective float64) (o Option, ok bool) {
	if k := slices.IndexFunc(sorted, func(o Option) bool { return o.Kept >= objective }); k >= 0 {
		return sorted[k], true
	}
	return slices.MaxFunc(sorted, func(a, b Option) int { // the first, so the cheapest, of those that keep as much
		switch {
		case a.Kept < b.Kept:
			return -1
		case a.Kept > b.Kept:
			return 1
		}
		return 0
	}), false
}

// pick is the option that is to be in force: the cheapest that safely keeps the objective, or else the one that best does.
func pick(sorted []Option, objective float64) (o Option, reachable bool) {
	if o, ok := best(sorted, 1-safely*(1-objective)); ok {
		return o, true
	}
	return best(sorted, objective)
}

// learning reports whether too little has been played to choose a room.
func (r *rowDays) learning() bool { return r.first.seconds < day.Seconds() }

// choose is the room that is in force from now on.
func (p *Play) choose(in *Poll) inForce {
	if in.Objective == 0 {
		return inForce{}
	}
	list := p.Options()
	if list == nil || p.learning {
		return inForce{}
	}
	sorted := affordable(list, in.Budget)
	next, reachable := pick(sorted, in.Objective)
	old := list[p.inForce.Room]
	stays := slices.Contains(sorted, old) && old.Kept >= min(in.Objective, next.Kept)
	due := in.Now.Sub(p.inForce.Since) >= cheaperWait && next.Consumers < cheaperBy*old.Consumers
	if stays && (!reachable || !due) {
		return p.inForce
	}
	if k := slices.Index(Rooms[:], next.Room); k != p.inForce.Room {
		return inForce{k, in.Now}
	}
	return p.inForce
}

// InRoom is the play with a room of [Rooms] in force until the next step, whatever it would choose: to compare with it what was chosen.
func (p Play) InRoom(room int) Play {
	p.inForce.Room = room
	return p
}

// Choice is the room in force for an objective; nil: none is set, or nothing was played yet.
func (p *Play) Choice(objective, budget float64) *Choice {
	if objective == 0 || len(p.terms) == 0 {
		return nil
	}
	list, seconds := p.options(0)
	if list == nil {
		return nil
	}
	c := &Choice{Objective: objective, Budget: budget, Option: list[p.inForce.Room], Seconds: seconds, Learning: p.learning}
	c.Peak = p.Peak(c.Room)
	c.PerSecond = c.Peak * c.Room.Share
	sorted := affordable(list, budget)
	least, reachable := pick(sorted, objective)
	c.Cheapest, c.Reachable = reachable && least.Room == c.Room, reachable
	others := slices.DeleteFunc(slices.Clone(sorted), func(o Option) bool { return o.Room == c.Room })
	if len(others) > 0 && !c.Learning {
		second, _ := pick(others, objective)
		c.RunnerUp = &second
	}
	if sum := p.days.sum(); sum.Judged > 0 {
		c.Measured = new(1 - sum.Late/sum.Judged)
	}
	return c
}

// Reserve is what the reserve for returning peaks alone would have led to: what happens without an objective.
func (p *Play) Reserve() Option {
	if list, _ := p.options(0); list != nil {
		return list[noRoom]
	}
	return Option{}
}

// Measured is how many records were processed in the last days while lagscaler set the replicas, and how many of them later than the
// target; 0 of 0: it is not known.
func (p *Play) Measured() (judged, late float64) {
	sum := p.days.sum()
	return sum.Judged, sum.Late
}
