package lag_test

import (
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/lag"
)

// TestWorstTimeLagIsNotHidden: a partition that lags for an unknown time may be the worst one.
//
//	caught up, lags for an unknown time    unknown, not 0
//	lags 60 s, lags for an unknown time    at least 60 s
func TestWorstTimeLagIsNotHidden(t *testing.T) {
	began := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	poll := func(at time.Time, committed, end0 int64) *lag.Snapshot {
		part := func(end int64) lag.PartitionRead {
			return lag.PartitionRead{End: end, Stable: end, Leader: 1, At: at.UnixMilli(), Known: lag.KnownStart | lag.KnownEnd | lag.KnownStable}
		}
		late := part(500)
		late.At = 0 // answered, but at no known time: no history
		commit := func(p int32, o int64) lag.PartitionCommit {
			return lag.PartitionCommit{Partition: p, Offset: o, Known: lag.KnownCommitted}
		}
		return lag.Compute(lag.Observation{
			Began: at, At: at,
			Groups: []lag.GroupRead{{
				GroupState: lag.GroupState{At: at, Group: "g", State: lag.Empty}, CommitsAt: at, Described: true,
				Commits: []lag.TopicCommits{{Topic: "t", Partitions: []lag.PartitionCommit{commit(0, committed), commit(1, 10)}}},
			}},
			Topics: []lag.TopicRead{{Name: "t", Partitions: []lag.PartitionRead{part(end0), late}}},
		}, nil, nil)
	}
	slo := func(string) lag.SLO { return lag.DefaultSLO }
	var h lag.History
	if _, _, ok := h.Add(poll(began, 100, 100), slo)[0].TimeLag.Value(); ok {
		t.Error("the caught up partition speaks for the late one")
	}
	seconds, atLeast, ok := h.Add(poll(began.Add(time.Minute), 100, 160), slo)[0].TimeLag.Value()
	if !ok || seconds != 60 || !atLeast {
		t.Errorf("%v s, at least %v, known %v; want at least 60 s", seconds, atLeast, ok)
	}
}
