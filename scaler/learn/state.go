package learn

import (
	"cmp"
	"slices"
	"time"

	"github.com/lagscaler/lagscaler/scaler/seen"
)

// State is a Memory and the learning in progress. It is a value: its methods return the next one.
type State struct {
	Memory   Memory
	Progress Progress
}

// Progress is the learning in progress: samples and forecasts that are not complete. It is not saved: a restart begins it
// anew. Memory is saved: memory.go.
type Progress struct {
	sources  []progress // as seen.State.Sources
	increase time.Time  // of the last increase of the replicas whose start was learned, or given up
	week     weekStep
}

// progress is that of one source.
type progress struct {
	cluster, group string
	samples        samples
	rebalance      time.Time  // end of the last that was learned from
	forecasts      []Forecast // made at the decisions of the last minutes, oldest first
	verified       int64      // forecasts up to this time were compared with the arrivals
	peak           stepPeak   // of the current five minutes
	hour           hourPeaks  // of the last hour
}

// AtPoll learns at every poll: the peak of the current five minutes, our steps down, commits, sessions, what is unread, and how trials
// go.
func (s State) AtPoll(now *seen.State) State {
	s.Memory.Version = MemoryVersion
	s.Progress.sources = copyProgress(s.Progress.sources, now.Sources)
	s.Memory.learnDowns(now)
	s.Memory.learnCommits(now)
	s.learnSessions(now)
	s.learnUnread(now)
	s.rollSeasons(now)
	s.judgeTrials(now)
	return s
}

// copyProgress copies the progress of the sources that there are now.
func copyProgress(old []progress, sources []seen.History) []progress {
	list := make([]progress, len(sources))
	for i := range sources {
		h, p := &sources[i], &list[i]
		if k := slices.IndexFunc(old, func(p progress) bool { return p.cluster == h.Cluster && p.group == h.Group }); k >= 0 {
			*p = old[k]
		} else {
			p.cluster, p.group = h.Cluster, h.Group
		}
	}
	return list
}

// learner learns from one source at a decision. source and progress are copies of its own.
type learner struct {
	now      *seen.State
	seen     *seen.History
	source   *Source
	progress *progress
	horizon  time.Duration
}

// AtDecision learns at a decision; mappings are those of every source.
//
// An early decision is made between two regular ones, because arrivals exceed the capacity of the members. It learns from
// single events, which are seen only once: a rebalance that is over, a forecast whose time has come. It does not learn
// capacity, and does not begin or end an experiment downstream: these compare windows that end at a decision.
//
//	                     every poll   early       regular
//	steps down, peaks    x            x           x
//	starts, trials       x            x           x
//	commits, sessions    x            x           x
//	declared capacity                 x           x
//	durations                         x           x
//	consumers in a replica            x           x
//	topics that the group left        x           x
//	trust in forecasts                x           x
//	capacity, downstream                          x
func (s State) AtDecision(now *seen.State, mappings []seen.Mapping, fastLane bool) State {
	s.Memory.Sources = withSources(s.Memory.Sources, now.Sources)
	s.Progress.sources = slices.Clone(s.Progress.sources)
	for i := range now.Sources {
		h := &now.Sources[i]
		l := learner{now: now, seen: h, source: s.Source(h), progress: &s.Progress.sources[i]}
		if l.source.declare(h.SourceSpec, now) {
			s.Memory.Breaker = s.Memory.Breaker.Released()
		}
		l.learnRebalance()
		if h.Read != nil && !h.StandsBy {
			l.learnMembers(&mappings[i])
			l.learnPlace(&mappings[i])
		}
		if h.New {
			l.learnLeft()
			l.learnTimes()
			l.source.ClusterID = cmp.Or(l.seen.ClusterID, l.source.ClusterID)
		}
		if h.Quality == seen.Complete && !fastLane && !h.StandsBy {
			l.learnCapacity()
		}
		if h.New && h.Rated() {
			l.horizon = s.Memory.Horizon(l.source, now.Clock)
			l.verifyTrust()
			l.verifySeasons()
		}
	}
	return s
}

// withSources is a copy of the list in which every source has a place.
func withSources(list []Source, sources []seen.History) []Source {
	list = slices.Clone(list)
	for i := range sources {
		h := &sources[i]
		if k, ok := find(list, h.Cluster, h.Group); !ok {
			list = slices.Insert(list, k, Source{Cluster: h.Cluster, Group: h.Group})
		}
	}
	return list
}

// Source is the memory of a source; nil before its first decision.
func (s *State) Source(h *seen.History) *Source {
	k, ok := find(s.Memory.Sources, h.Cluster, h.Group)
	if !ok {
		return nil
	}
	return &s.Memory.Sources[k]
}
