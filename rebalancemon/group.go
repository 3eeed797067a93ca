package rebalancemon

import (
	"time"

	"github.com/lagscaler/lagscaler/lag"
)

// group is everything remembered of one consumer group.
//
//	states, every second --observeState--> open --> ended --countRebalances, at a poll--> events, counters
//	generations, epochs, members ----------------------^
type group struct {
	name        string
	firstSeen   time.Time      // first seen
	lastListed  time.Time      // last listed, whatever was known of it
	lastSampled time.Time      // last seen by the sampler
	state       lag.GroupState // last known state
	open        *episode       // the rebalance that is going on
	ended       []*episode     // over, in order, but not yet counted by a poll
	baseline    baseline
	membership  membership // as the last poll that described it found it
	seenAgainAt time.Time  // last seen again after a gap
	memberStats memberStats
	stats       rebalanceStats

	topicSizes []topicSize // sizes at the last rebalance: new partitions are assigned only when a member learns of them
}

// epochs reports whether the group's changes are counted by an epoch: every type but the classic one.
func epochs(t lag.GroupType) bool { return t != lag.Classic && t != "" }
