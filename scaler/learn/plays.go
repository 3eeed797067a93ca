package learn

import (
	"github.com/lagscaler/lagscaler/scaler/promise"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

// WithPlays plays the rooms of every source to this poll. polls are what is told of it, by source; one without a time plays nothing.
func (s State) WithPlays(now *seen.State, polls []promise.Poll) State {
	s.revise(now, func(h *seen.History, _ *Source) func(*Source) {
		for i := range now.Sources {
			if h == &now.Sources[i] {
				return func(one *Source) { one.Promise = one.Promise.Next(polls[i]) }
			}
		}
		return nil
	})
	return s
}

// Play is what was played for a source.
func (m *Memory) Play(cluster, group string) promise.Play {
	if k, ok := find(m.Sources, cluster, group); ok {
		return m.Sources[k].Promise
	}
	return promise.Play{}
}

// Starts are how long the last steps up took until their pods had joined, without the rebalance, in seconds; not empty.
func (m *Memory) Starts(s *Source, clk seen.Clock) []float64 {
	if len(m.Startup) == 0 {
		return []float64{clk.Scale(startupDefault).Seconds()}
	}
	pause := quantile(s.Rebalances, 0.5, clk.Scale(rebalanceDefault)).Seconds()
	list := make([]float64, len(m.Startup))
	for i, took := range m.Startup {
		list[i] = max(0, took-pause)
	}
	return list
}

// Pauses are how long the last rebalances of the group took, in seconds; not empty.
func (s *Source) Pauses(clk seen.Clock) []float64 {
	if len(s.Rebalances) == 0 {
		return []float64{clk.Scale(rebalanceDefault).Seconds()}
	}
	return s.Rebalances
}
