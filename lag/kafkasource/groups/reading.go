package groups

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/lag/kafkasource/cluster"
	"github.com/lagscaler/lagscaler/lag/kafkasource/topics"
	"github.com/lagscaler/lagscaler/lag/kafkasource/wire"
)

// Config says which groups are read, and how.
type Config struct {
	Group         func(group string) bool // which groups to read
	ReadCommitted func(group string) bool // groups whose end is the last stable offset
	Names         *wire.TopicNames        // which topics to read
	Batch         int                     // groups that one request is about
	Grace         time.Duration           // how long a group or its commits must be absent until that is believed
}

// Reader remembers groups from poll to poll. One poll at a time may use it.
type Reader struct {
	cfg   Config
	cache map[string]*cached // groups listed so far
}

// NewReader makes a reader that knows no group yet.
func NewReader(cfg Config) *Reader { return &Reader{cfg: cfg, cache: map[string]*cached{}} }

// Reading is one poll's reading of all groups.
type Reading struct {
	*Reader
	round *cluster.Round

	mu         sync.Mutex
	groups     []*group // sorted by name once all coordinators were asked
	Duplicates int      // groups that two brokers listed
}

// group is one group on its way into the observation.
type group struct {
	lag.GroupRead
	unnamed []member // whose topics may still be ids
}

// Read reads all groups from their coordinators, and follows coordinators that moved.
func (r *Reader) Read(ctx context.Context, round *cluster.Round) *Reading {
	g := &Reading{Reader: r, round: round}
	g.readCoordinators(ctx)
	g.followCoordinators(ctx)
	return g
}

// readCoordinators reads every broker's groups, each broker at its own pace: one that hangs delays only its own.
func (r *Reading) readCoordinators(ctx context.Context) {
	cluster.Parallel(r.round.Brokers, func(_ int, b lag.Broker) {
		listed, err := r.listPatiently(ctx, r.round, b.ID)
		if err != nil {
			r.round.Lose(b.ID, err)
			return
		}
		groups := r.readFrom(ctx, b.ID, listed)
		r.mu.Lock()
		defer r.mu.Unlock()
		r.groups = append(r.groups, groups...)
	})
	r.removeDuplicates()
}

// readFrom describes the groups that a broker coordinates and fetches their commits, both at once.
func (r *Reading) readFrom(ctx context.Context, broker int32, listed []Listed) []*group {
	groups := make([]*group, len(listed))
	for i, l := range listed {
		groups[i] = r.unread(l)
	}
	slices.SortFunc(groups, byName)
	setErrors(r.run(ctx, broker, slices.Concat(r.describeJobs(broker, groups), r.commitJobs(broker, groups))))
	return groups
}

// unread is a group that was listed and not read yet.
func (r *Reader) unread(l Listed) *group {
	return &group{GroupRead: lag.GroupRead{
		GroupState: l.GroupState, Protocol: l.Protocol, ReadCommitted: r.cfg.ReadCommitted(l.Group),
		Generation: lag.NoGeneration, Epoch: lag.NoGeneration, AssignmentEpoch: lag.NoGeneration,
	}}
}

func byName(a, b *group) int { return strings.Compare(a.Group, b.Group) }

// index is the place of a group among sorted groups, or -1.
func index(sorted []*group, name string) int {
	i, ok := slices.BinarySearchFunc(sorted, name, func(g *group, name string) int { return strings.Compare(g.Group, name) })
	if !ok {
		return -1
	}
	return i
}

func (r *Reading) sort() { slices.SortFunc(r.groups, byName) }

// removeDuplicates sorts what was read and keeps one of the two readings of a group that two brokers listed.
func (r *Reading) removeDuplicates() {
	slices.SortStableFunc(r.groups, byName)
	kept := r.groups[:0]
	for _, g := range r.groups {
		last := len(kept) - 1
		if last < 0 || kept[last].Group != g.Group {
			kept = append(kept, g)
			continue
		}
		r.Duplicates++
		if preferReading(g, kept[last]) {
			kept[last] = g
		}
	}
	r.groups = kept
}

// preferReading reports whether a rather than b is the group: the one that could be read, that has members, or was
// read later.
func preferReading(a, b *group) bool {
	if (a.Err == lag.OK) != (b.Err == lag.OK) {
		return a.Err == lag.OK
	}
	if am, bm := a.hasMembers(), b.hasMembers(); am != bm {
		return am
	}
	return preferState(a.GroupState, b.GroupState)
}

func (g *group) hasMembers() bool { return len(g.Members)+len(g.unnamed) > 0 }

// Groups are the observation's groups, sorted.
func (r *Reading) Groups() []lag.GroupRead {
	groups := make([]lag.GroupRead, len(r.groups))
	for i := range r.groups {
		groups[i] = r.groups[i].GroupRead
	}
	return groups
}

// Needs are the topics that some group commits to, subscribes to or is assigned.
func (r *Reading) Needs() map[string]topics.Need {
	needs := map[string]topics.Need{}
	add := func(topic string, n topics.Need) {
		before, seen := needs[topic]
		n = topics.Need{
			Stable: before.Stable || n.Stable, Committed: before.Committed || n.Committed,
			CommitsMissing: before.CommitsMissing || n.CommitsMissing,
		}
		if seen && n == before {
			return
		}
		if name, read := r.cfg.Names.Name([]byte(topic)); read {
			needs[name] = n
		}
	}
	for _, g := range r.groups {
		for _, c := range g.Commits {
			add(c.Topic, topics.Need{Stable: g.ReadCommitted, Committed: true})
		}
		for _, topic := range r.memberTopics(g) {
			add(topic, topics.Need{Stable: g.ReadCommitted})
		}
		for _, c := range r.missingCommits(g) {
			add(c.topic, topics.Need{CommitsMissing: true})
		}
	}
	return needs
}

// memberTopics are the topics that a group's members subscribe to or are assigned, sorted. While the coordinator gives
// no subscriptions, they are those of the last poll in which it did.
func (r *Reading) memberTopics(g *group) []string {
	if before, ok := r.cache[g.Group]; ok && !g.Described {
		return before.topics
	}
	var names []string
	for i := range g.Members {
		m := &g.Members[i]
		names = append(names, m.Topics...)
		for _, a := range m.Assigned {
			names = append(names, a.Topic)
		}
		for _, a := range m.Target {
			names = append(names, a.Topic)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
