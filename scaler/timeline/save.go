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
		decisions, rebalances := t.allDecisions(), t.allRebalances()
		if k := (len(decisions) + 7) / 8; k > 0 {
			t.dropped[0], decisions = decisions[k-1].At, decisions[k:]
		}
		if k := (len(rebalances) + 7) / 8; k > 0 {
			t.dropped[1], rebalances = rebalances[k-1].End, rebalances[k:]
		}
		t.keep(decisions, rebalances)
		data, err = t.marshal()
	}
	return data, err
}

// marshal writes it column by column, so that equal numbers stand together.
func (t *Timeline) marshal() ([]byte, error) {
	out := saved{Begun: t.begun.Unix(), Names: t.names}
	for i, at := range t.dropped {
		if !at.IsZero() {
			out.Dropped[i] = at.Unix()
		}
	}
	var errs [2]error
	out.Decisions, errs[0] = pack(t.decisions.columns(ofDecision))
	out.Rebalances, errs[1] = pack(t.rebalances.columns(ofRebalance))
	if err := errors.Join(errs[:]...); err != nil {
		return nil, err
	}
	return json.Marshal(out)
}

// columns are the numbers, the oldest first, each after the time of the one before.
func (k kept) columns(numbers int) [][]int64 {
	list := make([][]int64, numbers)
	for v := range k.all(numbers) {
		for column := range list {
			list[column] = append(list[column], v[column])
		}
	}
	for column := range list {
		slices.Reverse(list[column])
	}
	for i := len(list[0]) - 1; i > 0; i-- {
		list[0][i] -= list[0][i-1]
	}
	return list
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
	rows, err := unpack(in.Decisions, ofDecision)
	if err != nil {
		return err
	}
	var decisions []Decision
	last := int64(0)
	for _, v := range rows {
		if last += v[0]; !within(last, math.MaxUint32) || !within(v[1], math.MaxInt32) || !within(v[2], math.MaxInt32) || !within(v[3], int64(len(in.Names))-1) {
			return errors.New("timeline: no decision")
		}
		decisions = append(decisions, Decision{
			At: time.Unix(last, 0).UTC(), From: int32(v[1]), To: int32(v[2]), Reason: in.Names[v[3]], Advised: v[4] != 0,
		})
	}
	if rows, err = unpack(in.Rebalances, ofRebalance); err != nil {
		return err
	}
	var rebalances []Rebalance
	last = 0
	for _, v := range rows {
		names := int64(len(in.Names)) - 1
		if last += v[0]; !within(last, math.MaxUint32) || !within(v[1], week.Milliseconds()) || !within(v[2], names) || !within(v[3], names) {
			return errors.New("timeline: no rebalance")
		}
		rebalances = append(rebalances, Rebalance{
			End: time.Unix(last, 0).UTC(), Took: time.Duration(v[1]) * time.Millisecond, Cause: in.Names[v[2]], Group: in.Names[v[3]],
		})
	}
	next.keep(decisions, rebalances)
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
