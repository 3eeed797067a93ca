package promise

import (
	"slices"
	"time"
)

// keptDays are today and the days before it for which totals are kept.
const keptDays = 4

// Measured is what really was processed, and later than the target, as it is measured from outside. Both only grow, and begin anew with
// the process.
type Measured struct {
	Judged, Late uint64 // records
	Ours         bool   // lagscaler sets the replicas, and the records are judged by the scaler's target
}

// oneDay is what was measured on a day while lagscaler set the replicas, and what the fleet of the room in force was played to have
// in the same time.
type oneDay struct {
	Day        int64   `json:"day"` // since 1970, UTC
	Seconds    float64 `json:"seconds"`
	Judged     float64 `json:"judged"` // records
	Late       float64 `json:"late"`
	PlayedOf   float64 `json:"playedOf"` // records that arrived
	PlayedLate float64 `json:"playedLate"`

	PlayedStrict float64 `json:"playedStrict,omitempty"` // records that would be late if the target were a margin shorter
}

// days are the last days, the oldest first. They are replaced, never changed.
type days []oneDay

// with adds a poll; late and strict are how many records were late in the fleet of the room in force, and would be late if the target were a margin shorter.
func (d days) with(in *Poll, last Measured, late, strict float64) days {
	m := in.Measured
	if !m.Ours || !last.Ours || m.Judged < last.Judged || m.Late < last.Late {
		return d
	}
	list, today := slices.Clone(d), dayOf(in.Now)
	if len(list) == 0 || list[len(list)-1].Day < today {
		list = append(list, oneDay{Day: today})
	}
	for list[0].Day <= today-keptDays {
		list = list[1:]
	}
	one := &list[len(list)-1]
	one.Judged += float64(m.Judged - last.Judged)
	one.Late += float64(m.Late - last.Late)
	one.Seconds += in.Seconds
	one.PlayedOf += in.Arrived
	one.PlayedLate += late
	one.PlayedStrict += strict
	return list
}

func dayOf(t time.Time) int64 { return t.Unix() / int64(day/time.Second) }

// fleetDay is a fleet's day.
type fleetDay struct{ cost, late, strict, most float32 } // consumer seconds, records, records, consumers: as of a fleet

// rowDay is a row's day.
type rowDay struct {
	seconds, arrived float64 // that were played; records
	fleets           [len(Rooms)]fleetDay
}

// rowDays are the days of a row, and its peaks. The first 24 hours stand apart: peaks of a day are not known in them, so that every room
// was too small for what came for the first time. They count only until there are 24 hours after them.
type rowDays struct {
	last  int64 // today
	first rowDay
	days  [keptDays]rowDay // after the first 24 hours, today last
	peaks peaks
}

// at moves on to a day.
func (r *rowDays) at(today int64) {
	for ; r.last < today; r.last++ {
		if today-r.last > keptDays {
			r.last = today - keptDays
		}
		copy(r.days[:], r.days[1:])
		r.days[keptDays-1] = rowDay{}
	}
}

// sum is all days of a row that count.
func (r *rowDays) sum() rowDay {
	all := rowDay{}
	for i := range r.days {
		all.add(&r.days[i])
	}
	if all.seconds < day.Seconds() {
		all.add(&r.first)
	}
	return all
}

func (d *rowDay) add(o *rowDay) {
	d.seconds, d.arrived = d.seconds+o.seconds, d.arrived+o.arrived
	for k, f := range o.fleets {
		sum := &d.fleets[k]
		*sum = fleetDay{sum.cost + f.cost, sum.late + f.late, sum.strict + f.strict, max(sum.most, f.most)}
	}
}

// counted is where the present step counts.
func (r *rowDays) counted() *rowDay {
	if r.first.seconds < day.Seconds() {
		return &r.first
	}
	return &r.days[keptDays-1]
}

// addUp moves what the fleets did in the step that is over to their days.
func (p *Play) addUp() {
	if p.now.step == 0 {
		return
	}
	rows := p.rows()
	todays := make([]*rowDay, len(rows))
	p.now.rows = slices.Clone(p.now.rows)
	for i := range rows {
		r := &rows[i]
		r.at(p.now.step * int64(step) / int64(day))
		past := &p.now.rows[i].peaks
		*past = past.over()
		if i > 0 && slices.Equal(past.before, rows[i-1].peaks.before) {
			past.before = rows[i-1].peaks.before // those of the same target
		}
		r.peaks = *past
		todays[i] = r.counted()
		todays[i].seconds += p.now.seconds
		todays[i].arrived += p.now.arrived
	}
	p.now.fleets = p.now.fleets.each(func(row, room int, f *fleet) {
		total := &todays[row].fleets[room]
		*total = fleetDay{total.cost + f.cost, total.late + f.late, total.strict + f.strict, max(total.most, f.most)}
		f.cost, f.late, f.strict, f.most = 0, 0, 0, f.asked
	})
	p.keep(rows)
	p.now.seconds, p.now.arrived = 0, 0
}
