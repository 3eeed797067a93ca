package learn

import (
	"math"
	"slices"
	"time"

	"github.com/lagscaler/lagscaler/scaler/seen"
)

const (
	startupDefault   = 30 * time.Second // until the first start was seen
	rebalanceDefault = 8 * time.Second  // until the first rebalance was seen
	horizonMargin    = 15 * time.Second // polls, commits and the first records of a new member
	startedShare     = 0.75             // of the replicas that were added: then they count as started
	startupLongest   = 15 * time.Minute // members that do not join within this time teach nothing

	// DownsWindow is how long a step down counts towards the budget.
	DownsWindow = time.Hour
)

// Horizon is the time until a replica that is requested now processes records.
//
//	starts took 30 s, rebalances 8 s     53 s = 30 + 8 + 15
func (m *Memory) Horizon(s *Source, clk seen.Clock) time.Duration {
	return p90(m.Startup, clk.Scale(startupDefault)) + s.RebalanceTime(clk) + clk.Scale(horizonMargin)
}

// RebalanceTime is how long a rebalance of the group takes.
func (s *Source) RebalanceTime(clk seen.Clock) time.Duration {
	return p90(s.Rebalances, clk.Scale(rebalanceDefault))
}

// learnDowns notes our steps down.
func (m *Memory) learnDowns(now *seen.State) {
	if !now.Workload.Sized() {
		return
	}
	if w := now.Replicas.LastWrite; w.To < w.From {
		m.Downs = append(slices.Clip(m.Downs), w.At)
	}
	m.Downs = dropBefore(m.Downs, now.Now.Add(-now.Clock.Scale(DownsWindow)))
}

// learnRebalance learns how long the group's rebalances take.
func (l *learner) learnRebalance() {
	r := &l.seen.Rebalance
	if !r.LastEnd.After(l.progress.rebalance) {
		return
	}
	if r.LastTook > 0 {
		l.source.Rebalances = appendLimited(l.source.Rebalances, r.LastTook.Seconds())
	}
	l.progress.rebalance = r.LastEnd
}

// AwaitsStart reports whether replicas were added, and it is not known yet how long they took to start.
func (s *State) AwaitsStart(now *seen.State) bool {
	grew := now.Replicas.LastIncrease
	return !grew.At.IsZero() && !grew.At.Equal(s.Progress.increase)
}

// AtStart learns at a poll how long it took from an increase of the replicas until three quarters of the new ones had joined: a
// single one whose node or image was not there yet does not say when the others work.
//
//	4 -> 12 at 12:00:00, 9 members at 12:00:40, 10 at 12:00:50, 12 at 12:01:50     50 s
func (s State) AtStart(now *seen.State, mappings []seen.Mapping) State {
	for i := range now.Sources {
		h := &now.Sources[i]
		if known := s.Source(h); known != nil && h.Read != nil {
			s.learnStartup(now, known.Members(&mappings[i], h.ConsumersPerReplica))
		}
	}
	return s
}

func (s *State) learnStartup(now *seen.State, members seen.Members) {
	if !s.AwaitsStart(now) {
		return
	}
	grew := now.Replicas.LastIncrease
	started := grew.From + int32(math.Ceil(startedShare*float64(grew.To-grew.From)))
	took := now.Now.Sub(grew.At)
	switch {
	case took > now.Clock.Scale(startupLongest):
		s.Progress.increase = grew.At
	case now.Workload.Ready >= started && members.Joined >= started*max(1, members.PerReplica):
		s.Memory.Startup = appendLimited(s.Memory.Startup, took.Seconds())
		s.Progress.increase = grew.At
	}
}

// durationsKept is how many learned durations are kept: a 90th percentile of 20 leaves two out.
const durationsKept = 20

// p90 is the 90th percentile of seconds; otherwise, when there are none.
func p90(seconds []float64, otherwise time.Duration) time.Duration {
	return quantile(seconds, 0.9, otherwise)
}

func quantile(seconds []float64, share float64, otherwise time.Duration) time.Duration {
	if len(seconds) == 0 {
		return otherwise
	}
	var buffer [durationsKept]float64
	greatest, need := buffer[:0], len(seconds)-int(math.Ceil(share*float64(len(seconds))))+1 // so many of them, the greatest first
	for _, v := range seconds {
		// So few are sorted fastest by insertion, and this is called several times a poll.
		k := len(greatest)
		if k < need {
			greatest = append(greatest, v)
		} else if k--; v <= greatest[k] {
			continue
		}
		for ; k > 0 && greatest[k-1] < v; k-- {
			greatest[k] = greatest[k-1]
		}
		greatest[k] = v
	}
	return time.Duration(greatest[need-1] * float64(time.Second))
}

// appendLimited appends to a new list, and keeps the last ones: others may hold the old list.
func appendLimited(list []float64, v float64) []float64 {
	list = list[max(0, len(list)+1-durationsKept):]
	return append(append(make([]float64, 0, len(list)+1), list...), v) // as long as it has to be
}

// dropBefore drops the times before a time; the list is sorted.
func dropBefore(list []time.Time, t time.Time) []time.Time {
	for len(list) > 0 && list[0].Before(t) {
		list = list[1:]
	}
	return list
}
