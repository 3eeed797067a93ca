package kafkasource

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/lagscaler/lagscaler/lag"
)

// poll is one Observe at work.
type poll struct {
	tally
	s       *Source
	brokers []lag.Broker
	starts  bool // this poll reads log starts of every partition

	mu    sync.Mutex
	down  map[int32]lag.ErrorCode // brokers that could not list their groups
	reads []*read                 // sorted by group once all coordinators were asked
}

// read is one group on its way into the observation.
type read struct {
	lag.GroupRead
	members []rawMember // KIP-848 and its kin: members whose topics may still be ids
}

// Observe reads everything about every group. It always answers, with what it could read and what it could not;
// it ends at the latest with ctx or after Limits.Poll.
func (s *Source) Observe(ctx context.Context) lag.Observation {
	s.polling.Lock()
	defer s.polling.Unlock()
	ctx, cancel := context.WithTimeout(ctx, s.cfg.Limits.Poll)
	defer cancel()
	began := time.Now()
	p := &poll{s: s, tally: tally{log: s.cfg.Log}, down: map[int32]lag.ErrorCode{}}
	p.starts = s.memory.polls%s.cfg.Limits.StartEvery == 0
	s.memory.polls++

	p.layout(ctx)
	p.coordinators(ctx)
	p.repair(ctx)
	p.resolve(ctx)
	topics := p.offsets(ctx)
	p.doubt()
	p.remember()
	return lag.Observation{
		Cluster: s.cfg.Cluster, Began: began, At: time.Now(),
		Brokers: p.brokers, Groups: p.groups(), Topics: topics,
		Errors: p.sorted(), Requests: p.counts(), Duplicates: p.duplicates,
	}
}

// layout reads brokers and known topics when what is remembered of them is old.
func (p *poll) layout(ctx context.Context) {
	if p.s.cluster.due(p.s.cfg.Limits.Metadata) {
		if err := p.refresh(ctx, p.knownTopics()); err != nil {
			p.fail(lag.StageMetadata, anyBroker, err)
		} else {
			p.s.cluster.whole()
		}
	}
	p.brokers = p.s.cluster.known()
}

// coordinators reads every broker's groups, each broker at its own pace: one that hangs delays only its own.
func (p *poll) coordinators(ctx context.Context) {
	each(p.brokers, func(_ int, b lag.Broker) {
		groups, err := p.s.list(ctx, &p.tally, b.ID, poller)
		if err != nil {
			p.lost(lag.StageList, b.ID, err)
			return
		}
		p.add(p.read(ctx, b.ID, groups))
	})
	p.merge()
}

// lost notes that a broker could not list its groups.
func (p *poll) lost(stage lag.Stage, broker int32, err error) {
	p.fail(stage, broker, err)
	p.s.cluster.stale()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.down[broker] = codeOf(err)
}

func (p *poll) add(reads []*read) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.reads = append(p.reads, reads...)
}

// read describes the groups a broker coordinates and fetches their commits, both at once.
func (p *poll) read(ctx context.Context, broker int32, groups []listed) []*read {
	reads := make([]*read, len(groups))
	for i, g := range groups {
		reads[i] = &read{GroupRead: lag.GroupRead{
			GroupState: g.GroupState, Protocol: g.protocol, ReadCommitted: p.s.cfg.ReadCommitted(g.Group),
			Generation: lag.NoGeneration, Epoch: lag.NoGeneration, AssignmentEpoch: lag.NoGeneration,
		}}
	}
	slices.SortFunc(reads, byGroup)
	settle(p.run(ctx, broker, slices.Concat(p.describing(broker, reads), p.fetching(broker, reads))))
	return reads
}

func byGroup(a, b *read) int { return strings.Compare(a.Group, b.Group) }

// outcome is what describing or fetching one group failed with.
type outcome struct {
	read *read
	code lag.ErrorCode
}

// settle notes why groups could not be read. The first reason stays. A group that is not there any more is Dead:
// DescribeGroups says so in words up to v5, and everything else by code 69.
func settle(all [][]outcome) {
	for _, o := range slices.Concat(all...) {
		switch {
		case o.code == groupIDNotFound:
			o.read.State, o.read.At, o.read.Described = lag.Dead, time.Now(), true
		case o.read.Err == lag.OK:
			o.read.Err = o.code
		}
	}
}

// find looks a group up among sorted reads.
func find(sorted []*read, group string) (*read, bool) {
	i, ok := slices.BinarySearchFunc(sorted, group, func(r *read, name string) int { return strings.Compare(r.Group, name) })
	if !ok {
		return nil, false
	}
	return sorted[i], true
}

// merge sorts what was read and keeps one of the two readings of a group that two brokers listed.
func (p *poll) merge() {
	slices.SortStableFunc(p.reads, byGroup)
	kept := p.reads[:0]
	for _, r := range p.reads {
		last := len(kept) - 1
		if last < 0 || kept[last].Group != r.Group {
			kept = append(kept, r)
			continue
		}
		p.duplicates++
		if better(r, kept[last]) {
			kept[last] = r
		}
	}
	p.reads = kept
}

// better reports whether a rather than b is the group: the one that could be read, that has members, or was read later.
func better(a, b *read) bool {
	if (a.Err == lag.OK) != (b.Err == lag.OK) {
		return a.Err == lag.OK
	}
	if am, bm := a.populated(), b.populated(); am != bm {
		return am
	}
	return livelier(a.GroupState, b.GroupState)
}

func (r *read) populated() bool { return len(r.Members)+len(r.members) > 0 }

// groups are the observation's groups, sorted.
func (p *poll) groups() []lag.GroupRead {
	groups := make([]lag.GroupRead, len(p.reads))
	for i := range p.reads {
		groups[i] = p.reads[i].GroupRead
	}
	return groups
}
