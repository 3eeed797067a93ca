package learn

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/lagscaler/lagscaler/scaler/packed"
)

// savedSpeeds are speeds as JSON: 60 windows take 0.8 KB of a saved memory, and would take 4 KB one by one, as they were saved before.
type savedSpeeds struct {
	Codes string  `json:"codes,omitempty"` // base64 of deflated numbers: how many were busy, then four of each window
	Busy  []Speed `json:"busy,omitempty"`
	Best  []Speed `json:"best,omitempty"`
}

// ofSpeed are the numbers of a window.
const ofSpeed = 4

// MarshalJSON packs the windows.
func (s Speeds) MarshalJSON() ([]byte, error) {
	raw, last := binary.AppendVarint(nil, int64(len(s.Busy))), int64(0)
	for _, w := range slices.Concat(s.Busy, s.Best) {
		for _, v := range [ofSpeed]int64{w.From - last, w.At - w.From, int64(math.Float32bits(float32(w.PerSecond))), int64(w.Consumers)} {
			raw = binary.AppendVarint(raw, v)
		}
		last = w.At
	}
	codes, err := packed.Pack(raw)
	if err != nil {
		return nil, fmt.Errorf("pack speeds: %w", err)
	}
	return json.Marshal(savedSpeeds{Codes: codes})
}

// UnmarshalJSON reads what MarshalJSON wrote, and windows that were saved one by one.
func (s *Speeds) UnmarshalJSON(data []byte) error {
	var saved savedSpeeds
	if err := json.Unmarshal(data, &saved); err != nil {
		return fmt.Errorf("unpack speeds: %w", err)
	}
	if s.Busy, s.Best = saved.Busy, saved.Best; saved.Codes == "" {
		return nil
	}
	raw, err := packed.Unpack(saved.Codes, mostSpeeds)
	if err != nil {
		return fmt.Errorf("unpack speeds: %w", err)
	}
	numbers, err := packed.Varints(raw)
	if err != nil {
		return fmt.Errorf("unpack speeds: %w", err)
	}
	if len(raw) > mostSpeeds || len(numbers)%ofSpeed != 1 || numbers[0] < 0 || numbers[0] > int64(len(numbers)/ofSpeed) {
		return errors.New("unpack speeds: not what was saved")
	}
	last := int64(0)
	for k, n := range slices.Collect(slices.Chunk(numbers[1:], ofSpeed)) {
		w := Speed{From: last + n[0], At: last + n[0] + n[1], PerSecond: fourDigits(float64(math.Float32frombits(uint32(n[2])))), Consumers: int32(n[3])}
		if n[2] < 0 || n[2] > math.MaxUint32 || n[3] < 0 || n[3] > math.MaxInt32 || math.IsNaN(w.PerSecond) || w.PerSecond < 0 || w.From < 0 || w.At < w.From {
			return errors.New("unpack speeds: a window that cannot have been")
		}
		if last = w.At; int64(k) < numbers[0] {
			s.Busy = append(s.Busy, w)
		} else {
			s.Best = append(s.Best, w)
		}
	}
	return nil
}

// mostSpeeds are the bytes of so many windows, and more than are ever saved.
const mostSpeeds = 4096
