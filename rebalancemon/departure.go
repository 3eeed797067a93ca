package rebalancemon

import (
	"time"

	"github.com/lagscaler/lagscaler/lag"
)

// noteProgress finds out whose partitions have moved since the poll before, and learns how long a live member of this group
// goes without a commit: the commit gap. Intervals with a rebalance, or with a missing poll, are not used.
func (v *membership) noteProgress(prev *membership, rebalanced bool) {
	moved, waits := v.progress(prev)
	gap := v.at.Sub(prev.at) >= v.pollInterval*3/2
	for i := range v.members {
		s := &v.members[i]
		s.waiting = waits[i] && !moved[i]
		s.steady = s.steady && !rebalanced && !gap
		if rebalanced && !v.epochs && !s.static {
			s.stillSince, s.steady = v.until, false // it has just rejoined, or it would not be here
		}
		switch {
		case moved[i]:
			if s.steady {
				v.learnCommitGap(v.until.Sub(s.moved))
			}
			s.moved, s.stillSince, s.steady = v.until, v.until, true
		case !s.waiting:
			s.stillSince, s.steady = v.until, false
		}
	}
	v.commitGap -= v.commitGap / 32
}

// progress is, by member, whether any of its partitions moved, and whether records wait in any.
func (v *membership) progress(prev *membership) (moved, waits []bool) {
	moved, waits = make([]bool, len(v.members)), make([]bool, len(v.members))
	prev.eachPartition(v.topics, func(was, is lag.PartitionLag) {
		if is.Owner < 0 || int(is.Owner) >= len(v.members) {
			return
		}
		same := was.Owner >= 0 && int(was.Owner) < len(prev.members) && prev.members[was.Owner].same(&v.members[is.Owner])
		if same && was.Known.Has(lag.KnownCommitted) && is.Known.Has(lag.KnownCommitted) && is.Committed > was.Committed {
			moved[is.Owner] = true
		}
		if n, ok := is.Lag(); ok && n > 0 {
			waits[is.Owner] = true
		}
	})
	return moved, waits
}

// learnCommitGap takes in one stretch between two moves of a member that always had something to do. An outlier,
// such as a member that was stopped for a minute and came back, at most doubles the gap.
func (v *membership) learnCommitGap(gap time.Duration) {
	if v.commitGap == 0 || gap > v.commitGap {
		v.commitGap = min(gap, max(2*v.commitGap, lag.CommitInterval(0)))
	}
}

// eachPartition calls yield for every partition of topics, with its state in v; both are sorted.
func (v *membership) eachPartition(topics []lag.TopicLag, yield func(was, is lag.PartitionLag)) {
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

// departureCause is whether a member left or timed out, at about that time, the earliest possible. The evidence is whether
// its partitions moved until then: a member that closes has read until the end; one that was killed or hangs has read nothing
// for its session timeout or max.poll.interval.
//
//	polls every 10 s, commit gap 10 s   its offsets moved at the last poll                left
//	                                    not moved for 45 s, though records wait           timed out
//	                                    not moved for 15 s, though records wait           not known
//	                                    there was nothing to read                         not known
func (v *membership) departureCause(s *memberState, at time.Time) Cause {
	commitGap := max(v.commitGap, v.pollInterval)
	if v.commitGap == 0 {
		commitGap = max(lag.CommitInterval(0), v.pollInterval)
	}
	still := at.Sub(s.stillSince)
	if s.moved.IsZero() {
		still /= 2 // it may just not have begun
	}
	switch {
	case v.previousAt.IsZero() || s.assigned == 0:
		return UnknownCause
	case s.moved.Equal(v.until) && at.Sub(v.until) <= v.pollInterval*5/4:
		return MemberLeft
	case s.waiting && still > commitGap+v.pollInterval:
		return MemberTimeout
	default:
		return UnknownCause
	}
}
