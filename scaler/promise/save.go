package promise

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"

	"github.com/lagscaler/lagscaler/scaler/packed"
)

// saved is a Play as JSON. Numbers of fleets are logarithms, to 0.05 %.
type saved struct {
	InForce inForce    `json:"inForce,omitzero"`
	Days    days       `json:"days,omitempty"`
	Rows    []savedRow `json:"rows"`
}

type savedRow struct {
	Terms
	Last    int64                 `json:"last"`    // today, in days since 1970
	Seconds [1 + keptDays]float64 `json:"seconds"` // that were played: in the first 24 hours, then by day
	Arrived [1 + keptDays]float64 `json:"arrived"` // records
	Step    int64                 `json:"step"`    // of the peaks
	Codes   string                `json:"codes"`   // base64 of deflated numbers: fleets by day, then peaks
}

// codesOf is how many numbers a row has.
const codesOf = (1+keptDays)*len(Rooms)*3 + int(steps) + hours

// IsZero reports whether nothing was played.
func (p Play) IsZero() bool { return len(p.terms) == 0 }

// MarshalJSON writes what is saved: the totals, without the fleets of the present.
func (p Play) MarshalJSON() ([]byte, error) {
	out := saved{InForce: p.inForce, Days: p.days}
	for i, t := range p.terms {
		r := &p.totals[i]
		row := savedRow{Terms: t, Last: r.last, Step: r.peaks.step}
		raw := make([]byte, 0, 2*codesOf)
		put := func(v float32) { raw = binary.LittleEndian.AppendUint16(raw, encode(v)) }
		for k, d := range r.all() {
			row.Seconds[k], row.Arrived[k] = math.Round(d.seconds), math.Round(d.arrived)
			for _, f := range d.fleets {
				put(f.cost)
				put(f.late)
				put(f.most)
			}
		}
		for _, v := range r.peaks.five {
			put(v)
		}
		for _, v := range r.peaks.hour {
			put(v)
		}
		codes, err := packed.Pack(raw)
		if err != nil {
			return nil, err
		}
		row.Codes = codes
		out.Rows = append(out.Rows, row)
	}
	return json.Marshal(out)
}

// UnmarshalJSON reads what MarshalJSON wrote. It fails on numbers that cannot have been played. Rooms of another version are not
// taken over: their totals begin anew.
func (p *Play) UnmarshalJSON(data []byte) error {
	var in saved
	if err := json.Unmarshal(data, &in); err != nil {
		return fmt.Errorf("promise: %w", err)
	}
	if in.InForce.Room < 0 || len(in.Rows) > mostRows || len(in.Days) > keptDays {
		return errors.New("promise: not what was saved")
	}
	next := Play{inForce: in.InForce, days: in.Days}
	if next.inForce.Room >= len(Rooms) {
		next.inForce = inForce{}
	}
	for _, one := range in.Days {
		for _, v := range []float64{one.Seconds, one.Judged, one.Late, one.PlayedOf, one.PlayedLate} {
			if v < 0 || v > mostTotal {
				return fmt.Errorf("promise: %v is no total of a day", v)
			}
		}
	}
	for _, row := range in.Rows {
		r, err := row.read()
		if err != nil {
			return err
		}
		if r == nil {
			*p = Play{}
			return nil
		}
		next.terms, next.totals = append(next.terms, row.Terms), append(next.totals, *r)
	}
	*p = next
	return nil
}

const (
	mostRows  = 16
	mostTotal = 1e18 // records of a day
)

// read is the days of a saved row; nil: it has other rooms.
func (s *savedRow) read() (*rowDays, error) {
	raw, err := packed.Unpack(s.Codes, 2*int64(codesOf))
	if err != nil {
		return nil, err
	}
	if s.Target <= 0 || s.Step < 0 || s.Last < 0 {
		return nil, errors.New("promise: a row without a target or a time")
	}
	if len(raw) != 2*codesOf {
		return nil, nil
	}
	get := func() float32 {
		v := decode(binary.LittleEndian.Uint16(raw))
		raw = raw[2:]
		return v
	}
	r := &rowDays{last: s.Last}
	for k, d := range r.all() {
		if s.Seconds[k] < 0 || s.Arrived[k] < 0 || s.Seconds[k] > mostTotal || s.Arrived[k] > mostTotal {
			return nil, fmt.Errorf("promise: %v s, %v records are no day", s.Seconds[k], s.Arrived[k])
		}
		d.seconds, d.arrived = s.Seconds[k], s.Arrived[k]
		for i := range d.fleets {
			d.fleets[i] = fleetDay{get(), get(), get()}
		}
	}
	r.peaks.step = s.Step
	for i := range r.peaks.five {
		r.peaks.five[i] = get()
	}
	for i := range r.peaks.hour {
		r.peaks.hour[i] = get()
	}
	return r, nil
}

// all are the first 24 hours, then the days.
func (r *rowDays) all() [1 + keptDays]*rowDay {
	list := [1 + keptDays]*rowDay{&r.first}
	for i := range r.days {
		list[1+i] = &r.days[i]
	}
	return list
}

// codeScale makes a logarithm of up to 10^12 fit into 16 bits.
const codeScale = 2300.0

func encode(v float32) uint16 {
	return uint16(min(math.MaxUint16, math.Round(math.Log1p(max(0, float64(v)))*codeScale)))
}

func decode(c uint16) float32 { return float32(math.Expm1(float64(c) / codeScale)) }
