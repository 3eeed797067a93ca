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
}

// next records which members joined and left, in which pod each member is, and which members hold no partition.
func (r roster) next(g *lag.GroupLag, where []place, wl *Workload, pods fleet, now time.Time) roster {
	next := roster{began: r.began, members: make([]tenure, len(g.Members))}
	if next.began.IsZero() || next.began.After(now) {
		next.began = now
	}
	holds := holders(g)
	for i := range g.Members {
		m, was := &next.members[i], r.find(g.Members[i].ID)
		*m = tenure{id: g.Members[i].ID, since: was.since, pod: was.pod, idle: was.idle}
		if m.host = g.Members[i].Host; m.host != was.host { // it came back at another address
			m.pod = ""
		}
		if m.since.IsZero() || m.since.After(now) {
			m.since = now
		}
		if k := where[i].pod; k >= 0 {
			m.pod = wl.Pods[k].key()
		}
		switch {
		case holds[i]:
			m.idle = time.Time{}
		case m.idle.IsZero() || m.idle.After(now):
			m.idle = now
		}
		if gone := pods.gone(m.pod); m.pod != "" && where[i].pod < 0 && !gone.IsZero() {
			next.outlived = max(next.outlived, now.Sub(gone))
		}
	}
	slices.SortFunc(next.members, func(a, b tenure) int { return strings.Compare(a.id, b.id) })
	return next
}

// find returns a member's tenure; the zero value if it is not in the group.
func (r roster) find(id string) tenure {
	i, ok := slices.BinarySearchFunc(r.members, id, func(t tenure, id string) int { return strings.Compare(t.id, id) })
	if !ok {
		return tenure{}
	}
	return r.members[i]
}

// holders says for each member whether it holds a partition, or is about to.
func holders(g *lag.GroupLag) []bool {
	holds := make([]bool, len(g.Members))
	for i := range g.Members {
		holds[i] = len(g.Members[i].Assigned) > 0 || len(g.Members[i].Target) > 0
	}
	for t := range g.Topics {
		for _, p := range g.Topics[t].Partitions {
			if p.Owner >= 0 && int(p.Owner) < len(holds) {
				holds[p.Owner] = true
			}
		}
	}
	return holds
}
