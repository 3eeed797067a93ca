package rebalancemon

import (
	"time"

	"github.com/lagscaler/lagscaler/lag"
)

const (
	churnWindow     = 10 * time.Minute
	stabilityWindow = time.Hour
	keepChanges     = 1024 // per group; a group that churns faster than this in its window is at its worst anyway
)

// memberStats is what is known of a group's members over time.
type memberStats struct {
	joins, leaves uint64
	changes       []membershipChange // of the last 10 min, oldest first
	departed      []departure        // of the last hour, oldest first
	members       int
	static        int
	idle          int
	skew          float64
	churn         float64
	stability     float64
	advice        []Advice
}

// membershipChange is a change of the membership: the share of the members that joined or left.
type membershipChange struct {
	at    time.Time
	share float64
}

type departure struct{ since, at time.Time }

// addChange takes in who joined and who left.
func (c *memberStats) addChange(ch change, at time.Time) {
	if len(ch.joined)+len(ch.left) == 0 {
		return
	}
	c.joins += uint64(len(ch.joined))
	c.leaves += uint64(len(ch.left))
	most := max(ch.before, ch.stayed+len(ch.joined))
	c.changes = append(c.changes, membershipChange{at, float64(len(ch.joined)+len(ch.left)) / float64(most)})
	for i := range ch.left {
		c.departed = append(c.departed, departure{ch.left[i].since, at})
	}
}

// update works out what a poll makes of the members.
func (c *memberStats) update(g *group, now time.Time) {
	v := &g.membership
	c.members, c.static, c.idle = len(v.members), 0, 0
	most := 0
	for i := range v.members {
		if v.members[i].static {
			c.static++
		}
		if v.members[i].assigned == 0 {
			c.idle++
		}
		most = max(most, v.members[i].assigned)
	}
	c.skew = skew(most, v.assigned, c.members)
	c.forget(now)
	c.churn = c.churnRate(now.Sub(g.firstSeen))
	c.stability = c.stabilitySince(v, lag.Later(now.Add(-stabilityWindow), v.firstAt))
	c.advice = advise(g, now)
}

func (c *memberStats) forget(now time.Time) {
	n := max(0, len(c.changes)-keepChanges)
	for n < len(c.changes) && now.Sub(c.changes[n].at) > churnWindow {
		n++
	}
	c.changes = c.changes[n:]
	n = max(0, len(c.departed)-keepChanges)
	for n < len(c.departed) && now.Sub(c.departed[n].at) > stabilityWindow {
		n++
	}
	c.departed = c.departed[n:]
}

// churnRate is the share of members that joined or left per minute. A group that is known for less than a minute
// is taken to be known for one.
func (c *memberStats) churnRate(age time.Duration) float64 {
	sum := 0.0
	for _, t := range c.changes {
		sum += t.share
	}
	return sum / min(max(age, time.Minute), churnWindow).Minutes()
}

// stabilitySince is the share of the members at a time that are still here; 1 when there were none.
func (c *memberStats) stabilitySince(v *membership, then time.Time) float64 {
	here, gone := 0, 0
	for i := range v.members {
		if !v.members[i].since.After(then) {
			here++
		}
	}
	for _, d := range c.departed {
		if !d.since.After(then) && d.at.After(then) {
			gone++
		}
	}
	if here+gone == 0 {
		return 1
	}
	return float64(here) / float64(here+gone)
}

// skew is how far the busiest member is from the best possible split, 0 to 1: (most - best) / (all - best),
// where best is the number of partitions by that of members, rounded up.
//
//	most  partitions  members  skew
//	3     10          4        0      3, 3, 2, 2 is as good as it gets
//	6     12          4        1/3    6, 2, 2, 2 instead of 3 each
//	12    12          4        1
//	1     3           5        0      two members must be idle
func skew(most, partitions, members int) float64 {
	if members == 0 {
		return 0
	}
	best := (partitions + members - 1) / members
	if partitions <= best {
		return 0
	}
	return float64(most-best) / float64(partitions-best)
}
