package promise

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"

	"github.com/lagscaler/lagscaler/scaler/packed"
)

// saved is a Play as JSON. Numbers of fleets are logarithms, to 0.04 %, or as many times as much as fit.
type saved struct {
	InForce inForce `json:"inForce,omitzero"`
	Days    days    `json:"days,omitempty"`
	Terms   []Terms `json:"terms,omitempty"`   // of the rows
	Horizon float64 `json:"horizon,omitempty"` // s, as of the last poll
	packedNumbers
	Nearly packedNumbers `json:"nearly,omitzero"` // records that were not late, and would be if the target were a margin shorter; older builds have none
	Rows   []savedRow    `json:"rows,omitempty"`  // of older builds
}

// packedNumbers are the same numbers of all rows.
type packedNumbers struct {
	Grain  int64  `json:"grain,omitempty"`  // of the logarithms
	Played string `json:"played,omitempty"` // base64 of deflated differences
}

// mostSaved and mostNearly are the most bytes of Played and of Nearly. A week of real traffic takes about two thirds of each.
const (
	mostSaved  = 2100
	mostNearly = 700
)

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
	codesOf = fleetsOf*3 + int(steps) + hours

	fleetsOf = (1 + keptDays) * len(Rooms)
)

// IsZero reports whether nothing was played.
func (p Play) IsZero() bool { return len(p.terms) == 0 }

// MarshalJSON writes what is saved: the totals, without the fleets of the present.
func (p Play) MarshalJSON() ([]byte, error) {
	out := saved{InForce: p.inForce, Days: p.days.rounded(), Terms: p.terms, Horizon: p.horizon}
	if p.IsZero() {
		return json.Marshal(out)
	}
	var err error
	rows := p.rows()
	out.packedNumbers, err = ofRows.pack(mostSaved, rows, (*rowDays).numbers)
	if err != nil {
		return nil, err
	}
	out.Nearly, err = nearlyOfRows.pack(mostNearly, rows, (*rowDays).nearly)
	if err != nil {
		return nil, err
	}
	return json.Marshal(out)
}

// packing is how numbers of rows are packed: as differences, because most numbers of a row are those of the row before, or about the same.
// Equal numbers of all rows stand together. A number of the first row is like that of the room before it.
type packing struct {
	numbers int // of a row
	whole   int // of them, first: they are of no room
	aRoom   int // numbers of a room
}

var (
	ofRows       = packing{wholeOf + codesOf, wholeOf, 3}
	nearlyOfRows = packing{fleetsOf, 0, 1}
)

// like is what a number of the first row is like; others are like that of the row before.
func (l packing) like(first []int64, k int) int64 {
	if k < l.whole+l.aRoom {
		return 0
	}
	return first[k-l.aRoom]
}

// pack packs rows into so many bytes; numbers are those of a row, its logarithms divided by a grain.
func (l packing) pack(most int, rows []rowDays, numbers func(r *rowDays, grain int64) []int64) (packedNumbers, error) {
	text, grain, err := packed.Fit(most, len(rows)*l.numbers, func(grain int) (string, error) {
		var all [][]int64
		for i := range rows {
			all = append(all, numbers(&rows[i], int64(grain)))
		}
		var raw []byte
		for k := range l.numbers {
			last := l.like(all[0], k)
			for _, row := range all {
				raw, last = binary.AppendVarint(raw, row[k]-last), row[k]
			}
		}
		return packed.Pack(raw)
	})
	if err != nil {
		return packedNumbers{}, fmt.Errorf("promise: %w", err)
	}
	return packedNumbers{int64(grain), text}, nil
}

// unpack is the reverse of pack, for n rows; nil: there are more or fewer numbers.
func (l packing) unpack(p packedNumbers, n int) ([][]int64, error) {
	if p.Grain < 1 || p.Grain > math.MaxUint16 {
		return nil, fmt.Errorf("promise: a grain of %d", p.Grain)
	}
	raw, err := packed.Unpack(p.Played, int64(mostRows*l.numbers*binary.MaxVarintLen64))
	if err != nil {
		return nil, fmt.Errorf("promise: %w", err)
	}
	differences, err := packed.Varints(raw)
	if err != nil {
		return nil, fmt.Errorf("promise: %w", err)
	}
	if len(differences) != n*l.numbers {
		return nil, nil
	}
	rows := make([][]int64, n)
	for k := range l.numbers {
		last := l.like(rows[0], k)
		for i := range rows {
			last += differences[k*n+i]
			rows[i] = append(rows[i], last)
		}
	}
	return rows, nil
}

// read is the reverse of MarshalJSON, of all rows.
func (p *Play) read(in *saved) error {
	n := len(in.Terms)
	if n == 0 || n > mostRows {
		return errors.New("promise: not what was saved")
	}
	numbers, err := ofRows.unpack(in.packedNumbers, n)
	if err != nil {
		return err
	}
	if numbers == nil {
		*p = Play{} // other rooms
		return nil
	}
	rows := make([]rowDays, n)
	for i, t := range in.Terms {
		if err := rows[i].take(t, numbers[i], in.Grain); err != nil {
			return err
		}
	}
	if in.Nearly != (packedNumbers{}) {
		if numbers, err = nearlyOfRows.unpack(in.Nearly, n); err != nil {
			return err
		}
		for i := range numbers {
			if err := rows[i].takeNearly(numbers[i], in.Nearly.Grain); err != nil {
				return err
			}
		}
	}
	p.terms = in.Terms
	p.keep(rows)
	return nil
}

// numbers are all numbers of a row without those of nearly.
func (r *rowDays) numbers(grain int64) []int64 {
	list := r.whole()
	for _, v := range r.logarithms(r.peaks.all()) {
		list = append(list, code(*v, grain))
	}
	return list
}

// nearly are the logarithms of how many records were nearly late: not late, and so if the target were a margin shorter. By day and room.
func (r *rowDays) nearly(grain int64) (list []int64) {
	for _, d := range r.all() {
		for _, f := range d.fleets {
			list = append(list, code(f.strict-f.late, grain))
		}
	}
	return list
}

// takeNearly takes what nearly gave.
func (r *rowDays) takeNearly(codes []int64, grain int64) error {
	for _, d := range r.all() {
		for k := range d.fleets {
			v, err := valueOf(codes[0], grain)
			if err != nil {
				return err
			}
			d.fleets[k].strict, codes = d.fleets[k].late+v, codes[1:]
		}
	}
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
		var err error
		if *v, err = valueOf(numbers[wholeOf+k], grain); err != nil {
			return err
		}
	}
	for _, d := range r.all() {
		for k := range d.fleets {
			d.fleets[k].strict = d.fleets[k].late // unless it was saved, too
		}
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
	if in.InForce.Room < 0 || len(in.Rows) > mostRows || len(in.Days) > keptDays || !isTotal(in.Horizon) {
		return errors.New("promise: not what was saved")
	}
	next := Play{inForce: in.InForce, days: in.Days, horizon: in.Horizon}
	if next.inForce.Room >= len(Rooms) {
		next.inForce = inForce{}
	}
	for _, one := range in.Days {
		for _, v := range []float64{one.Seconds, one.Judged, one.Late, one.PlayedOf, one.PlayedLate, one.PlayedStrict} {
			if !isTotal(v) {
				return fmt.Errorf("promise: %v is no total of a day", v)
			}
		}
	}
	for i := range in.Days {
		one := &in.Days[i]
		one.PlayedStrict = max(one.PlayedStrict, one.PlayedLate) // older builds did not count it
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
		for _, v := range []*float64{&one.Seconds, &one.PlayedOf, &one.PlayedLate, &one.PlayedStrict} {
			*v = math.Round(*v)
		}
	}
	return list
}

// codeScale makes a logarithm of up to 10^12 fit into 16 bits.
const codeScale = 2300.0

func encode(v float32) uint16 {
	return uint16(min(math.MaxUint16, math.Round(math.Log1p(max(0, float64(v)))*codeScale)))
}

func decode(c uint16) float32 { return float32(math.Expm1(float64(c) / codeScale)) }

// code is a logarithm in grains.
func code(v float32, grain int64) int64 { return (int64(encode(v)) + grain/2) / grain }

// valueOf is the reverse of code.
func valueOf(code, grain int64) (float32, error) {
	if code < 0 || code > math.MaxUint16/grain+1 {
		return 0, fmt.Errorf("promise: %d is no logarithm", code)
	}
	return decode(uint16(min(math.MaxUint16, code*grain))), nil
}
