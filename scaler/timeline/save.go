package timeline

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/lagscaler/lagscaler/scaler/packed"
)

// saved is a Timeline as JSON. Times are whole seconds.
type saved struct {
	Begun      int64    `json:"begun"` // Unix time
	Dropped    [2]int64 `json:"dropped,omitzero"`
	Names      []string `json:"names,omitempty"`      // reasons, causes and groups, sorted
	Decisions  string   `json:"decisions,omitempty"`  // base64 of deflated numbers, see MarshalJSON
	Rebalances string   `json:"rebalances,omitempty"` //
}

// IsZero reports whether there was no poll.
func (t Timeline) IsZero() bool { return t.begun.IsZero() }

// How many numbers a decision and a rebalance are.
const (
	ofDecision  = 5 // seconds since the one before, from, to, the place of the reason in names, 1 if it was advised
	ofRebalance = 4 // seconds since the one before, how long it took in ms, the places of cause and group in names
)

// mostSaved are the bytes of a saved timeline. A full one of a group takes 1,000.
const mostSaved = 1400

// MarshalJSON writes it, without the oldest if there is too much of it: what is left is complete since then.
func (t Timeline) MarshalJSON() ([]byte, error) {
	data, err := t.marshal()
	for err == nil && len(data) > mostSaved && len(t.decisions)+len(t.rebalances) > 0 {
		if k := (len(t.decisions) + 7) / 8; k > 0 {
			t.dropped[0], t.decisions = t.decisions[k-1].At, t.decisions[k:]
		}
		if k := (len(t.rebalances) + 7) / 8; k > 0 {
			t.dropped[1], t.rebalances = t.rebalances[k-1].End, t.rebalances[k:]
		}
		data, err = t.marshal()
	}
	return data, err
}

// marshal writes it column by column, so that equal numbers stand together.
func (t *Timeline) marshal() ([]byte, error) {
	out := saved{Begun: t.begun.Unix(), Names: t.names()}
	for i, at := range t.dropped {
		if !at.IsZero() {
			out.Dropped[i] = at.Unix()
		}
	}
	place := func(name string) int64 {
		i, _ := slices.BinarySearch(out.Names, name)
		return int64(i)
	}
	numbers, last := make([][]int64, ofDecision), int64(0)
	for _, d := range t.decisions {
		advised := int64(0)
		if d.Advised {
			advised = 1
		}
		for column, v := range []int64{d.At.Unix() - last, int64(d.From), int64(d.To), place(d.Reason), advised} {
			numbers[column] = append(numbers[column], v)
		}
		last = d.At.Unix()
	}
	var errs [2]error
	out.Decisions, errs[0] = pack(numbers)
	numbers, last = make([][]int64, ofRebalance), 0
	for _, r := range t.rebalances {
		for column, v := range []int64{r.End.Unix() - last, r.Took.Milliseconds(), place(r.Cause), place(r.Group)} {
			numbers[column] = append(numbers[column], v)
		}
		last = r.End.Unix()
	}
	out.Rebalances, errs[1] = pack(numbers)
	if err := errors.Join(errs[:]...); err != nil {
		return nil, err
	}
	return json.Marshal(out)
}

func (t *Timeline) names() []string {
	var names []string
	for _, d := range t.decisions {
		names = append(names, d.Reason)
	}
	for _, r := range t.rebalances {
		names = append(names, r.Cause, r.Group)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// UnmarshalJSON reads what MarshalJSON wrote. It fails on what it cannot have written.
func (t *Timeline) UnmarshalJSON(data []byte) error {
	var in saved
	if err := json.Unmarshal(data, &in); err != nil {
		return fmt.Errorf("timeline: %w", err)
	}
	next := Timeline{begun: time.Unix(in.Begun, 0).UTC()}
	for i, at := range in.Dropped {
		if at != 0 {
			next.dropped[i] = time.Unix(at, 0).UTC()
		}
	}
	decisions, err := unpack(in.Decisions, ofDecision)
	if err != nil {
		return err
	}
	last := int64(0)
	for _, v := range decisions {
		if last += v[0]; !within(v[1], math.MaxInt32) || !within(v[2], math.MaxInt32) || !within(v[3], int64(len(in.Names))-1) {
			return errors.New("timeline: no decision")
		}
		next.decisions = append(next.decisions, Decision{
			At: time.Unix(last, 0).UTC(), From: int32(v[1]), To: int32(v[2]), Reason: in.Names[v[3]], Advised: v[4] != 0,
		})
	}
	rebalances, err := unpack(in.Rebalances, ofRebalance)
	if err != nil {
		return err
	}
	last = 0
	for _, v := range rebalances {
		names := int64(len(in.Names)) - 1
		if last += v[0]; !within(v[1], week.Milliseconds()) || !within(v[2], names) || !within(v[3], names) {
			return errors.New("timeline: no rebalance")
		}
		next.rebalances = append(next.rebalances, Rebalance{
			End: time.Unix(last, 0).UTC(), Took: time.Duration(v[1]) * time.Millisecond, Cause: in.Names[v[2]], Group: in.Names[v[3]],
		})
	}
	*t = next
	return nil
}

func within(v, most int64) bool { return v >= 0 && v <= most }

func pack(columns [][]int64) (string, error) {
	var raw []byte
	for _, column := range columns {
		for _, v := range column {
			raw = binary.AppendVarint(raw, v)
		}
	}
	if len(raw) == 0 {
		return "", nil
	}
	text, err := packed.Pack(raw)
	if err != nil {
		return "", fmt.Errorf("timeline: %w", err)
	}
	return text, nil
}

// unpack are the rows of packed columns.
func unpack(text string, columns int) ([][]int64, error) {
	if text == "" {
		return nil, nil
	}
	raw, err := packed.Unpack(text, int64(most*columns*binary.MaxVarintLen64))
	if err != nil {
		return nil, fmt.Errorf("timeline: %w", err)
	}
	numbers, err := packed.Varints(raw)
	if err != nil {
		return nil, fmt.Errorf("timeline: %w", err)
	}
	n := len(numbers) / columns
	if n > most || len(numbers)%columns != 0 {
		return nil, errors.New("timeline: not what was saved")
	}
	rows := make([][]int64, n)
	for i := range rows {
		for column := range columns {
			rows[i] = append(rows[i], numbers[column*n+i])
		}
	}
	return rows, nil
}
