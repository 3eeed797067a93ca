package kafkasource

import (
	"maps"
	"slices"
	"time"

	"github.com/lagscaler/lagscaler/lag"
)

// remember is what is kept of a group from poll to poll.
type remember struct {
	kind        lag.GroupType
	protocol    string
	coordinator int32
	topics      []string  // its members' topics when they were last told, sorted
	absent      time.Time // since when its coordinator does not know it, or nobody lists it; zero: it was there
	buried      int       // polls in which it was told of as Dead
	commits     []held    // what it had committed to, by topic
	withheld    time.Time // since when some of that is not told any more; zero: all is
}

// burials is in how many polls a group is told of as Dead before it is forgotten: readers that keep
// a group for a few polls then know why it is gone.
const burials = 4

// gone reports whether the group has been absent for long enough to be Dead. A coordinator that took over does not
// know, for a while, the groups whose last record it has not seen replicated: it then lists and describes as if they
// had never been, without an error (seen on Kafka 4.3 for 0.6 s after a broker was killed).
func (g *remember) gone(grace time.Duration) bool {
	now := time.Now()
	if g.absent.IsZero() {
		g.absent = now
	}
	return now.Sub(g.absent) >= grace
}

// mourn doubts coordinators that do not know a group which was there: until it is gone for good it is unlisted.
func (p *poll) mourn() {
	for i, r := range p.reads {
		g, known := p.s.memory.groups[r.Group]
		if r.State != lag.Dead || r.Err != lag.OK || !known || g.gone(p.s.cfg.Limits.Unlisted) {
			continue
		}
		p.reads[i] = p.placeholder(r.Group, g)
		p.reads[i].Err = lag.Unlisted
	}
}

// absent accounts for remembered groups that this poll found nowhere.
func (p *poll) absent() {
	missing := slices.DeleteFunc(slices.Sorted(maps.Keys(p.s.memory.groups)), func(name string) bool { return p.index(name) >= 0 })
	for _, name := range missing {
		g := p.s.memory.groups[name]
		r := p.placeholder(name, g)
		switch code, down := p.down[g.coordinator]; {
		case down:
			r.Err = code
		case g.gone(p.s.cfg.Limits.Unlisted) && len(p.down) == 0:
			r.State, r.Described = lag.Dead, true
		default:
			r.Err = lag.Unlisted
		}
		p.reads = append(p.reads, r)
	}
	p.sort()
}

// placeholder is a group of which this poll knows nothing.
func (p *poll) placeholder(name string, g *remember) *read {
	return &read{GroupRead: lag.GroupRead{
		GroupState: lag.GroupState{At: time.Now(), Group: name, Type: g.kind, Coordinator: g.coordinator},
		Protocol:   g.protocol, ReadCommitted: p.s.cfg.ReadCommitted(name),
		Generation: lag.NoGeneration, Epoch: lag.NoGeneration, AssignmentEpoch: lag.NoGeneration,
	}}
}

// remember keeps for the next poll what this one learned of groups, and forgets the dead.
func (p *poll) remember() {
	for _, r := range p.reads {
		g, ok := p.s.memory.groups[r.Group]
		if !ok {
			g = &remember{kind: r.Type, protocol: r.Protocol, coordinator: r.Coordinator}
			p.s.memory.groups[r.Group] = g
		}
		switch {
		case r.Err != lag.OK:
		case r.State != lag.Dead:
			*g = remember{
				kind: r.Type, protocol: r.Protocol, coordinator: r.Coordinator, topics: g.topics,
				commits: p.holding(r, g.commits),
			}
		default:
			g.buried++
		}
		if r.Described {
			g.topics = p.memberTopics(r)
		}
		if g.buried >= burials {
			delete(p.s.memory.groups, r.Group)
		}
	}
}
