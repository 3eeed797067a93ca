package kube

import (
	"encoding/json"

	"github.com/lagscaler/lagscaler/scaler/breaker"
)

// annotationStops is which scalers of a shard have stopped scaling down by themselves within an hour, and how many others went down: all
// shards together count them, because many at once are not the fault of one scaler.
const annotationStops = "lagscaler.io/stops"

// stopsIn reads the annotation. What cannot be read is left out: it only makes all scalers stop later.
func stopsIn(text string) (p breaker.Part) {
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		return breaker.Part{}
	}
	if len(p.Stopped) > breaker.MostTold {
		p.Stopped = p.Stopped[:breaker.MostTold]
	}
	return p
}

// tellStops leaves what the engine says of the own scalers for the next write of the Lease, and returns what the others have written.
func (s *shards) tellStops(own breaker.Part) (others []breaker.Part) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stops, s.stopsTold = own, true
	for i := range max(s.own.Of, s.claimed, s.written) {
		if k := s.known[i]; k != nil && i != s.own.Index {
			others = append(others, k.stops)
		}
	}
	return others
}

// markStops writes the annotation. That of the predecessor stays until the engine has told what it finds in the memories.
func (s *shards) markStops(annotations map[string]string) {
	if s.begins {
		s.stopsTold = false
	}
	if !s.stopsTold {
		return
	}
	delete(annotations, annotationStops)
	if len(s.stops.Stopped) == 0 && s.stops.Down == 0 {
		return
	}
	if text, err := json.Marshal(s.stops); err == nil { // always: it is names, times and a number
		annotations[annotationStops] = string(text)
	}
}
