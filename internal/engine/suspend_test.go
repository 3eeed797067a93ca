package engine

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/scaler"
)

// flowing is a topic with 20 records/s, each of which its group reads at once.
type flowing struct {
	began time.Time
	slept time.Duration // time that this machine did not count
}

func (f *flowing) Sample(context.Context) lag.Sample { return lag.Sample{Cluster: "main"} }

func (f *flowing) Observe(context.Context) lag.Observation {
	now := time.Now()
	end := int64(20 * (now.Sub(f.began) + f.slept).Seconds())
	return lag.Observation{
		Cluster: "main", Began: now, At: now,
		Topics: []lag.TopicRead{{Name: "orders", Partitions: []lag.PartitionRead{{
			End: end, At: now.UnixMilli(), Leader: 1, Known: lag.KnownStart | lag.KnownEnd,
		}}}},
		Groups: []lag.GroupRead{{
			GroupState: lag.GroupState{At: now, Group: "orders", Type: lag.Classic, State: lag.Stable}, Described: true, CommitsAt: now,
			Generation: lag.NoGeneration, Epoch: lag.NoGeneration, AssignmentEpoch: lag.NoGeneration,
			Members: []lag.Member{{ID: "m", Topics: []string{"orders"}, Assigned: []lag.TopicPartitions{{Topic: "orders", Partitions: []int32{0}}}}},
			Commits: []lag.TopicCommits{{Topic: "orders", Partitions: []lag.PartitionCommit{{Offset: end, Known: lag.KnownCommitted}}}},
		}},
	}
}

// An hour in which the machine was suspended is no burst. Its twins: the process was stopped, so that the hour passed; the records
// of an hour that did arrive within a poll; a machine whose uptime is not known.
func TestASuspendedMachine(t *testing.T) {
	const hour = time.Hour
	for _, c := range []struct {
		name    string
		records time.Duration // of so much traffic come between two polls
		passes  time.Duration // between these polls
		uptime  time.Duration // more than what passes
		unknown bool
		burst   bool
	}{
		{"suspended", hour, 0, hour, false, false},
		{"twin: the process was stopped", 0, hour, 0, false, false},
		{"twin: a burst", hour, 0, 0, false, true},
		{"twin: the uptime is not known", hour, 0, hour, true, true},
		{"nothing", 0, 0, time.Second, false, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				source, extra, began := &flowing{began: time.Now()}, time.Duration(0), time.Now()
				e := New(Settings{Mode: scaler.Advise, Clusters: []Cluster{{Name: "main", Source: source}}}, Options{
					Targets: idle(t), Uptime: func() (time.Duration, bool) { return time.Since(began) + extra, !c.unknown },
				})
				most, decided := 0.0, 0.0
				for poll := range 90 {
					if poll == 60 {
						source.slept, extra = c.records, c.uptime
						time.Sleep(c.passes)
					}
					e.Tick(t.Context(), time.Now())
					if r := e.Latest().Clusters[0].Groups[0].Rates; r.Produced.Known {
						most = max(most, r.Produced.PerSecond)
					} else if poll > 1 && poll != 60 && poll != 61 {
						t.Errorf("poll %d: the rate is not known", poll)
					}
					if needs := e.Latest().Scalers[0].Decision.Needs; len(needs) > 0 && needs[0].RateKnown {
						decided = max(decided, needs[0].Rate)
					}
					if h := e.Latest().Clusters[0].Groups[0].Rates.Habits().Of("orders"); poll >= 60 && (!h.Reached || h.Within == 0) {
						t.Fatalf("poll %d: what was learned of the commits is forgotten: %+v", poll, h)
					}
					time.Sleep(10 * time.Second)
				}
				if burst := most > 25; burst != c.burst || (decided > 25) != c.burst {
					t.Errorf("%.0f/s at most, %.0f/s for decisions, want a burst: %v", most, decided, c.burst)
				}
			})
		})
	}
}
