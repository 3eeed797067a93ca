package rebalancemon

import "time"

// Outcome is how a rebalance ended.
type Outcome string

// The outcomes of a rebalance.
const (
	Success        Outcome = "success" // Stable again, with members
	Failed         Outcome = "failed"  // Dead, or started anew without Stable for longer than max.poll.interval's default of 5 min
	EmptyGroup     Outcome = "empty"   // no member was left
	UnknownOutcome Outcome = "unknown" // a gap in what was seen
)

// Outcomes are all of them, sorted.
var Outcomes = []Outcome{EmptyGroup, Failed, Success, UnknownOutcome}

// Cause is why a rebalance happened.
type Cause string

// The causes of a rebalance: a closed set, and unknown rather than wrong.
const (
	Scaling       Cause = "scaling" // the target was resized just before
	Deploy        Cause = "deploy"  // the target was rolling out
	MemberJoined  Cause = "member_joined"
	MemberLeft    Cause = "member_left"
	MemberTimeout Cause = "member_timeout"
	Subscription  Cause = "subscription"
	Partitions    Cause = "partitions"
	UnknownCause  Cause = "unknown"
)

// Causes are all of them, sorted.
var Causes = []Cause{Deploy, MemberJoined, MemberLeft, MemberTimeout, Partitions, Scaling, Subscription, UnknownCause}

// Planned reports whether the target was changed on purpose: a resize or a rollout.
func (c Cause) Planned() bool { return c == Scaling || c == Deploy }

// Event is one rebalance, or several that polling could only count together. A group keeps [Events].
type Event struct {
	Cluster, Group string
	Start, End     time.Time     // End is zero while it lasts
	Resolution     time.Duration // how exactly Start and End are known
	Paused         bool          // all members were paused (classic); false: they kept working (KIP-848)
	Outcome        Outcome       // empty while it lasts
	Cause          Cause
	Evidence       string // the observation the cause rests on, for people
	Generation     int32  // classic generation or group epoch after it; lag.NoGeneration when unknown
	Count          int    // number of rebalances, at least 1
	Joined, Left   int    // members
}

// Duration is how long it took until now, or until it ended.
func (e Event) Duration(now time.Time) time.Duration {
	if !e.End.IsZero() {
		now = e.End
	}
	return max(0, now.Sub(e.Start))
}
