package rebalancemon

import (
	"time"

	"github.com/lagscaler/lagscaler/lag"
)

// usualPace is how often a member is taken to commit until the group has shown it: auto.commit.interval.ms's default.
const usualPace = 5 * time.Second

// move finds out whose partitions have moved since the poll before, and learns how long a live member of this group
// goes without: the pace. Rebalances and polls that are missing teach nothing.
func (v *view) move(prev *view, rebalanced bool) {
	moved, waits := v.progress(prev)
	gap := v.at.Sub(prev.at) >= v.step*3/2
	for i := range v.seats {
		s := &v.seats[i]
		s.waits = waits[i] && !moved[i]
		s.steady = s.steady && !rebalanced && !gap
		if rebalanced && !v.epochs && !s.static {
			s.due, s.steady = v.until, false // it has just rejoined, or it would not be here
		}
		switch {
		case moved[i]:
			if s.steady {
				v.learn(v.until.Sub(s.moved))
			}
			s.moved, s.due, s.steady = v.until, v.until, true
		case !s.waits:
			s.due, s.steady = v.until, false
		}
	}
	v.pace -= v.pace / 32
}

// progress is, by seat, whether any of its partitions moved, and whether records wait in any.
func (v *view) progress(prev *view) (moved, waits []bool) {
	moved, waits = make([]bool, len(v.seats)), make([]bool, len(v.seats))
	prev.walk(v.topics, func(was, is lag.PartitionLag) {
		if is.Owner < 0 || int(is.Owner) >= len(v.seats) {
			return
		}
		same := was.Owner >= 0 && int(was.Owner) < len(prev.seats) && prev.seats[was.Owner].is(&v.seats[is.Owner])
		if same && was.Known.Has(lag.KnownCommitted) && is.Known.Has(lag.KnownCommitted) && is.Committed > was.Committed {
			moved[is.Owner] = true
		}
		if n, ok := is.Lag(); ok && n > 0 {
			waits[is.Owner] = true
		}
	})
	return moved, waits
}

// learn takes in one stretch between two moves of a member that always had something to do. It follows an outlier,
// such as a member that was stopped for a minute and came back, by halves only.
func (v *view) learn(gap time.Duration) {
	if v.pace == 0 || gap > v.pace {
		v.pace = min(gap, max(2*v.pace, usualPace))
	}
}

// walk calls yield for every partition of topics with what it was in v; both are sorted.
func (v *view) walk(topics []lag.TopicLag, yield func(was, is lag.PartitionLag)) {
	old := v.topics
	for i := range topics {
		for len(old) > 0 && old[0].Topic < topics[i].Topic {
			old = old[1:]
		}
		var before []lag.PartitionLag
		if len(old) > 0 && old[0].Topic == topics[i].Topic {
			before = old[0].Partitions
		}
		for _, is := range topics[i].Partitions {
			for len(before) > 0 && before[0].Partition < is.Partition {
				before = before[1:]
			}
			was := lag.PartitionLag{Owner: -1}
			if len(before) > 0 && before[0].Partition == is.Partition {
				was = before[0]
			}
			yield(was, is)
		}
	}
}

// farewell is how a member went at about that time, the earliest possible. It is told by whether its partitions moved
// until then: a member that closes has read to the last, one that was killed or hangs has not for its session timeout
// or max.poll.interval.
//
//	polls each 10 s, pace 10 s   moved at the last poll                                    left
//	                             stood still for 45 s, records wait                        timed out
//	                             stood still for 15 s, records wait                        cannot be told
//	                             nothing there to read                                     cannot be told
func (v *view) farewell(s *seat, at time.Time) Cause {
	pace := max(v.pace, v.step)
	if v.pace == 0 {
		pace = max(usualPace, v.step)
	}
	still := at.Sub(s.due)
	if s.moved.IsZero() {
		still /= 2 // it may just not have begun
	}
	switch {
	case v.seen.IsZero() || s.held == 0:
		return UnknownCause
	case s.moved.Equal(v.until) && at.Sub(v.until) <= v.step*5/4:
		return MemberLeft
	case s.waits && still > pace+v.step:
		return MemberTimeout
	default:
		return UnknownCause
	}
}
