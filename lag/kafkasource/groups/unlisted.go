package groups

import (
	"maps"
	"slices"
	"time"

	"github.com/lagscaler/lagscaler/lag"
)

// doubtDead makes a group Unlisted, for Config.Grace, when its coordinator says that it does not exist and an earlier poll
// has read it. A new coordinator does not know the groups whose last record it has not seen replicated: for a moment it
// lists and describes them as if they did not exist, without an error (seen on Kafka 4.3 for 0.6 s after a broker was
// killed).
func (r *Reading) doubtDead() {
	for i, g := range r.groups {
		c, known := r.cache[g.Group]
		if g.State != lag.Dead || g.Err != lag.OK || !known || c.absentFor(r.cfg.Grace) {
			continue
		}
		r.groups[i] = r.placeholder(g.Group, c)
		r.groups[i].Err = lag.Unlisted
	}
}

// addUnlisted adds the groups of earlier polls that this poll found nowhere.
func (r *Reading) addUnlisted() {
	missing := slices.DeleteFunc(slices.Sorted(maps.Keys(r.cache)), func(name string) bool { return index(r.groups, name) >= 0 })
	for _, name := range missing {
		c := r.cache[name]
		g := r.placeholder(name, c)
		switch code, down := r.round.Lost(c.coordinator); {
		case down:
			g.Err = code
		case c.absentFor(r.cfg.Grace) && !r.round.LostAny():
			g.State, g.Described = lag.Dead, true
		default:
			g.Err = lag.Unlisted
		}
		r.groups = append(r.groups, g)
	}
	r.sort()
}

// placeholder is a group of which this poll knows nothing.
func (r *Reading) placeholder(name string, c *cached) *group {
	return r.unread(Listed{
		Protocol:   c.protocol,
		GroupState: lag.GroupState{At: time.Now(), Group: name, Type: c.groupType, Coordinator: c.coordinator},
	})
}

// absentFor reports whether the group has been absent for that long. The first call starts the clock.
func (c *cached) absentFor(d time.Duration) bool {
	now := time.Now()
	if c.absentSince.IsZero() {
		c.absentSince = now
	}
	return now.Sub(c.absentSince) >= d
}
