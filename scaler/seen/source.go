package seen

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"time"

	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/rebalancemon"
)

// Source is one consumer group on the target, as this poll found it.
type Source struct {
	SourceSpec
	Lag       *lag.GroupLag // nil: never read. A new reading has a later read time than the one before
	Silent    []int32       // brokers that did not answer this poll, sorted; for the line
	Missing   []string      // topics of the specification that do not exist, sorted
	Interval  time.Duration `json:",omitempty"` // between two polls of its cluster; 0: that of the clock
	ClusterID string        // of the Kafka cluster, as its brokers give it; empty: not known
	Rebalance Rebalance

	// Bounds of the time lag in seconds, from what is known of the time before the first reading; 0: none. They matter soon
	// after a start, and where readings of 10 minutes are not enough.
	TimeLagAtLeast float64
	TimeLagAtMost  float64

	Times []lag.RecordTimes // whether the times in the records of its topics agree with arrivals; sorted by topic

	// How many records the group has processed, how many of them later than JudgedWithin, and that time; 0: they are not judged. Both
	// only grow, and begin anew with the process.
	Judged, Late uint64
	JudgedWithin time.Duration

	// What the poll read of the topics that the source names, for partitions without a commit; only where the target is, or
	// may go to, zero.
	Ends   []lag.TopicRead
	Absent []string // sorted: named topics that the cluster does not have
}

// SourceSpec is a source as the user specifies it. Cluster and Group are required.
type SourceSpec struct {
	Cluster        string        `json:"cluster"`
	Group          string        `json:"group"`
	Topics         []string      `json:"topics,omitempty"`         // names; empty with no TopicPattern: all the group consumes
	TopicPattern   string        `json:"topicPattern,omitempty"`   // regular expression, anchored
	ProcessingTime time.Duration `json:"processingTime,omitempty"` // of one record; 0: learned
	Concurrency    int32         `json:"concurrency,omitempty"`    // records one consumer works on at once; 0: 1
	CommitInterval time.Duration `json:"commitInterval,omitempty"` // 0: 5 s, the clients' default, for the tolerated backlog; learned for stalls
	CommitsWithin  time.Duration `json:"commitsWithin,omitempty"`  // commits never stand for longer while records wait; 0: learned
	LeavesBehind   int64         `json:"leavesBehind,omitempty"`   // offsets of a partition that are never read; 0: learned
	// ConsumersPerReplica is the number of consumers in one replica, if members cannot be matched with pods; 0: not set.
	ConsumersPerReplica int32 `json:"consumersPerReplica,omitempty"`
	// SessionTimeout is how long a coordinator keeps a member that died; 0: learned.
	SessionTimeout time.Duration `json:"sessionTimeout,omitempty"`

	Isolation Isolation `json:"isolation,omitempty"`

	OffsetReset OffsetReset `json:"offsetReset,omitempty"` // empty: not known

	MaxShareMembers int32 `json:"maxShareMembers,omitempty"` // of a share group; 0: what its coordinator says, else 200

	StandbyFor StandbyFor `json:"standbyFor,omitzero"` // zero: this cluster is in use
}

// StandbyFor says that a source is a copy, which stands by until the consumers use it.
type StandbyFor struct {
	Cluster     string        `json:"cluster"`               // whose group of the same name it stands by for
	MirrorDelay time.Duration `json:"mirrorDelay,omitempty"` // until a record of that cluster is in this one, at most; 0: [MirrorDelayDefault]
}

// MirrorDelayDefault is the interval at which MirrorMaker 2 and Cluster Linking copy offsets, by default; records are faster.
// Source: sync.group.offsets.interval.seconds of MirrorMaker 2 (60), KIP-545; consumer.offset.sync.ms of Cluster Linking (30000).
const MirrorDelayDefault = time.Minute

// Delay is the delay in force.
func (s StandbyFor) Delay() time.Duration { return cmp.Or(s.MirrorDelay, MirrorDelayDefault) }

// OffsetReset is where a consumer begins in a partition in which its group has no commit: its auto.offset.reset. Where it is
// not known, what wakes or keeps awake under one of them does.
type OffsetReset string

// The resets.
const (
	Earliest OffsetReset = "earliest"
	Latest   OffsetReset = "latest"
)

// Isolation is which records a group reads.
type Isolation string

// The isolation levels, as Kafka's isolation.level.
const (
	ReadUncommitted Isolation = "read_uncommitted" // the default
	ReadCommitted   Isolation = "read_committed"
)

// Check is everything that is wrong with the specification; each error begins with the field's name.
func (s SourceSpec) Check() []error {
	var errs []error
	fail := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if s.Cluster == "" {
		fail("cluster: must not be empty")
	}
	if s.Group == "" {
		fail("group: must not be empty")
	}
	for i, topic := range s.Topics {
		if !topicName.MatchString(topic) || topic == "." || topic == ".." {
			fail("topics[%d]: %q cannot be the name of a topic", i, topic)
		}
	}
	if _, err := regexp.Compile(s.TopicPattern); err != nil {
		fail("topicPattern: %q: %w", s.TopicPattern, err)
	}
	if s.ProcessingTime < 0 {
		fail("processingTime: must not be negative, not %v", s.ProcessingTime)
	}
	if s.Concurrency < 0 {
		fail("concurrency: must not be negative, not %d", s.Concurrency)
	}
	if s.ConsumersPerReplica < 0 {
		fail("consumersPerReplica: must not be negative, not %d", s.ConsumersPerReplica)
	}
	if s.MaxShareMembers < 0 {
		fail("maxShareMembers: must not be negative, not %d", s.MaxShareMembers)
	}
	if s.SessionTimeout < 0 {
		fail("sessionTimeout: must not be negative, not %v", s.SessionTimeout)
	}
	if s.CommitInterval < 0 {
		fail("commitInterval: must not be negative, not %v", s.CommitInterval)
	}
	if s.CommitsWithin < 0 {
		fail("commitsWithin: must not be negative, not %v", s.CommitsWithin)
	}
	if s.LeavesBehind < 0 {
		fail("leavesBehind: must not be negative, not %d", s.LeavesBehind)
	}
	if r := cmp.Or(s.OffsetReset, Latest); r != Latest && r != Earliest {
		fail("offsetReset: must be earliest or latest, not %q", s.OffsetReset)
	}
	if i := cmp.Or(s.Isolation, ReadUncommitted); i != ReadUncommitted && i != ReadCommitted {
		fail("isolation: must be read_uncommitted or read_committed, not %q", s.Isolation)
	}
	return append(errs, s.StandbyFor.check()...)
}

func (s StandbyFor) check() (errs []error) {
	if s.MirrorDelay < 0 || s.MirrorDelay > 24*time.Hour {
		errs = append(errs, fmt.Errorf("standbyFor.mirrorDelay: must be between 0s and 24h, not %v", s.MirrorDelay))
	}
	if s.Cluster == "" && s.MirrorDelay != 0 {
		errs = append(errs, errors.New("standbyFor.cluster: must not be empty"))
	}
	return errs
}

// topicName is Kafka's rule for the names of topics (org.apache.kafka.common.internals.Topic). A name with a comma was meant as
// a list; no such topic would ever exist.
var topicName = regexp.MustCompile(`^[a-zA-Z0-9._-]{1,249}$`)

// commits is what the specification says of the group's commits.
func (s SourceSpec) commits(clk Clock) lag.StandRules {
	return lag.StandRules{
		CommitInterval: s.CommitInterval, CommitsWithin: s.CommitsWithin, LeavesBehind: s.LeavesBehind,
		Processing: s.ProcessingTime, Pace: clk.Pace,
	}
}

// Wants tells the topics of the source from the group's others; nil: the source has all of them.
func (s SourceSpec) Wants() func(topic string) bool {
	listed := func(topic string) bool { return slices.Contains(s.Topics, topic) }
	switch {
	case s.TopicPattern != "":
	case len(s.Topics) > 0:
		return listed
	default:
		return nil
	}
	// A pattern that does not compile was refused when the policy was made; here it matches nothing.
	pattern, err := regexp.Compile("^(?:" + s.TopicPattern + ")$")
	return func(topic string) bool { return listed(topic) || err == nil && pattern.MatchString(topic) }
}

// Bound takes over what is known of the time lag, unless it is a value: a value comes from readings, and a decision has its own.
func (s *Source) Bound(t lag.TimeLag) {
	if seconds, atLeast, ok := t.Value(); ok && atLeast {
		s.TimeLagAtLeast = seconds
	}
	if seconds, ok := t.AtMost(); ok {
		s.TimeLagAtMost = seconds
	}
}

// NoGroup reports whether the cluster is known to have no such group.
func (s *Source) NoGroup() bool { return s.Lag != nil && s.Lag.Absent() }

// Rebalance is the part of a group's rebalances a decision depends on.
type Rebalance struct {
	Active   bool          // the group does not consume now; KIP-848 reconciling does not count
	Since    time.Time     // start of the active one
	LastEnd  time.Time     // end of the last that ended; zero: none seen
	LastTook time.Duration // how long that one took
	Protocol rebalancemon.Protocol

	LastCause rebalancemon.Cause `json:",omitempty"` // of that one
}

// ReadsOn reports whether members go on with the partitions that they keep while their group rebalances.
func (r Rebalance) ReadsOn() bool {
	return r.Protocol == rebalancemon.Cooperative || r.Protocol == rebalancemon.Incremental
}

// RebalanceOf takes a group's part out of its monitor's Stats.
func RebalanceOf(s rebalancemon.Stats) Rebalance {
	r := Rebalance{Protocol: s.Protocol}
	if s.Rebalancing && s.Protocol != rebalancemon.Incremental {
		r.Active, r.Since = true, s.Since
	}
	if e := s.Events.Last(); e != nil {
		r.LastEnd, r.LastTook, r.LastCause = e.End, e.End.Sub(e.Start), e.Cause
	}
	return r
}

// CatchUp is how long after a rebalance members still catch up on the time in which they did not consume. Their throughput
// in that time does not show their capacity.
const CatchUp = 35 * time.Second

// CatchingUp reports whether the group is rebalancing at a time, or still catches up after a rebalance.
func (r Rebalance) CatchingUp(at time.Time, clk Clock) bool {
	return r.Active || at.Sub(r.LastEnd) < clk.Scale(CatchUp)
}
