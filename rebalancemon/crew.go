package rebalancemon

import (
	"time"

	"github.com/lagscaler/lagscaler/lag"
)

const (
	churnWindow     = 10 * time.Minute
	stabilityWindow = time.Hour
	keepTurns       = 1024 // per group; a group that churns faster than this in its window is at its worst anyway
)

// crew is what is known of a group's members over time.
type crew struct {
	joins, leaves uint64
	turns         []turn      // of the last 10 min, oldest first
	departed      []departure // of the last hour, oldest first
	members       int
	static        int
	idle          int
	skew          float64
	churn         float64
	stability     float64
	advice        []Advice
}

// turn is a change of the membership: the share of the members that joined or left.
type turn struct {
	at    time.Time
	share float64
}

type departure struct{ since, at time.Time }

// turn takes in who joined and who left.
func (c *crew) turn(ch change, at time.Time) {
	if len(ch.joined)+len(ch.left) == 0 {
		return
	}
	c.joins += uint64(len(ch.joined))
	c.leaves += uint64(len(ch.left))
	most := max(ch.before, ch.stayed+len(ch.joined))
	c.turns = append(c.turns, turn{at, float64(len(ch.joined)+len(ch.left)) / float64(most)})
	for i := range ch.left {
		c.departed = append(c.departed, departure{ch.left[i].since, at})
	}
}

// assess works out what a poll makes of the members.
func (c *crew) assess(g *group, now time.Time) {
	v := &g.view
	c.members, c.static, c.idle = len(v.seats), 0, 0
	most := 0
	for i := range v.seats {
		if v.seats[i].static {
			c.static++
		}
		if v.seats[i].held == 0 {
			c.idle++
		}
		most = max(most, v.seats[i].held)
	}
	c.skew = skew(most, v.held, c.members)
	c.forget(now)
	c.churn = c.churning(now.Sub(g.first))
	c.stability = c.stable(v, later(now.Add(-stabilityWindow), v.born))
	c.advice = advise(g, now)
}

func (c *crew) forget(now time.Time) {
	n := max(0, len(c.turns)-keepTurns)
	for n < len(c.turns) && now.Sub(c.turns[n].at) > churnWindow {
		n++
	}
	c.turns = c.turns[n:]
	n = max(0, len(c.departed)-keepTurns)
	for n < len(c.departed) && now.Sub(c.departed[n].at) > stabilityWindow {
		n++
	}
	c.departed = c.departed[n:]
}

// churning is the share of members that joined or left per minute. A group that is known for less than a minute
// is taken to be known for one.
func (c *crew) churning(age time.Duration) float64 {
	sum := 0.0
	for _, t := range c.turns {
		sum += t.share
	}
	return sum / min(max(age, time.Minute), churnWindow).Minutes()
}

// stable is the share of the members at a time that are still here; 1 when there were none.
func (c *crew) stable(v *view, then time.Time) float64 {
	here, gone := 0, 0
	for i := range v.seats {
		if !v.seats[i].since.After(then) {
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

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// Protocol is how a group hands partitions over.
type Protocol string

// The protocols, as far as they can be told from outside.
const (
	Eager           Protocol = "eager"       // every member gives up everything first
	Cooperative     Protocol = "cooperative" // KIP-429: only what moves is given up
	Incremental     Protocol = "kip848"      // the coordinator moves one partition at a time
	UnknownProtocol Protocol = "unknown"
)

// protocols are those of the assignors that are in use, by the name under which they stand in the group's protocol:
// Apache Kafka 4.3 (clients, Connect and Streams), librdkafka 2, franz-go 1, kafka-go 0.4, Sarama 1.
var protocols = map[string]Protocol{
	"range":              Eager,
	"roundrobin":         Eager,
	"sticky":             Eager,
	"rack-affinity":      Eager,
	"default":            Eager, // Kafka Connect before KIP-415
	"cooperative-sticky": Cooperative,
	"stream":             Cooperative, // Kafka Streams
	"compatible":         Cooperative, // Kafka Connect
	"sessioned":          Cooperative,
}

func protocolOf(l *lag.GroupLag) Protocol {
	if l.Type == lag.Consumer || l.Type == lag.Streams {
		return Incremental
	}
	if p, ok := protocols[l.Assignor]; ok && !epochs(l.Type) {
		return p
	}
	return UnknownProtocol
}
