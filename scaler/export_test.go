package scaler

import "github.com/lagscaler/lagscaler/scaler/seen"

// Standing is the decision that stands.
func (m Memory) Standing() *Decision { return m.recent.standing }

// LastReading is the last reading of source i.
func (m Memory) LastReading(i int) *seen.Reading { return m.recent.seen.Sources[i].Readings.Last() }
