package engine

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/scaler"
)

// timed is a source whose leaders name the first record of the last minute, each five minutes.
type timed struct {
	*twoTopics
	offset func(since time.Time) int64
	polls  int
	names  lag.GroupNames
}

func (s *timed) ReadGroups(names lag.GroupNames) { s.names = names }

func (s *timed) Observe(ctx context.Context) lag.Observation {
	o := s.twoTopics.Observe(ctx)
	if s.polls++; s.polls%30 == 12 && s.names.Saves("orders") {
		since := o.At.Add(-time.Minute)
		o.FirstSince = []lag.FirstSince{{Topic: "old", Since: since.UnixMilli(), At: since.UnixMilli(), Offset: s.offset(since)}}
	}
	return o
}

// Whether the times in records agreed with arrivals outlives the process, so that the next one trusts them. The twins: a backfill,
// whose records have times of long ago; a process that only observes, which saves nothing; a restart that took two hours.
func TestTrustInTimesOutlivesTheProcess(t *testing.T) {
	for _, c := range []struct {
		name     string
		mode     scaler.Mode
		backfill bool
		away     time.Duration
		want     bool
	}{
		{"the times agree", scaler.Act, false, time.Minute, true},
		{"a backfill", scaler.Act, true, time.Minute, false},
		{"it only observes", scaler.Observe, false, time.Minute, false},
		{"two hours later", scaler.Act, false, 2 * time.Hour, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f, topics := sleeper(t, "old")
				topics.others = func() int { return 1 }
				source := &timed{twoTopics: topics, offset: func(since time.Time) int64 {
					if c.backfill {
						return -1
					}
					return 10 + int64(20*since.Sub(topics.began).Seconds())
				}}
				store := &kept{saved: map[string]scaler.Memory{}}
				e := engineOf(f, source, store, c.mode)
				ticks(t, e, 45*time.Minute)
				e.scaling.save(t.Context(), time.Now(), true)
				asJSON(t, store.saved)
				time.Sleep(c.away)
				next := engineOf(f, source, store, c.mode)
				ticks(t, next, 20*time.Second)
				if got := source.names.Trusted("old", [16]byte{'l'}); got != c.want {
					t.Errorf("trusted %v, saved %+v", got, store.saved)
				}
			})
		})
	}
}
