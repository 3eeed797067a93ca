package seen

import (
	"slices"
	"time"

	"github.com/lagscaler/lagscaler/lag"
)

// Poll is everything that one poll read, and the policy's values that reading depends on.
type Poll struct {
	Now       time.Time
	Clock     Clock // filled
	Workload  Workload
	Sources   []Source
	Habits    []lag.Habits  // of the sources: what was learned of their groups' commits
	Window    time.Duration // the stabilization window: PeakRate is over it
	TwoPlaces bool          // consumers of the groups run in another Kubernetes cluster, too, see [Place]
	MaxWait   time.Duration // how long a record may wait: for EffectiveRate
}

// State is everything that was read until now. It is a value: [See] returns a new one and leaves the one before as it was.
type State struct {
	Now       time.Time
	Clock     Clock
	Workload  Workload
	Replicas  Replicas
	Sources   []History // as Poll.Sources
	TwoPlaces bool      // as Poll.TwoPlaces
	fleet     fleet
}

// See takes a poll in.
func See(before State, p *Poll) State {
	s := State{
		Now: p.Now, Clock: p.Clock, Workload: p.Workload, Replicas: before.Replicas.next(p), Sources: make([]History, len(p.Sources)),
		fleet: before.fleet.next(p), TwoPlaces: p.TwoPlaces,
	}
	for i := range p.Sources {
		src, h := &p.Sources[i], History{}
		if k := slices.IndexFunc(before.Sources, src.same); k >= 0 {
			h = before.Sources[k]
		}
		if i < len(p.Habits) {
			h.Stands = h.Stands.Teach(p.Habits[i])
		}
		s.Sources[i] = h.next(p, src)
		s.Sources[i].watch(&s)
		s.Sources[i].removals = s.removed(&s.Sources[i])
	}
	return s
}

func (s *Source) same(h History) bool { return h.Cluster == s.Cluster && h.Group == s.Group }
