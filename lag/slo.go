package lag

import (
	"cmp"
	"time"
)

// SLO is the thresholds of a group, above which it counts as late or unstable. The zero value of a field means its default, see [DefaultSLO].
type SLO struct {
	Lag               int64         // records, of the worst partition
	LagTime           time.Duration // 0: none
	RebalancesPerHour float64       // unplanned ones
	RebalanceTime     time.Duration
	Churn             float64       // share of members that change per minute, 0 to 1
	Skew              float64       // 0 to 1, against the best possible split
	LeavesBehind      int64         // so many offsets of a partition are never read: see [StandRules]
	CommitInterval    time.Duration // 0: learned
	CommitsWithin     time.Duration // 0: learned
	ProcessingTime    time.Duration // of one record; 0: not said
	Pace              float64       // how much faster than documented all times run, as in [StandRules]; 0: 1
	Promised          time.Duration // within which a KafkaScaler promises a share of the records; 0: none does
	Declared          bool          // the configuration or a KafkaScaler names the group: only then may an alert be critical
}

// DefaultSLO is the thresholds of a group that is not declared.
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
	s.LeavesBehind = cmp.Or(s.LeavesBehind, other.LeavesBehind)
	s.CommitInterval = cmp.Or(s.CommitInterval, other.CommitInterval)
	s.CommitsWithin = cmp.Or(s.CommitsWithin, other.CommitsWithin)
	s.ProcessingTime = cmp.Or(s.ProcessingTime, other.ProcessingTime)
	s.Pace = cmp.Or(s.Pace, other.Pace)
	s.Promised = cmp.Or(s.Promised, other.Promised)
	return s
}

// JudgedWithin is the time within which a record must be processed so that it is not late; 0: records are not judged.
func (s SLO) JudgedWithin() time.Duration { return cmp.Or(s.LagTime, s.Promised) }

// Commits is what is said of the group's commits.
func (s SLO) Commits() StandRules {
	return StandRules{LeavesBehind: s.LeavesBehind, CommitInterval: s.CommitInterval, CommitsWithin: s.CommitsWithin, Processing: s.ProcessingTime, Pace: s.Pace}
}

// scale is how long a documented time lasts at the pace of the group.
func (s SLO) scale(d time.Duration) time.Duration {
	return paced(d, s.Pace)
}

// paced is how long a documented time lasts when all times run faster than documented; 0: they do not.
func paced(d time.Duration, pace float64) time.Duration {
	if pace > 0 {
		return time.Duration(float64(d) / pace)
	}
	return d
}
