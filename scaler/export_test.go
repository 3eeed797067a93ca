package scaler

import "github.com/lagscaler/lagscaler/scaler/seen"

// Standing is the decision that stands.
func (m Memory) Standing() *Decision { return m.recent.standing }

// LastReading is the last reading of source i.
func (m Memory) LastReading(i int) *seen.Newest { return m.recent.seen.Sources[i].Readings.Last() }

// TriedTwice are the reasons that have a second row in the table of rules.
func TriedTwice() []Reason {
	var reasons []Reason
	for i := range rules {
		if rules[i].again {
			reasons = append(reasons, rules[i].reason)
		}
	}
	return reasons
}
