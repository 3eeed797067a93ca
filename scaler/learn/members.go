package learn

import (
	"slices"
	"time"

	"github.com/lagscaler/lagscaler/scaler/seen"
)

// How many consumers run in one replica is learned while nothing changes: all replicas are ready, nothing rebalances, and the members that
// have been there for longer than a session say the same as all members.
//
//	members are told apart            what more than half of the ready pods have at least; a step down counts the least of the last hour, so that long
//	                                  sessions of containers that restarted do not look like second consumers
//	nothing tells the members apart   the least whole ratio members / ready replicas of the last hour
//
// Where nothing tells them apart, the twin of three threads in each replica is another Deployment behind the same address. So
// a step up counts with the ratio: when it is too high, the next ratio is lower, and the fleet grows again. A step down counts
// one consumer in a replica and nobody elsewhere: that is never more than there is.
//
//	4 replicas, 12 members behind one address     up: 3 in a replica. Down: 1
//	the same, and a debug consumer                 up: 13 / 4, 3 in a replica
//	the same, and 6 members of pods that died      up: 3, the least of the hour

const (
	ratioWindow   = time.Hour
	sessionForget = 24 * time.Hour
)

// Ratio is how many members there were for each ready replica, and when that was so for the last time.
type Ratio struct {
	Members int32     `json:"members"`
	At      time.Time `json:"at"`
}

// SessionTime is how long a coordinator keeps a member that died.
//
//	declared                                that
//	a member outlived its pod by 5 min      5 min, for a day; by an hour: 30 min
//	otherwise                               45 s
func (s *Source) SessionTime(declared time.Duration, now time.Time, clk seen.Clock) time.Duration {
	least := clk.Scale(seen.SessionDefault)
	if declared > 0 {
		return declared
	}
	if s == nil || now.Sub(s.SessionAt) > clk.Scale(sessionForget) {
		return least
	}
	return max(least, min(time.Duration(s.Session*float64(time.Second)), clk.Scale(seen.SessionMost)))
}

// learnSessions notes the longest that a member outlived its pod. It is called at every poll: a dead member is soon gone.
func (s *State) learnSessions(now *seen.State) {
	s.revise(now, func(h *seen.History, known *Source) (next func(*Source)) {
		outlived := h.Outlived()
		if outlived == 0 || outlived < known.SessionTime(h.SessionTimeout, now.Now, now.Clock) {
			return nil
		}
		return func(one *Source) { one.Session, one.SessionAt = outlived.Seconds(), now.Now }
	})
}

// revise changes what is known of sources, at every poll; next is nil where nothing changes. A Memory is a value: its list is
// copied before the first change.
func (s *State) revise(now *seen.State, change func(h *seen.History, known *Source) (next func(*Source))) {
	copied := false
	for i := range now.Sources {
		h := &now.Sources[i]
		k, ok := find(s.Memory.Sources, h.Cluster, h.Group)
		if !ok {
			continue
		}
		next := change(h, &s.Memory.Sources[k])
		if next == nil {
			continue
		}
		if !copied {
			s.Memory.Sources, copied = slices.Clone(s.Memory.Sources), true
		}
		next(&s.Memory.Sources[k])
	}
}

// learnMembers learns how many consumers run in a replica, and how many elsewhere.
func (l *learner) learnMembers(m *seen.Mapping) {
	s, wl := l.source, &l.now.Workload
	l.learnElsewhere(m)
	resting := wl.Ready > 0 && wl.Spec == wl.Ready && wl.Status == wl.Ready && !wl.RolloutInProgress && !l.seen.Rebalance.Active
	if !resting || !l.seen.New || l.seen.Read.State.Rebalancing() || m.Settled == 0 {
		return
	}
	told := m.InPods
	if m.By == seen.ByRatio {
		told = m.Living
	}
	if r := m.Settled / wl.Ready; r > 0 && r == told/wl.Ready {
		s.Ratios = withRatio(s.Ratios, Ratio{r, l.now.Now}, l.now.Clock.Scale(ratioWindow))
	}
	if m.By != seen.ByRatio && m.PerPodSettled > 0 && m.PerPodSettled == m.PerPod {
		s.InPods = withRatio(s.InPods, Ratio{m.PerPod, l.now.Now}, l.now.Clock.Scale(ratioWindow))
	}
}

// withRatio adds a ratio to the least ones of a window: a higher one counts only while no lower one came after it. The last
// one stays, however old.
func withRatio(list []Ratio, r Ratio, window time.Duration) []Ratio {
	list = slices.DeleteFunc(slices.Clone(list), func(old Ratio) bool {
		return old.Members >= r.Members || old.At.After(r.At) || r.At.Sub(old.At) > window
	})
	return append(list, r)
}

// ratio is the least of the last hour; until one has held, the present one.
func (s *Source) ratio(m *seen.Mapping) int32 {
	if len(s.Ratios) > 0 {
		return s.Ratios[0].Members
	}
	return max(1, m.Living/max(1, m.Ready))
}

// learnElsewhere notes how many members elsewhere steps down may count on: those that were watched for an hour. Those that
// were there when the watch began may be another Deployment, or somebody who looks at records and leaves.
func (l *learner) learnElsewhere(m *seen.Mapping) {
	s := l.source
	if !m.Watched || m.By != seen.ByAddress || m.Bare > 0 || m.PerPod == 0 {
		return // where they run is not known now
	}
	s.Elsewhere, s.ElsewhereKnown = min(m.Elsewhere, max(s.Elsewhere, m.Lasting)), true
}

// Members are the counts by which consumers become replicas; declared is what the specification says of one replica, 0:
// nothing.
func (s *Source) Members(m *seen.Mapping, declared int32) seen.Members {
	counts := seen.Members{By: m.By, Joined: m.InPods, Gone: m.Gone, Elsewhere: m.Unknown, Idle: m.Idle, Needed: 0}
	switch {
	case m.By == seen.ByRatio && declared > 0:
		counts.By, counts.PerReplica = seen.BySpec, declared
		counts.Elsewhere = max(0, m.Settled-declared*m.Ready)
		counts.Joined = m.Living - min(m.Living, counts.Elsewhere)
		counts.Least = seen.Least{PerReplica: declared}
		return counts
	case m.By == seen.ByRatio:
		counts.PerReplica, counts.Joined, counts.Elsewhere, counts.Needed = s.ratio(m), m.Living, 0, 1
		counts.Least = seen.Least{PerReplica: 1}
		return counts
	}
	counts.PerReplica = s.inReplica(m, declared)
	counts.Least = seen.Least{PerReplica: 1}
	if declared > 0 {
		counts.Least.PerReplica = declared
	}
	if m.Unknown > 0 && m.Bare > 0 && !m.TwoPlaces { // they may run in the pods that show none
		there := min(m.Unknown, counts.PerReplica*m.Late)
		counts.Joined, counts.Elsewhere = m.InPods+there, m.Unknown-there
		return counts
	}
	if declared == 0 && len(s.InPods) > 0 {
		counts.Least.PerReplica = min(s.InPods[0].Members, max(1, m.PerPod))
	}
	counts.Least.Elsewhere = min(s.Elsewhere, m.Elsewhere)
	return counts
}

// inReplica is how many consumers one replica adds.
func (s *Source) inReplica(m *seen.Mapping, declared int32) int32 {
	switch {
	case declared > 0:
		return declared
	case len(s.InPods) > 0:
		return s.InPods[len(s.InPods)-1].Members
	case m.PerPod > 0:
		return m.PerPod
	case len(s.Ratios) > 0:
		return s.Ratios[0].Members
	}
	return 1
}
