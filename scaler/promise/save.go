package promise

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"

	"github.com/lagscaler/lagscaler/scaler/packed"
)

// saved is a Play as JSON. Numbers of fleets are logarithms, to 0.04 %, or as many times as much as fit into mostSaved bytes.
type saved struct {
	InForce inForce    `json:"inForce,omitzero"`
	Days    days       `json:"days,omitempty"`
	Terms   []Terms    `json:"terms,omitempty"`  // of the rows
	Grain   int64      `json:"grain,omitempty"`  // of the logarithms
	Played  string     `json:"played,omitempty"` // base64 of deflated numbers, see numbers
	Rows    []savedRow `json:"rows,omitempty"`   // of older builds
}

// mostSaved are the bytes of Played. Fleets of a week of real traffic take about two thirds of it.
const mostSaved = 2100

// savedRow is a row as older builds saved it.
type savedRow struct {
	Terms
	Last    int64                 `json:"last"`    // today, in days since 1970
	Seconds [1 + keptDays]float64 `json:"seconds"` // that were played: in the first 24 hours, then by day
	Arrived [1 + keptDays]float64 `json:"arrived"` // records
	Step    int64                 `json:"step"`    // of the peaks
	Codes   string                `json:"codes"`   // base64 of deflated numbers: fleets by day, then peaks
}

// How many numbers a row has: whole ones, then logarithms.
const (
	wholeOf = 2 + 2*(1+keptDays)
	codesOf = (1+keptDays)*len(Rooms)*3 + int(steps) + hours
)

// IsZero reports whether nothing was played.
func (p Play) IsZero() bool { return len(p.terms) == 0 }

// MarshalJSON writes what is saved: the totals, without the fleets of the present.
func (p Play) MarshalJSON() ([]byte, error) {
	out := saved{InForce: p.inForce, Days: p.days.rounded(), Terms: p.terms}
	if p.IsZero() {
		return json.Marshal(out)
	}
	text, grain, err := packed.Fit(mostSaved, len(p.terms)*(wholeOf+codesOf), func(grain int) (string, error) { return packed.Pack(p.numbers(int64(grain))) })
	if err != nil {
		return nil, fmt.Errorf("promise: %w", err)
	}
	out.Grain, out.Played = int64(grain), text
	return json.Marshal(out)
}

// numbers are the differences of the numbers of all rows: most of a row are those of the row before, or nearly. Equal numbers of all
// rows stand together.
func (p *Play) numbers(grain int64) (raw []byte) {
	rows := make([][]int64, len(p.terms))
	for i, r := range p.rows() {
		rows[i] = r.whole()
		all := r.peaks.all()
		for _, v := range r.logarithms(all) {
			rows[i] = append(rows[i], (int64(encode(*v))+grain/2)/grain)
		}
	}
	for k := range wholeOf + codesOf {
		last := int64(0)
		if k >= wholeOf+3 && len(rows) > 0 {
			last = rows[0][k-3] // the same of the room before
		}
		for _, row := range rows {
			raw, last = binary.AppendVarint(raw, row[k]-last), row[k]
		}
	}
	return raw
}

// read is the reverse of numbers.
func (p *Play) read(in *saved) error {
	if len(in.Terms) == 0 || len(in.Terms) > mostRows || in.Grain < 1 || in.Grain > math.MaxUint16 {
		return errors.New("promise: not what was saved")
	}
	raw, err := packed.Unpack(in.Played, int64(mostRows*(wholeOf+codesOf)*binary.MaxVarintLen64))
	if err != nil {
		return fmt.Errorf("promise: %w", err)
	}
	differences, err := packed.Varints(raw)
	if err != nil {
		return fmt.Errorf("promise: %w", err)
	}
	n := len(in.Terms)
	if len(differences) != n*(wholeOf+codesOf) {
		*p = Play{} // other rooms
		return nil
	}
	numbers := make([][]int64, n)
	for k := range wholeOf + codesOf {
		last := int64(0)
		if k >= wholeOf+3 {
			last = numbers[0][k-3]
		}
		for i := range numbers {
			last += differences[k*n+i]
			numbers[i] = append(numbers[i], last)
		}
	}
	rows := make([]rowDays, n)
	for i, t := range in.Terms {
		if err := rows[i].take(t, numbers[i], in.Grain); err != nil {
			return err
		}
	}
	p.terms = in.Terms
	p.keep(rows)
	return nil
}

// whole are the numbers of a row that are no logarithms.
func (r *rowDays) whole() []int64 {
	list := []int64{r.last, r.peaks.step}
	for _, d := range r.all() {
		list = append(list, int64(math.Round(d.seconds)), int64(math.Round(d.arrived)))
	}
	return list
}

// logarithms are the other numbers: by day and room, then the peaks.
func (r *rowDays) logarithms(all slots) []*float32 {
	list := make([]*float32, 0, codesOf)
	for _, d := range r.all() {
		for k := range d.fleets {
			f := &d.fleets[k]
			list = append(list, &f.cost, &f.late, &f.most)
		}
	}
	for k := range all {
		list = append(list, &all[k])
	}
	return list
}

// take takes the numbers of a row that was saved.
func (r *rowDays) take(t Terms, numbers []int64, grain int64) error {
	at, all := numbers[1], make(slots, steps+hours)
	r.last = numbers[0]
	if t.Target <= 0 || at < 0 || r.last < 0 {
		return errors.New("promise: a row without a target or a time")
	}
	for k, d := range r.all() {
		d.seconds, d.arrived = float64(numbers[2+2*k]), float64(numbers[3+2*k])
		if !isTotal(d.seconds) || !isTotal(d.arrived) {
			return fmt.Errorf("promise: %v s, %v records are no day", d.seconds, d.arrived)
		}
	}
	for k, v := range r.logarithms(all) {
		code := numbers[wholeOf+k]
		if code < 0 || code > math.MaxUint16/grain+1 {
			return fmt.Errorf("promise: %d is no logarithm", code)
		}
		*v = decode(uint16(min(math.MaxUint16, code*grain)))
	}
	r.peaks = peaksOf(at, all)
	return nil
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
			if !isTotal(v) {
				return fmt.Errorf("promise: %v is no total of a day", v)
			}
		}
	}
	if in.Played != "" {
		if err := next.read(&in); err != nil {
			return err
		}
		*p = next
		return nil
	}
	var rows []rowDays
	for _, row := range in.Rows {
		r, err := row.read()
		if err != nil {
			return err
		}
		if r == nil {
			*p = Play{}
			return nil
		}
		next.terms, rows = append(next.terms, row.Terms), append(rows, *r)
	}
	next.keep(rows)
	*p = next
	return nil
}

const (
	mostRows  = 16
	mostTotal = 1e18 // records of a day
)

func isTotal(v float64) bool { return v >= 0 && v <= mostTotal }

// read is the days of a saved row; nil: it has other rooms.
func (s *savedRow) read() (*rowDays, error) {
	raw, err := packed.Unpack(s.Codes, 2*int64(codesOf))
	if err != nil {
		return nil, err
	}
	if len(raw) != 2*codesOf {
		return nil, nil
	}
	numbers := []int64{s.Last, s.Step}
	for k := range s.Seconds {
		if !isTotal(s.Seconds[k]) || !isTotal(s.Arrived[k]) {
			return nil, fmt.Errorf("promise: %v s, %v records are no day", s.Seconds[k], s.Arrived[k])
		}
		numbers = append(numbers, int64(s.Seconds[k]), int64(s.Arrived[k]))
	}
	for k := range codesOf {
		numbers = append(numbers, int64(binary.LittleEndian.Uint16(raw[2*k:])))
	}
	r := &rowDays{}
	return r, r.take(s.Terms, numbers, 1)
}

// all are the first 24 hours, then the days.
func (r *rowDays) all() [1 + keptDays]*rowDay {
	list := [1 + keptDays]*rowDay{&r.first}
	for i := range r.days {
		list[1+i] = &r.days[i]
	}
	return list
}

// rounded are the days with whole seconds and records.
func (d days) rounded() days {
	list := append(days{}, d...)
	for i := range list {
		one := &list[i]
		one.Seconds, one.PlayedOf, one.PlayedLate = math.Round(one.Seconds), math.Round(one.PlayedOf), math.Round(one.PlayedLate)
	}
	return list
}

// codeScale makes a logarithm of up to 10^12 fit into 16 bits.
const codeScale = 2300.0

func encode(v float32) uint16 {
	return uint16(min(math.MaxUint16, math.Round(math.Log1p(max(0, float64(v)))*codeScale)))
}

func decode(c uint16) float32 { return float32(math.Expm1(float64(c) / codeScale)) }
