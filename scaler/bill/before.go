package bill

import "time"

// Before is the size of the target before lagscaler set it.
//
//	what was seen                                     the size
//	lagscaler advised                                 the mean of what ran then, of at most a week
//	lagscaler set the size from its first poll on     what ran at that poll
//	it had written a size before the first poll       unknown: what ran was its own
//
// Once lagscaler has set the size, it stays: what runs in a later time of advice began with a size of lagscaler's.
type Before struct {
	Replicas float64   `json:"replicas"`
	Seconds  float64   `json:"seconds"`         // of which it is the mean; 0: it was read once
	Other    string    `json:"other,omitempty"` // the kind of the autoscaler that set it last; empty: none, or a person
	Until    time.Time `json:"until,omitzero"`  // when lagscaler began to set the size; zero: it has not yet
	Known    bool      `json:"known,omitempty"`
}

// meanOf is how much the past counts in the mean, in seconds: more is forgotten, the oldest most of all.
const meanOf = Week * 3600.

func (b Before) next(p Poll, seconds float64) Before {
	switch {
	case !p.Sized || !b.Until.IsZero():
		return b
	case !b.Known && p.Written && (p.Ours || p.Other == ""):
		b.Until = p.Now
		return b
	case p.Ours:
		if !b.Known {
			b.Replicas, b.Known = p.Replicas, true
		}
		b.Until = p.Now
		return b
	}
	b.Other = p.Other
	if seconds > 0 {
		b.Replicas += (p.Replicas - b.Replicas) * seconds / (min(b.Seconds, meanOf) + seconds)
		b.Seconds, b.Known = min(b.Seconds+seconds, meanOf), true
	}
	return b
}
