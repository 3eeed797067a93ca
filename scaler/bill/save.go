package bill

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/lagscaler/lagscaler/scaler/packed"
)

// saved is an Account as JSON. Seconds are whole, replicas and records to 0.1 %.
type saved struct {
	Begun  time.Time `json:"begun"`
	Within float64   `json:"withinSeconds,omitempty"` // later is late; 0: nothing was judged
	Before Before    `json:"before,omitzero"`
	Hour   int64     `json:"hour"`            // the last one, in hours since 1970
	Grain  int64     `json:"grain,omitempty"` // how many seconds, and how many times 0.2 % of other numbers, are one, so that Codes has at most mostCodes bytes; 0: 1
	Codes  string    `json:"codes"`           // base64 of deflated differences: each column of all hours, the oldest hour first
}

// columns of an hour: what is saved of it.
const columns = 9

// IsZero reports whether there was no poll.
func (a Account) IsZero() bool { return a.begun.IsZero() }

// MarshalJSON writes what is saved: all but the last poll.
func (a Account) MarshalJSON() ([]byte, error) {
	hours := append(a.past.hours(), a.last)
	codes := make([][columns]uint16, len(hours))
	for i := range hours {
		codes[i] = hours[i].codes()
	}
	text, grain, err := packed.Fit(mostCodes, columns*len(hours), func(grain int) (string, error) { return packed.Pack(differences(codes, int64(grain))) })
	if err != nil {
		return nil, fmt.Errorf("bill: %w", err)
	}
	if grain == 1 {
		grain = 0
	}
	return json.Marshal(saved{
		Begun: a.begun.UTC().Truncate(time.Second), Within: a.within.Seconds(), Before: a.before, Hour: a.at, Grain: int64(grain), Codes: text,
	})
}

// mostCodes are the bytes of the codes. Weeks of real traffic take less at the finest grain.
const mostCodes = 1500

// differences are those from hour to hour, column by column.
func differences(hours [][columns]uint16, grain int64) (raw []byte) {
	for column := range columns {
		last := int64(0)
		for i := range hours {
			code := (int64(hours[i][column]) + grain/2) / grain
			raw, last = binary.AppendVarint(raw, code-last), code
		}
	}
	return raw
}

// UnmarshalJSON reads what MarshalJSON wrote. It fails on numbers that cannot have been added up.
func (a *Account) UnmarshalJSON(data []byte) error {
	var in saved
	if err := json.Unmarshal(data, &in); err != nil {
		return fmt.Errorf("bill: %w", err)
	}
	for _, v := range []float64{in.Within, in.Before.Replicas, in.Before.Seconds} {
		if v < 0 || v > mostSaved {
			return fmt.Errorf("bill: %v is no time or size", v)
		}
	}
	if in.Hour < 0 || in.Hour > math.MaxInt64/int64(time.Hour) {
		return fmt.Errorf("bill: hour %d is no time", in.Hour)
	}
	if in.Grain < 0 || in.Grain > math.MaxUint16 {
		return fmt.Errorf("bill: %d is no grain", in.Grain)
	}
	hours, err := unpack(in.Codes, max(1, in.Grain))
	if err != nil {
		return err
	}
	*a = Account{
		begun: in.Begun, within: time.Duration(in.Within * float64(time.Second)), before: in.Before,
		at: in.Hour, past: pastOf(hours[:len(hours)-1]), last: hours[len(hours)-1],
	}
	return nil
}

const mostSaved = 1e9 // seconds, or replicas

// codes are the columns: seconds as they are, means and counts as logarithms.
func (h *hour) codes() [columns]uint16 {
	mean := func(total, seconds float32) float64 {
		if seconds <= 0 {
			return 0
		}
		return float64(total) / float64(seconds)
	}
	return [columns]uint16{
		whole(h.ours), whole(h.theirs), whole(h.heard),
		encode(mean(h.ranOurs, h.ours)), encode(mean(h.ranTheirs, h.theirs)), encode(mean(h.decided, h.theirs)), encode(float64(h.most)),
		encode(float64(h.judged)), encode(float64(h.late)),
	}
}

func (h *hour) read(c [columns]uint16, grain float64) {
	h.ours, h.theirs, h.heard = float32(c[0]), float32(c[1]), float32(c[2])
	h.ranOurs, h.ranTheirs, h.decided = decode(c[3], grain)*h.ours, decode(c[4], grain)*h.theirs, decode(c[5], grain)*h.theirs
	h.most, h.judged, h.late = decode(c[6], grain), decode(c[7], grain), decode(c[8], grain)
}

func whole(seconds float32) uint16 { return uint16(min(math.MaxUint16, math.Round(float64(seconds)))) }

// codeScale makes neighbours 0.2 % apart: a small number of replicas or records stays what it is.
const codeScale = 500.

func encode(v float64) uint16 {
	return uint16(min(math.MaxUint16, math.Round(math.Log1p(max(0, v))*codeScale)))
}

func decode(c uint16, grain float64) float32 {
	v := math.Expm1(float64(c) / codeScale)
	if near := math.Round(v); math.Abs(v-near) < grain*v/codeScale {
		return float32(near) // a whole number that was rounded to a code
	}
	return float32(v)
}

// unpack are the hours of saved codes: at least one, at most a week.
func unpack(text string, grain int64) ([]hour, error) {
	raw, err := packed.Unpack(text, 3*columns*Week)
	if err != nil {
		return nil, fmt.Errorf("bill: %w", err)
	}
	differences, err := packed.Varints(raw)
	if err != nil {
		return nil, fmt.Errorf("bill: %w", err)
	}
	n := len(differences) / columns
	if n < 1 || n > Week || len(differences)%columns != 0 {
		return nil, errors.New("bill: not the hours of a week")
	}
	list, codes := make([]hour, n), make([][columns]uint16, n)
	for column := range columns {
		code := int64(0)
		for i := range n {
			code += differences[column*n+i]
			if code < 0 || code > math.MaxUint16 {
				return nil, errors.New("bill: a number is out of range")
			}
			codes[i][column] = uint16(min(code*grain, math.MaxUint16))
		}
	}
	for i := range list {
		list[i].read(codes[i], float64(grain))
	}
	return list, nil
}
