package learn

import (
	"slices"

	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

// learnCommits stores what the readings showed about the commits of the groups: how many offsets after a commit were passed, and the commit intervals.
// Package lag learns it (lag/habits.go); here it is saved.
func (m *Memory) learnCommits(now *seen.State) {
	cloned := false
	for i := range now.Sources {
		h := &now.Sources[i]
		k, ok := find(m.Sources, h.Cluster, h.Group)
		if !ok || !h.New {
			continue
		}
		if !cloned {
			m.Sources, cloned = slices.Clone(m.Sources), true
		}
		m.Sources[k].Commits, m.Sources[k].Residual = h.Stands.Habits(), nil
	}
}

// Habits are what is known of the commits of a group; nil: nothing.
func (m *Memory) Habits(cluster, group string) lag.Habits {
	if k, ok := find(m.Sources, cluster, group); ok {
		return m.Sources[k].Commits
	}
	return nil
}
