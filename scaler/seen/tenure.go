package seen

import (
	"slices"
	"strings"
	"time"

	"github.com/lagscaler/lagscaler/lag"
)

// tenure is how long a member has been in the group, and in which pod.
type tenure struct {
	id    string
	host  string
	since time.Time
	pod   string    // the key of the pod in which it was found last; empty: none
	idle  time.Time // since when it has held no partition; zero: it holds one
}

// roster are the members of a group, sorted by id.
type roster struct {
	began    time.Time // of the first reading
	members  []tenure
	outlived time.Duration // the longest that a member of this poll has outlived its pod
	found    *found        // where the members were found
	calm     bool          // all hold partitions, and those that were in a pod are in one
	latest   time.Time     // since when the youngest has been in the group
}

// unchanged is what two readings have in common.
type unchanged struct {
	ids, clients bool // of all members
	hold         bool // the ids, and the partitions that they hold
}

func compareMembers(was, now *lag.GroupLag) unchanged {
	if was == nil || len(was.Members) != len(now.Members) {
		return unchanged{}
	}
	same := unchanged{true, true, true}
	for i := range now.Members {
		a, b := &was.Members[i], &now.Members[i]
		same.ids = same.ids && a.ID == b.ID
		same.clients = same.clients && a.Host == b.Host && a.ClientID == b.ClientID && a.InstanceID == b.InstanceID
		same.hold = same.hold && assigned(a) == assigned(b)
	}
	return same
}

// stays reports whether a reading changes nothing, as most do: all members hold what they held, and are found where they were.
func (r *roster) stays(members unchanged, where *found, now time.Time) bool {
	return members.hold && r.calm && r.found == where && !r.latest.After(now) && !r.began.After(now)
}

// next records which members joined and left, in which pod each member is, and which members hold no partition.
func (r roster) next(g *lag.GroupLag, at *found, wl *Workload, pods fleet, now time.Time) roster {
	next := roster{began: r.began, members: make([]tenure, len(g.Members)), found: at, calm: true}
	if next.began.IsZero() || next.began.After(now) {
		next.began = now
	}
	holds := holders(g)
	for i := range g.Members {
		pod := ""
		if k := at.where[i].pod; k >= 0 {
			pod = wl.Pods[k].key()
		}
		m := &next.members[i]
		*m = r.find(i, g.Members[i].ID).next(&g.Members[i], pod, holds[i], now)
		if m.since.After(next.latest) {
			next.latest = m.since
		}
		next.calm = next.calm && holds[i] && (pod != "" || m.pod == "")
		if pod == "" && m.pod != "" {
			if gone := pods.gone(m.pod); !gone.IsZero() {
				next.outlived = max(next.outlived, now.Sub(gone))
			}
		}
	}
	slices.SortFunc(next.members, func(a, b tenure) int { return strings.Compare(a.id, b.id) })
	return next
}

// next is the tenure after a reading; pod is the one in which the member is found now, empty for none.
func (t tenure) next(m *lag.Member, pod string, holds bool, now time.Time) tenure {
	if t.host != m.Host { // it came back at another address
		t.pod = ""
	}
	t.id, t.host = m.ID, m.Host
	if t.since.IsZero() || t.since.After(now) {
		t.since = now
	}
	if pod != "" {
		t.pod = pod
	}
	switch {
	case holds:
		t.idle = time.Time{}
	case t.idle.IsZero() || t.idle.After(now):
		t.idle = now
	}
	return t
}

// find returns a member's tenure, which is not changed; an empty one if it is not in the group. It usually has the place that it has in the
// reading, because both are sorted.
func (r *roster) find(place int, id string) *tenure {
	if place < len(r.members) && r.members[place].id == id {
		return &r.members[place]
	}
	i, ok := slices.BinarySearchFunc(r.members, id, func(t tenure, id string) int { return strings.Compare(t.id, id) })
	if !ok {
		return &tenure{}
	}
	return &r.members[i]
}

func assigned(m *lag.Member) bool { return len(m.Assigned) > 0 || len(m.Target) > 0 }

// holders says for each member whether it holds a partition, or is about to.
func holders(g *lag.GroupLag) []bool {
	holds, all := make([]bool, len(g.Members)), true
	for i := range g.Members {
		holds[i] = assigned(&g.Members[i])
		all = all && holds[i]
	}
	if all {
		return holds
	}
	for t := range g.Topics {
		for i := range g.Topics[t].Partitions {
			if owner := g.Topics[t].Partitions[i].Owner; owner >= 0 && int(owner) < len(holds) {
				holds[owner] = true
			}
		}
	}
	return holds
}
