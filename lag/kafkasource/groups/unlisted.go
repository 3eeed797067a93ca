package groups

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/lag/kafkasource/transport"
)

// doubtDead makes a group Unlisted, for Config.Grace, when its coordinator says that it does not exist and an earlier poll
// has read it. Only answers that follow each other count: a poll in which no coordinator says so begins the time anew. A new coordinator does not know the groups whose last record it has not seen replicated: for a moment it
// lists and describes them as if they did not exist, without an error (seen on Kafka 4.3 for 0.6 s after a broker was
// killed).
func (r *Reading) doubtDead() {
	for i, g := range r.groups {
		c, known := r.cache[g.Group]
		if g.State != lag.Dead || g.Err != lag.OK || !known || c.absentFor(r.cfg.Grace) {
			continue
		}
		r.groups[i] = r.placeholder(g.Group, c)
		r.groups[i].Err, r.groups[i].denied = lag.Unlisted, true
	}
}

// addUnlisted adds the groups of earlier polls, and those that somebody declared, that this poll found nowhere. They are
// not gone: no coordinator that is up says so.
func (r *Reading) addUnlisted() {
	missing := slices.DeleteFunc(slices.Sorted(maps.Keys(r.cache)), func(name string) bool { return index(r.groups, name) >= 0 })
	missing = append(missing, r.neverSeen()...)
	for _, name := range missing {
		c, known := r.cache[name]
		if !known {
			c = &cached{groupType: lag.Classic, coordinator: transport.AnyBroker}
		}
		g := r.placeholder(name, c)
		switch code, down := r.round.Lost(c.coordinator); {
		case c.deadPolls > 0:
			g.State, g.Described = lag.Dead, true
		case down:
			g.Err = code
		default:
			g.Err, g.Coordinator = cmp.Or(r.unfound[name], lag.Unlisted), transport.AnyBroker
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
