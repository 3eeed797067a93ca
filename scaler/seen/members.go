package seen

import (
	"slices"
	"time"
)

// Mapping says which member of a group runs in which pod of the target, as far as this is known at a poll. A member is settled
// if it has been in the group for longer than a session. Then a crashed member that it replaced is no longer in the group, so
// the two are not both counted.
type Mapping struct {
	By      MappedBy
	Ready   int32 // replicas
	Living  int32 // members, without those whose pod went away
	Gone    int32 // members whose pod went away: they may be dead
	InPods  int32 // living members that are known to run in a pod of the target
	Unknown int32 // living members that are not: they run elsewhere, or in a pod that shows none
	Bare    int32 // ready pods in which no member is known
	Late    int32 // of them, those that had time to join

	PerPod        int32 // members that most ready pods have at least; 0: none
	PerPodSettled int32 // the same, of settled members
	Settled       int32 // living members of the target that are settled; where nothing tells them apart: all that are settled

	TwoPlaces bool  // members elsewhere are expected, see [Place]
	Watched   bool  // the group was watched for longer than a session
	Elsewhere int32 // settled members that hold partitions elsewhere for sure: at an address of their own, while all pods show theirs
	Lasting   int32 // of them, those that have been there for an hour
	Idle      int32 // members of the target that have held no partition for longer than a session
}

// Ours is how many members are the target's, where nothing tells them apart all that live.
func (m *Mapping) Ours() int32 {
	if m.By == ByRatio {
		return m.Living
	}
	return m.InPods
}

// MappedBy is the evidence that matches members with pods.
type MappedBy string

// The kinds of evidence.
const (
	ByAddress MappedBy = "address"
	ByName    MappedBy = "name"                // a client id or an instance id has the pod's name
	ByRatio   MappedBy = "ratio"               // no evidence: members / ready replicas
	BySpec    MappedBy = "consumersPerReplica" // no evidence, but the specification gives the number
)

// lastsAfter is the time after which a member elsewhere counts as capacity for scaling down. So a console consumer that runs for
// some minutes does not count.
const lastsAfter = time.Hour

// Map maps the members of the last reading to the pods of the target. If no pod is ready, the evidence of the last mapping stays
// in force.
func (s *State) Map(h *History, session time.Duration, before MappedBy) Mapping {
	wl, g := &s.Workload, h.Read
	m := Mapping{Ready: wl.Ready, TwoPlaces: s.TwoPlaces, Watched: s.Now.Sub(h.roster.began) > session}
	if g == nil {
		return m
	}
	counts, settled, inPods := make([]int32, len(wl.Pods)), make([]int32, len(wl.Pods)), int32(0)
	m.By = ByAddress
	var unknown []*tenure
	for i, p := range h.found.where {
		t := h.roster.find(i, g.Members[i].ID)
		old := s.Now.Sub(t.since) > session
		switch {
		case p.pod < 0 && s.mayBeDead(t):
			m.Gone++
			continue
		case p.pod < 0:
			unknown = append(unknown, t)
			m.Unknown++
			m.Settled += count(old)
			continue
		case p.named:
			m.By = ByName
		}
		counts[p.pod]++
		settled[p.pod] += count(old)
		inPods += count(old)
		m.InPods++
		m.Idle += count(s.idle(t, session))
	}
	m.Living = m.InPods + m.Unknown
	m.bare(wl.Pods, counts, s)
	m.PerPod, m.PerPodSettled = most(wl.Pods, counts), most(wl.Pods, settled)
	if m.nothingTells(wl.Pods, before) {
		m.By, m.PerPod, m.PerPodSettled = ByRatio, 0, 0
		for _, t := range unknown {
			m.Idle += count(s.idle(t, session))
		}
		m.Settled += inPods
		return m
	}
	m.Settled = inPods
	if (m.By == ByAddress || m.TwoPlaces) && m.Bare == 0 && m.PerPod > 0 {
		m.elsewhere(s, unknown, session)
	}
	return m
}

// nothingTells reports whether there is no evidence: there are members, but at least half of the ready pods have none. If there
// was evidence before, new pods are given time to join, and nothing follows from pods that are all starting.
func (m *Mapping) nothingTells(pods []Pod, before MappedBy) bool {
	ready, bare := readyOf(pods), m.Bare
	switch {
	case m.TwoPlaces && ready == 0: // all members are where they are expected
		return false
	case m.TwoPlaces:
		return m.Unknown > 0 && m.Late > 0 && 2*m.Late >= ready
	}
	if before == ByAddress || before == ByName {
		if ready == 0 && len(pods) > 0 {
			return false
		}
		bare = m.Late
	}
	return m.Unknown > 0 && 2*bare >= ready
}

// elsewhere counts the members that run elsewhere for sure. In two places those that hold no partition count as well: when the other place
// comes back, this one has all partitions until it gives some of its consumers up.
func (m *Mapping) elsewhere(s *State, unknown []*tenure, session time.Duration) {
	shared := s.fleet.listing(&s.Workload).shared
	for _, t := range unknown {
		age := s.Now.Sub(t.since)
		if a := address(t.host); !a.IsValid() || shared[a] || age <= session || !t.idle.IsZero() && !s.TwoPlaces {
			continue
		}
		m.Elsewhere++
		m.Lasting += count(age >= s.Clock.Scale(lastsAfter))
	}
}

func (m *Mapping) bare(pods []Pod, counts []int32, s *State) {
	for k := range pods {
		if pods[k].Ready && counts[k] == 0 {
			m.Bare++
			m.Late += count(s.fleet.late(k, s.Now, s.Clock))
		}
	}
}

// mayBeDead reports whether the pod of a member went away.
func (s *State) mayBeDead(t *tenure) bool {
	return t.pod != "" && !s.fleet.gone(t.pod).IsZero()
}

func (s *State) idle(t *tenure, session time.Duration) bool {
	return !t.idle.IsZero() && s.Now.Sub(t.idle) > session
}

// most is the number of members that more than half of the ready pods have at least. So it does not change if containers
// restart in some pods, although each of them has two members until the session of the old one ends.
func most(pods []Pod, counts []int32) int32 {
	var ready []int32
	for k := range pods {
		if pods[k].Ready {
			ready = append(ready, counts[k])
		}
	}
	if len(ready) == 0 {
		return 0
	}
	slices.Sort(ready)
	return ready[(len(ready)-1)/2]
}

func readyOf(pods []Pod) (n int32) {
	for k := range pods {
		n += count(pods[k].Ready)
	}
	return n
}

func count(is bool) int32 {
	if is {
		return 1
	}
	return 0
}

// Members are the counts by which a decision turns consumers into replicas. For scaling down they are a lower bound of
// the capacity of the replicas and of others, so that the target never becomes too small.
type Members struct {
	By         MappedBy
	Joined     int32 // members in replicas of the target
	Gone       int32 // members of pods that went away
	Elsewhere  int32 // members that run elsewhere: they process records all the same
	PerReplica int32
	Least      Least // going down; zero: the same
	Needed     int32 // members that every ready replica has at least, or some are missing; 0: PerReplica
	Idle       int32 // members of the target that have held no partition for longer than a session
	Beside     int32 // members of the target in another Kafka cluster, while it moves from one to the other
	Place      Place // zero: the target is the only place
}

// Least are the counts for scaling down.
type Least struct {
	PerReplica int32
	Elsewhere  int32
}

// Replicas turns consumers into replicas, to scale up. Consumers that run elsewhere need none.
func (m Members) Replicas(consumers int32) int32 {
	if m.Place.Share > 0 {
		return replicas(m.Place.here(consumers, m.Elsewhere), 0, m.PerReplica)
	}
	return replicas(consumers, m.Elsewhere, m.PerReplica)
}

// Enough turns consumers into replicas, to scale down.
func (m Members) Enough(consumers int32) int32 {
	l := m.least()
	if m.Place.Share > 0 {
		return replicas(m.Place.here(consumers, l.Elsewhere), 0, l.PerReplica)
	}
	return replicas(consumers, l.Elsewhere, l.PerReplica)
}

// Holding is how many replicas so many consumers need when nobody runs elsewhere: to scale down those that hold nothing.
func (m Members) Holding(consumers int32) int32 { return replicas(consumers, 0, m.least().PerReplica) }

func replicas(consumers, elsewhere, per int32) int32 {
	per = max(1, per)
	return max(0, (max(0, consumers-elsewhere)+per-1)/per)
}

func (m Members) least() Least {
	if m.Least.PerReplica == 0 {
		return Least{m.PerReplica, m.Elsewhere}
	}
	return m.Least
}

// Consumers is the reverse of Replicas.
func (m Members) Consumers(replicas int32) int32 {
	here := replicas * max(1, m.PerReplica)
	if m.Place.Share > 0 {
		return m.Place.all(here, m.Elsewhere)
	}
	return here + m.Elsewhere
}

// AtLeast is the reverse of Enough.
func (m Members) AtLeast(replicas int32) int32 {
	l := m.least()
	here := replicas * max(1, l.PerReplica)
	if m.Place.Share > 0 {
		return m.Place.all(here, l.Elsewhere)
	}
	return here + l.Elsewhere
}

// Expected is how many members ready replicas should have.
func (m Members) Expected(ready int32) int32 {
	if m.Needed > 0 {
		return ready * m.Needed
	}
	return ready * m.PerReplica
}
