package engine

import (
	"time"

	"github.com/lagscaler/lagscaler/scaler"
)

// How long after its last question another autoscaler counts as one that asks: KEDA asks each 15 s, at zero each pollingInterval.
const (
	followedFor   = 10 * time.Minute
	followedAlone = time.Minute // no ScaledObject or HPA is seen on the target
)

// followed reports whether another autoscaler asks for the number of a scaler. When a replica begins to lead, nobody has asked it yet: for
// a while the number that the last leader gave says it.
//
//	owner of the target                    asked, or given by the last leader     followed
//	a ScaledObject or an HPA               within 10 min                          yes
//	none: it is gone, or not seen yet      asked within a minute                  yes
//	a ScaledObject that is paused          at any time                            no
func (s *scaling) followed(one *scaler.Scaler, now time.Time) bool {
	within := func(at time.Time, documented time.Duration) bool {
		return now.Sub(at) < s.clock.Filled().Scale(documented)
	}
	owner := &one.Workload.Owner
	if s.asked != nil && !owner.Paused {
		if at, ok := s.asked(one.Name); ok && (within(at, followedAlone) || owner.Owns() && within(at, followedFor)) {
			return true
		}
	}
	last := s.memory.learned[one.Name].Given
	return last != nil && owner.Owns() && within(last.At, followedFor) && within(s.memory.loadedAt, followedFor)
}
