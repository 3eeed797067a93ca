package groups

import (
	"context"
	"maps"
	"math"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/lag/kafkasource/cluster"
	"github.com/lagscaler/lagscaler/lag/kafkasource/topics"
	"github.com/lagscaler/lagscaler/lag/kafkasource/wire"
	"github.com/lagscaler/lagscaler/lag/parallel"
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
	cfg     Config
	cache   map[string]*cached // groups listed so far
	lookups int                // of single coordinators, of brokers before 3.0
	polls   int
	limits  shareLimits
}

// NewReader makes a reader that knows no group yet.
func NewReader(cfg Config) *Reader { return &Reader{cfg: cfg, cache: map[string]*cached{}} }

// Reading is one poll's reading of all groups.
type Reading struct {
	*Reader
	round    *cluster.Round
	declared []string                 // groups that somebody named: each is in the result, unless the cluster has no group at all
	unfound  map[string]lag.ErrorCode // why a coordinator that was looked up could not be asked

	mu         sync.Mutex
	groups     []*group // sorted by name once all coordinators were asked
	Duplicates int      // groups that two brokers listed
}

// group is one group on its way into the observation.
type group struct {
	lag.GroupRead
	unnamed []member // whose topics may still be ids
	denied  bool     // its coordinator says that it does not exist, which is not believed yet
}

// forgetEvery is after how many polls names are forgotten that no group uses any more: a quarter of an hour.
const forgetEvery = 90

// Read reads all groups from their coordinators, and follows coordinators that moved. It looks up the coordinators of
// declared groups that no broker lists.
func (r *Reader) Read(ctx context.Context, round *cluster.Round, declared []string) *Reading {
	if r.polls++; r.polls%forgetEvery == 0 {
		r.cfg.Names.Forget()
	}
	maps.DeleteFunc(r.cache, func(name string, _ *cached) bool { return !r.cfg.Group(name) }) // another shard reads it now
	g := &Reading{Reader: r, round: round, declared: declared, unfound: map[string]lag.ErrorCode{}}
	g.readCoordinators(ctx)
	g.followCoordinators(ctx)
	return g
}

// readCoordinators reads every broker's groups, each broker at its own pace: one that hangs delays only its own.
func (r *Reading) readCoordinators(ctx context.Context) {
	parallel.Each(r.round.Brokers, func(_ int, b lag.Broker) {
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

// Needs are the topics that some group commits to, subscribes to or is assigned. target is the time lag that a group may
// have; 0: not said. saves says for which groups it is saved whether the times in records agree with arrivals.
func (r *Reading) Needs(target func(group string) time.Duration, saves func(group string) bool) map[string]topics.Need {
	needs := map[string]topics.Need{}
	add := func(topic string, n topics.Need) {
		before, seen := needs[topic]
		n = topics.Need{
			Stable: before.Stable || n.Stable, Committed: before.Committed || n.Committed,
			CommitsMissing: before.CommitsMissing || n.CommitsMissing, Past: max(before.Past, n.Past),
			Partitions: max(before.Partitions, n.Partitions),
			Compare:    before.Compare || n.Compare,
		}
		if seen && n == before {
			return
		}
		if name, read := r.cfg.Names.Name([]byte(topic)); read {
			needs[name] = n
		}
	}
	for _, g := range r.groups {
		var past time.Duration
		if len(g.Commits) > 0 && g.Type != lag.Share {
			past = target(g.Group)
		}
		for _, c := range g.Commits {
			add(c.Topic, topics.Need{
				Stable: g.ReadCommitted, Committed: true, Partitions: committedTo(c.Partitions), Past: past, Compare: past > 0 && saves(g.Group),
			})
		}
		for _, topic := range r.memberTopics(g) {
			add(topic, topics.Need{Stable: g.ReadCommitted})
		}
		for topic, n := range g.assignedTo() {
			add(topic, topics.Need{Stable: g.ReadCommitted, Partitions: n})
		}
		for _, c := range r.missingCommits(g) {
			add(c.topic, topics.Need{CommitsMissing: true})
		}
	}
	return needs
}

// committedTo is how many partitions a topic has at least, as the commits of a group show it.
func committedTo(commits []lag.PartitionCommit) int32 {
	for _, c := range slices.Backward(commits) {
		if c.Known.Has(lag.KnownCommitted) && c.Partition < math.MaxInt32 {
			return c.Partition + 1
		}
	}
	return 0
}

// assignedTo are the topics of which members have partitions, and how many partitions these have at least.
func (g *group) assignedTo() map[string]int32 {
	have := map[string]int32{}
	for i := range g.Members {
		for _, a := range g.Members[i].Assigned {
			if len(a.Partitions) == 0 {
				continue
			}
			if last := slices.Max(a.Partitions); last < math.MaxInt32 {
				have[a.Topic] = max(have[a.Topic], last+1)
			}
		}
	}
	return have
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
