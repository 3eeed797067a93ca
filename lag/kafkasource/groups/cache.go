package groups

import (
	"slices"
	"time"

	"github.com/lagscaler/lagscaler/lag"
)

// cached is what is kept of a group from poll to poll.
type cached struct {
	groupType    lag.GroupType
	protocol     string
	coordinator  int32
	topics       []string      // its members' topics when the coordinator last gave them, sorted
	absentSince  time.Time     // since when its coordinator says in every poll that it does not exist; zero: it does not say so
	lost         bool          // the last poll found no coordinator that could be asked
	deadPolls    int           // polls in which it was Dead
	commits      []commitCount // what it had committed to
	missingSince time.Time     // since when some of that is missing; zero: all is there
}

// deadPollsKept is the number of polls in which a group is reported as Dead before it is forgotten. Readers of
// observations that keep a group for a few polls then know why it is gone.
const deadPollsKept = 4

// Save updates the cache for the next poll. It forgets groups that are Dead. A group that was never seen is kept only if it
// is there.
func (r *Reading) Save(ids TopicIDs) {
	for _, g := range r.groups {
		c, ok := r.cache[g.Group]
		if _, declared := slices.BinarySearch(r.declared, g.Group); !ok && declared && (g.Err != lag.OK || g.State == lag.Dead) {
			continue
		}
		if !ok {
			c = &cached{groupType: g.Type, protocol: g.Protocol, coordinator: g.Coordinator}
			r.cache[g.Group] = c
		}
		c.lost = r.unfound[g.Group] != lag.OK
		switch {
		case g.Err != lag.OK:
			c.notRead(g)
		case g.State != lag.Dead:
			*c = cached{
				groupType: g.Type, protocol: g.Protocol, coordinator: g.Coordinator, topics: c.topics,
				commits: countCommits(g, ids, c.commits),
			}
		default:
			c.deadPolls++
		}
		if g.Described {
			c.topics = r.memberTopics(g)
		}
		if c.deadPolls >= deadPollsKept {
			delete(r.cache, g.Group)
		}
	}
}

// notRead begins the waiting anew for what the poll says nothing of.
func (c *cached) notRead(g *group) {
	if !g.denied {
		c.absentSince = time.Time{}
	}
	if g.Err != lag.CommitsMissing {
		c.missingSince = time.Time{}
	}
}
