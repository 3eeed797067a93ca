package lag

import (
	"cmp"
	"time"
)

// Direction is where a group's lag is going.
type Direction string

// The directions of lag. Within the deadband it is steady.
const (
	Growing          Direction = "growing"
	Shrinking        Direction = "shrinking"
	Steady           Direction = "steady"
	DirectionUnknown Direction = "unknown"
)

// Status is a group's condition in one word.
type Status string

// The statuses, each defined by the predicate of its name in status.go.
const (
	StatusOK          Status = "ok"
	StatusWarning     Status = "warning"
	StatusStalled     Status = "stalled"
	StatusStopped     Status = "stopped"
	StatusRewound     Status = "rewound"
	StatusRebalancing Status = "rebalancing"
	StatusUnknown     Status = "unknown"
)

// Statuses are all of them, sorted as the predicates are tried.
var Statuses = []Status{
	StatusUnknown, StatusRebalancing, StatusRewound, StatusStopped, StatusStalled, StatusWarning, StatusOK,
}

// Rates is what more than one poll tells of a group. It is immutable.
type Rates struct {
	Group string

	// Counters, from forward offset movement alone: they never go backwards, start at 0 when the group
	// is first seen, and a rewind or a recreated topic adds nothing to them. Records, but for Rewinds.
	ConsumedTotal, ProducedTotal, LostTotal uint64
	RewindsTotal                            uint64

	Consumed, Produced Rate // records/s, since the poll before
	Trend              Rate // records/s by which the lag grows; smoothed over about 2 min
	Direction          Direction
	LagTime            LagTime   // the worst partition's
	Drain              Seconds   // until lag is gone at the present rates; unknown unless it shrinks
	LastProgress       time.Time // last time a committed offset moved forward; zero: not seen yet
	Stalled            int       // partitions with lag whose offset stood still for at least StallAfter while a member held them
	Status             Status

	times [][]LagTime // by topic, then partition, parallel to GroupLag.Topics
}

// PartitionTime is the time lag of partition index p of topic index t of the group the Rates were made for.
func (r Rates) PartitionTime(t, p int) LagTime {
	if t >= len(r.times) || p >= len(r.times[t]) {
		return LagTime{}
	}
	return r.times[t][p]
}

// Rate is a number of records per second that may be unknown: after a restart, a gap, a rebalance or a rewind.
type Rate struct {
	PerSecond float64
	Known     bool
}

// Value is the rate in records per second.
func (r Rate) Value() (perSecond float64, ok bool) { return r.PerSecond, r.Known }

// Seconds is a duration that may be unknown.
type Seconds struct {
	Seconds float64
	Known   bool
}

// Value is the duration in seconds.
func (s Seconds) Value() (seconds float64, ok bool) { return s.Seconds, s.Known }

// LagTime is how long ago the record at a committed offset was appended: the age of what is read next.
// It is interpolated from the times at which end offsets were seen.
type LagTime struct {
	seconds float32
	known   bool
	atLeast bool
}

// Value is the time lag in seconds; atLeast says that the committed offset lies before everything remembered,
// so that the truth is at least this.
func (t LagTime) Value() (seconds float64, atLeast, ok bool) {
	return float64(t.seconds), t.atLeast, t.known
}

// SLO is how late is late for a group. The zero value of a field means its default, see [DefaultSLO].
type SLO struct {
	Lag               int64         // records, of the worst partition
	LagTime           time.Duration // 0: none
	RebalancesPerHour float64       // unplanned ones
	RebalanceTime     time.Duration
	Churn             float64 // share of members that change per minute, 0 to 1
	Skew              float64 // 0 to 1, against the best possible split
	Declared          bool    // the configuration or a KafkaScaler names the group: only then may an alert be critical
}

// DefaultSLO holds the thresholds of a group nobody declared.
var DefaultSLO = SLO{
	Lag:               50_000,
	RebalancesPerHour: 4,
	RebalanceTime:     30 * time.Second,
	Churn:             0.1,
	Skew:              0.3,
}

// Or is the SLO with its unset thresholds taken from another.
func (s SLO) Or(other SLO) SLO {
	s.Lag = cmp.Or(s.Lag, other.Lag)
	s.LagTime = cmp.Or(s.LagTime, other.LagTime)
	s.RebalancesPerHour = cmp.Or(s.RebalancesPerHour, other.RebalancesPerHour)
	s.RebalanceTime = cmp.Or(s.RebalanceTime, other.RebalanceTime)
	s.Churn = cmp.Or(s.Churn, other.Churn)
	s.Skew = cmp.Or(s.Skew, other.Skew)
	return s
}
