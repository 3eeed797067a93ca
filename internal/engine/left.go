package engine

import (
	"slices"
	"strings"

	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/scaler"
)

// leftBefore is, by cluster and group, what was saved of topics that groups had left, until the groups have been read.
type leftBefore map[string]map[string][]lag.Left

// remember takes in what was loaded. Several scalers of one group have saved the same, at about the same time.
func (l leftBefore) remember(learned map[string]scaler.Memory) {
	for _, m := range learned {
		for i := range m.Sources {
			src := &m.Sources[i]
			if len(src.Left) == 0 {
				continue
			}
			if l[src.Cluster] == nil {
				l[src.Cluster] = map[string][]lag.Left{}
			}
			l[src.Cluster][src.Group] = union(l[src.Cluster][src.Group], src.LeftBefore())
		}
	}
}

// union has each topic once, sorted.
func union(a, b []lag.Left) []lag.Left {
	all := append(slices.Clone(a), b...)
	slices.SortStableFunc(all, func(a, b lag.Left) int { return strings.Compare(a.Topic, b.Topic) })
	return slices.CompactFunc(all, func(a, b lag.Left) bool { return a.Topic == b.Topic })
}

// read forgets the groups that a poll has read: its snapshot now knows what was saved of them.
func (l leftBefore) read(s *lag.Snapshot) {
	groups := l[s.Cluster]
	for name := range groups {
		if g, ok := s.Group(name); ok && g.Err == lag.OK {
			delete(groups, name)
		}
	}
}
