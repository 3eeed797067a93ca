package groups

import (
	"time"

	"github.com/lagscaler/lagscaler/lag"
)

// cached is what is kept of a group from poll to poll.
type cached struct {
	groupType    lag.GroupType
	protocol     string
	coordinator  int32
	topics       []string      // its members' topics when the coordinator last gave them, sorted
	absentSince  time.Time     // since when its coordinator does not know it, or nobody lists it; zero: it is there
	deadPolls    int           // polls in which it was Dead
	commits      []commitCount // what it had committed to
	missingSince time.Time     // since when some of that is missing; zero: all is there
}

// deadPollsKept is the number of polls in which a group is reported as Dead before it is forgotten. Readers of
// observations that keep a group for a few polls then know why it is gone.
const deadPollsKept = 4

// Save updates the cache for the next poll. It forgets groups that are Dead.
func (r *Reading) Save(ids TopicIDs) {
	for _, g := range r.groups {
		c, ok := r.cache[g.Group]
		if !ok {
			c = &cached{groupType: g.Type, protocol: g.Protocol, coordinator: g.Coordinator}
			r.cache[g.Group] = c
		}
		switch {
		case g.Err != lag.OK:
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
