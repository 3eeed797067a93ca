package rebalancemon

import (
	"slices"
	"time"
)

// Outcome is how a rebalance ended.
type Outcome string

// The outcomes of a rebalance.
const (
	Success        Outcome = "success" // Stable again, with members
	Failed         Outcome = "failed"  // Dead, or started anew without Stable for longer than max.poll.interval's default of 5 min
	EmptyGroup     Outcome = "empty"   // nobody was left
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

// Planned reports whether somebody changed the target on purpose: a resize or a rollout.
func (c Cause) Planned() bool { return c == Scaling || c == Deploy }

// Event is one rebalance, or several that polling could only count together.
type Event struct {
	Cluster, Group string
	Start, End     time.Time     // End is zero while it lasts
	Resolution     time.Duration // how exactly Start and End are known
	Paused         bool          // the whole group stood still (classic); false: members kept working (KIP-848)
	Outcome        Outcome       // empty while it lasts
	Cause          Cause
	Evidence       string // the observation the cause rests on, for people
	Generation     int32  // classic generation or group epoch after it; lag.NoGeneration when not told
	Count          int    // rebalances it stands for, at least 1
	Joined, Left   int    // members
}

// Duration is how long it took until now, or until it ended.
func (e Event) Duration(now time.Time) time.Duration {
	if !e.End.IsZero() {
		now = e.End
	}
	return max(0, now.Sub(e.Start))
}

// HintKind is what happened to a target.
type HintKind string

// The kinds of a Hint.
const (
	Resized   HintKind = "resized"
	RolledOut HintKind = "rolledout"
)

// Hint says that the target a group runs on was resized or rolled out at a time.
// Every replica of the program sees the same hints, by watching the targets, and so attributes alike.
type Hint struct {
	Group string
	At    time.Time
	Kind  HintKind
	From  int32 // replicas before and after, when resized
	To    int32
	Until time.Time // a rollout's end, zero while it goes on; a resize's, where it is known when its members have come and gone
}

// Stats is what is known of one group's rebalances and members. It is immutable.
type Stats struct {
	Group string

	// Counters since the group was first seen; they never go backwards.
	ByOutcome [4]uint64 // index as in Outcomes
	ByCause   [8]uint64 // index as in Causes
	Unplanned uint64
	Slow      uint64        // longer than the threshold in force
	TimeSpent time.Duration // grows during a rebalance
	Joins     uint64
	Leaves    uint64

	Moves       uint64 // times the group got another coordinator: a leader change, no rebalance
	Rebalancing bool
	Paused      bool          // the whole group stands still now; false while a KIP-848 group reconciles
	Since       time.Time     // start of the one that lasts; zero otherwise
	Last        time.Duration // of the last that ended
	LastKnown   bool
	Resolution  time.Duration // of the sampler, as measured

	PerHour     float64       // rebalances of the last hour; not extrapolated when the group is known for less
	Average     time.Duration // over the events kept
	P90         time.Duration
	SuccessRate float64 // 0 to 1 over the events kept whose outcome is known
	RateKnown   bool    // SuccessRate, Average and P90 rest on at least one event
	Share       float64 // share of time spent rebalancing, 0 to 1, over the last hour, or since first seen

	Members   int
	Static    int     // members with a group.instance.id
	Idle      int     // members without a partition, of a stable group
	Churn     float64 // share of members that joined or left per minute, over 10 min, or since first seen
	Stability float64 // 1 - share of the members of an hour ago (or of the first sight) that are gone
	Skew      float64 // 0: the best possible split; 1: one member has everything
	Assignor  string
	Protocol  Protocol

	Events []Event  // the last 100, oldest first
	Advice []Advice // sorted by name
}

// Outcome is how many rebalances ended so.
func (s *Stats) Outcome(o Outcome) uint64 { return s.ByOutcome[slices.Index(Outcomes, o)] }

// Cause is how many rebalances had this cause.
func (s *Stats) Cause(c Cause) uint64 { return s.ByCause[slices.Index(Causes, c)] }

// Total is how many rebalances ended.
func (s *Stats) Total() uint64 {
	n := uint64(0)
	for _, c := range s.ByOutcome {
		n += c
	}
	return n
}

// Options set a Monitor up.
type Options struct {
	Cluster string
	Slow    func(group string) time.Duration // threshold of a slow rebalance; nil: lag.DefaultSLO.RebalanceTime for all
}
