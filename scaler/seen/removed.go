package seen

import (
	"slices"
	"time"

	"github.com/lagscaler/lagscaler/lag"
)

// Consumers whose replicas were removed usually leave the group when they end. Some stay until their session ends, and keep
// their partitions: static members (group.instance.id), and consumers that were killed before they could leave. Nobody reads
// these partitions meanwhile, and a new replica cannot read them either.
//
//	12 replicas become 4, static members with a session of 5 min     8 members hold 8 of 12 partitions for 5 min
//	12 replicas become 4, consumers that leave when they end         nobody
//	a pod crashes and another one is started                         nobody: no replica was removed
//
// Where it is not known in which pod a member ran (behind NAT, or after a restart of lagscaler), a member whose commits stand,
// while those of others move, may be one of them. Its twin is a consumer that hangs: replicas do not help it either.

// Removal says whether the replica of a member was removed, while the member holds partitions.
type Removal struct {
	Known bool          // its pod is gone; otherwise it may be so
	For   time.Duration // since then
}

// Removed has the members of the last reading that hold partitions although their replica was removed, by their place in the
// reading.
func (s *State) Removed(h *History) map[int]Removal { return h.removals }

// removed is Removed, which is asked for several times a poll.
func (s *State) removed(h *History) map[int]Removal {
	step := s.Replicas.LastDecrease
	if age := s.Now.Sub(step.At); step.At.IsZero() || age < 0 || age > s.Clock.Scale(SessionMost) || h.Read == nil {
		return nil
	}
	list := map[int]Removal{}
	gone := s.fleet.removed(step)
	var unplaced []int
	for i := range h.Read.Members {
		t := h.roster.find(i, h.Read.Members[i].ID)
		switch at, ok := gone[t.pod]; {
		case h.found.where[i].pod >= 0 || !t.idle.IsZero():
		case ok:
			list[i] = Removal{true, s.Now.Sub(at)}
		case t.pod == "" && !t.since.After(lag.Later(step.At, h.roster.began)):
			unplaced = append(unplaced, i)
		}
	}
	for _, i := range h.standing(unplaced, s.Clock) {
		list[i] = Removal{false, s.Now.Sub(step.At)}
	}
	return list
}

// removed are the pods that went away first after a step down, by key: as many as the step removed. Others crashed later.
func (f fleet) removed(step Write) map[string]time.Time {
	var gone []lifetime
	for _, p := range f.pods {
		if !p.gone.IsZero() && !p.gone.Before(step.At.Truncate(time.Second)) { // times of writes are saved in whole seconds
			gone = append(gone, p)
		}
	}
	slices.SortStableFunc(gone, func(a, b lifetime) int { return a.gone.Compare(b.gone) })
	list := map[string]time.Time{}
	for _, p := range gone[:min(len(gone), int(step.From-step.To))] {
		list[p.key] = p.gone
	}
	return list
}

// standing are those of some members whose commits stand though records wait, while commits of others move. A commit stands
// when it has not moved for the rate window, and for twice the interval at which the topic's commits usually come.
func (h *History) standing(members []int, clk Clock) (list []int) {
	if len(members) == 0 || h.Readings.Len() == 0 {
		return nil
	}
	clk = h.Paced(clk)
	last, others := h.Readings.Last(), false
	moves, waits := make([]bool, len(h.Read.Members)), make([]bool, len(h.Read.Members)) // by member
	h.Intervals(func(first, n int, interval time.Duration) {
		window := max(clk.Scale(lag.RateWindow), 2*interval)
		was := h.Readings.Before(window, clk.Slack())
		whole := h.Readings.Spans(was, window, clk.Slack())
		for c := first; c < first+n; c++ {
			o := last.Offsets.Of(c)
			owner, moved := int(o.Owner), !whole || o.Position != h.Readings.At(was).Offsets.Of(c).Position
			others = others || whole && moved
			if owner < 0 || owner >= len(moves) {
				continue
			}
			moves[owner] = moves[owner] || moved
			waits[owner] = waits[owner] || o.Known == KnowsBoth && o.Lag() > 0
		}
	})
	for _, i := range members {
		if others && waits[i] && !moves[i] {
			list = append(list, i)
		}
	}
	return list
}

// Static reports whether all members are static: they do not leave the group when they end.
func (h *History) Static() bool {
	return h.Read != nil && len(h.Read.Members) > 0 &&
		!slices.ContainsFunc(h.Read.Members, func(m lag.Member) bool { return m.InstanceID == "" })
}
