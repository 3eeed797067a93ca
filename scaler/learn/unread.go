package learn

import (
	"time"

	"github.com/lagscaler/lagscaler/scaler/seen"
)

// Unread is for how long members of removed replicas held partitions that nobody read, after the last step down.
type Unread struct {
	Seconds   float64   `json:"seconds"`
	Until     time.Time `json:"until"`
	Ended     bool      `json:"ended,omitempty"`     // nobody holds them any more
	Processed bool      `json:"processed,omitempty"` // the group has caught up since
}

const (
	// drainedWithin is the time in which a smaller fleet should process what removed replicas left unread, as a multiple of the
	// time for which it was unread; drainedAtMost is when it must have done so. A step down before this was known leaves
	// 13 % of its capacity: then it takes 7 times as long.
	drainedWithin = 2
	drainedAtMost = 8

	caughtUp     = 15 * time.Second // of arrivals wait at most
	oldestAtMost = 30 * time.Second // in no partition a record waits longer: one consumer may have got two partitions that were unread
)

// UnreadEnded reports whether members of removed replicas let go of their partitions since an earlier memory. The backlog that they left
// explains itself only with it, so the next leader needs it at once.
func (m *Memory) UnreadEnded(before *Memory) bool {
	for i := range m.Sources {
		one := &m.Sources[i]
		j, known := find(before.Sources, one.Cluster, one.Group)
		if one.Unread.Ended && !(known && before.Sources[j].Unread.Ended) {
			return true
		}
	}
	return false
}

// RecoverySlack is for the rebalance at the end of the sessions, and for the first commits after it.
const RecoverySlack = time.Minute

// learnUnread notes for how long partitions of removed replicas are unread, and when the group has caught up. It is called at
// every poll, as learnSessions.
func (s *State) learnUnread(now *seen.State) {
	s.revise(now, func(h *seen.History, known *Source) (next func(*Source)) {
		if !h.New {
			return nil
		}
		unread := known.Unread.next(now, h)
		if unread == known.Unread {
			return nil
		}
		return func(one *Source) { one.Unread = unread }
	})
}

func (u Unread) next(now *seen.State, h *seen.History) Unread {
	held := now.Removed(h)
	if len(held) == 0 {
		if !u.Ended && h.Readings.Len() == 1 && u.Until.After(now.Replicas.LastDecrease.At) {
			// Before the restart of the program they were held. When that ended is not known: at the latest now.
			u.Seconds, u.Until = u.Seconds+now.Now.Sub(u.Until).Seconds(), now.Now
		}
		u.Ended = u.Ended || !u.Until.IsZero()
		u.Processed = u.Processed || !u.Until.IsZero() && hasCaughtUp(h, now.Clock)
		return u
	}
	next := Unread{Until: now.Now}
	if u.Until.After(now.Replicas.LastDecrease.At) { // of the same step down
		next.Seconds = u.Seconds
	}
	for _, r := range held {
		next.Seconds = max(next.Seconds, r.For.Seconds())
	}
	return next
}

// hasCaughtUp reports whether no more waits than is usual, in no partition. What did not answer is not known to be processed.
func hasCaughtUp(h *seen.History, clk seen.Clock) bool {
	last := h.Readings.Last()
	if !last.Rated || !last.Complete {
		return false
	}
	records, oldest := h.Backlog()
	return records <= last.Rate*clk.Scale(caughtUp).Seconds() && oldest <= clk.Scale(oldestAtMost).Seconds()
}

// UnreadTime is for how long the partitions of replicas that are removed next will be unread.
//
//	they were for 5 min, less than a day ago     5 min
//	all members are static                       a session
//	otherwise                                    0: consumers leave the group when they end
func (s *Source) UnreadTime(h *seen.History, now time.Time, clk seen.Clock) time.Duration {
	if s != nil && !s.Unread.Until.IsZero() && now.Sub(s.Unread.Until) <= clk.Scale(sessionForget) {
		return time.Duration(s.Unread.Seconds * float64(time.Second))
	}
	if h.Static() {
		return s.SessionTime(h.SessionTimeout, now, clk)
	}
	return 0
}

// UnreadDrain is the time in which what was unread for a time should be processed.
func UnreadDrain(unread time.Duration) time.Duration { return drainedWithin * unread }

// Recovering reports whether the group still processes what was unread after the last step down.
func (s *Source) Recovering(now *seen.State) bool {
	step := now.Replicas.LastDecrease
	if s == nil || step.At.IsZero() || s.Unread.Until.Before(step.At) || s.Unread.Processed {
		return false
	}
	unread := time.Duration(s.Unread.Seconds * float64(time.Second))
	return now.Now.Sub(s.Unread.Until) <= drainedAtMost*unread+now.Clock.Scale(RecoverySlack)
}
