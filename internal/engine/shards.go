package engine

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/lagscaler/lagscaler/lag/shard"
	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/brakes"
	"github.com/lagscaler/lagscaler/scaler/breaker"
)

// Shards says which groups are this process's own, when several share the groups of a fleet. Its methods do not block.
type Shards interface {
	// View is what is this process's own now; nil: everything.
	View() *shard.View
	// Follows reports whether this process is a shard's replica that does not lead; false where there are no other shards.
	Follows() bool
	// Parts says what this process needs of each limit above single scalers, by the name of the limit, and returns what it may use;
	// nil: there are no other shards, it may use all of them.
	Parts(limits []brakes.Limit, needs map[string]brakes.Parts) map[string]brakes.Parts
	// Stops says which scalers of this process have stopped themselves, and returns what the other shards have said of theirs.
	Stops(own breaker.Part) (others []breaker.Part)
	// Took says that the engine goes by a View from now on: nothing is under way any more for what that does not own, and what was
	// learned of it is saved.
	Took(v *shard.View)
}

// FixedShard is one shard of a fleet in which nobody says when the number of shards changes, and nothing is scaled: the program without
// Kubernetes. follows: another replica of the shard leads, as in measurements.
func FixedShard(s shard.Shard, follows bool) Shards {
	return fixedShard{shard.NewView(s, s.Of), follows}
}

type fixedShard struct {
	view    *shard.View
	follows bool
}

func (f fixedShard) View() *shard.View               { return f.view }
func (f fixedShard) Follows() bool                   { return f.follows }
func (fixedShard) Took(*shard.View)                  {}
func (fixedShard) Stops(breaker.Part) []breaker.Part { return nil }
func (fixedShard) Parts([]brakes.Limit, map[string]brakes.Parts) map[string]brakes.Parts {
	return nil
}

// A scaler is decided by the shard that owns the group of its first source. That shard also reads the groups of the other sources. The
// owners of these groups read the scaler for what belongs to a group: thresholds, its tier, hints, that it is kept.
//
// While the number of shards changes, a process also reads the groups that it is about to own, and decides for their scalers as a replica
// that does not lead: when they become its own, it has seen what happened before.

// shardKey is the group whose owner decides for a scaler. One that names no group, because it is invalid, goes by its own name.
func shardKey(one *scaler.Scaler) (cluster, group string) {
	if len(one.Sources) == 0 {
		return "", one.Name
	}
	return one.Sources[0].Cluster, one.Sources[0].Group
}

// owns reports whether this process decides for a scaler, if it leads.
func (s *scaling) owns(one *scaler.Scaler) bool { return s.view.Owns(shardKey(one)) }

// leads reports whether this process may act for a scaler.
func (s *scaling) leads(one *scaler.Scaler) bool { return s.leading() && s.owns(one) }

// divide finds the scalers of this shard, and the groups that are read for them.
func (d *declared) divide() {
	if d.view.All() {
		return
	}
	d.scalers = nil
	for _, one := range d.all {
		if !d.view.Reads(shardKey(&one)) {
			continue
		}
		d.scalers = append(d.scalers, one)
		if !one.Applies() {
			continue
		}
		for _, src := range one.Sources {
			d.needed[groupName{src.Cluster, src.Group}] = true
		}
	}
}

// isRead reports whether this process reads a group.
func (d *declared) isRead(cluster, group string) bool {
	return d.view.Reads(cluster, group) || d.needed[groupName{cluster, group}]
}

// reads is isRead for the groups of a cluster; nil: all. It is used while the engine takes in something else.
func (d *declared) reads(cluster string) func(group string) bool {
	if d.view.All() {
		return nil
	}
	view, needed := d.view, d.needed
	return func(group string) bool { return view.Reads(cluster, group) || needed[groupName{cluster, group}] }
}

// takeShare goes by what is this process's own now, if that has changed.
func (e *Engine) takeShare(ctx context.Context, now time.Time) (changed bool) {
	if e.opts.Shards == nil {
		return false
	}
	view := e.opts.Shards.View()
	if changed = view != e.scaling.view; changed {
		e.scaling.goBy(ctx, view)
		e.declare(now)
	}
	e.opts.Shards.Took(view)
	return changed
}

// goBy saves what was learned of the scalers that another shard is about to decide for, and forgets what they take of limits. What that
// shard, or any other one, has saved of scalers that this one gets is loaded before they are decided.
func (s *scaling) goBy(ctx context.Context, view *shard.View) {
	lost, kept := map[string]scaler.Memory{}, map[string]bool{}
	for name, r := range s.reports {
		was, is := s.owns(&r.Scaler), view.Owns(shardKey(&r.Scaler))
		switch learned, ok := s.memory.learned[name]; {
		case was && is:
			kept[name] = true
		case was && ok:
			lost[name] = learned
			s.braking.ledger.Leave(name)
		}
	}
	if s.learns() {
		s.memory.saveThese(ctx, lost)
	}
	if s.memory.due {
		for name := range kept {
			kept[name] = s.memory.own[name]
		}
	}
	s.view, s.memory.own, s.memory.due, s.memory.others = view, kept, true, true
	s.memory.owns = func(name string) bool {
		r, ok := s.reports[name]
		return ok && s.owns(&r.Scaler)
	}
}

// tellNeeds says what the scalers of this process need of the limits, and takes in what it may use of them until the next poll.
func (s *scaling) tellNeeds(now time.Time) {
	if limits := s.braking.settings.Limits; s.shards != nil && !s.view.All() && s.leading() {
		s.braking.parts = s.shards.Parts(limits, s.braking.ledger.Needs(s.round(now)))
	}
}

// parts is what this process may use of the limits; nil: all of them.
func (s *scaling) parts() map[string]brakes.Parts {
	switch {
	case s.view.All():
		return nil
	case s.braking.parts == nil:
		return map[string]brakes.Parts{} // nothing yet
	}
	return s.braking.parts
}

// saveThese saves what some scalers have learned, before another shard decides for them.
func (m *memory) saveThese(ctx context.Context, learned map[string]scaler.Memory) {
	if learned = m.savable(learned); !m.loaded || m.store == nil || len(learned) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, memoryTimeout)
	defer cancel()
	if err := m.store.Save(ctx, learned); err != nil {
		m.log.Warn("saving what was learned failed, before another shard goes on with it", "err", err)
	}
}

// samplers is how many shards list all groups of the brokers, because the protocol has no filter by name. All of them together list as
// often as one process does with its samples: a poll of one of several shards counts as a sample, see listing.
func (e *Engine) samplers() int {
	if e.opts.Shards == nil {
		return 1
	}
	if v := e.opts.Shards.View(); v != nil {
		return max(1, v.Of)
	}
	return 1
}

// rests reports whether a poll that is due is left out: a replica that follows the leader of one of several shards polls every second
// time. It has to know what happened when it begins to lead, and acts on nothing before; brokers answer a quarter less. left: the last
// poll was left out. The interval of its readings is then less than what counts as a gap (package seen), and it samples in between, see
// listing.
func (e *Engine) rests(left bool) bool {
	return !left && e.opts.Shards != nil && e.opts.Shards.Follows()
}

// listing is when the groups of a cluster were last listed, in nanoseconds.
type listing struct {
	every time.Duration // the interval of the polls
	last  atomic.Int64  // by a poll or a sample; 0: never
	poll  atomic.Int64  // by a poll
}

func (l *listing) polled() {
	now := time.Now().UnixNano()
	l.last.Store(now)
	l.poll.Store(now)
}

func (l *listing) sampled() { l.last.Store(time.Now().UnixNano()) }

// due reports whether one of n shards has to sample now. All of them together list the groups once in an interval: each of them does once
// in n intervals, counting its polls, and leaves it to the next poll if that is about to come. With a sample every second and a poll every
// ten, in ten seconds:
//
//	shards   of each: polls, samples   of all
//	1        1, 10                     11
//	2        1, 4                      10
//	3        1, 2                      9
//	10       1, 0                      10
//	20       1, 0                      20
//
// That is of the leaders. A replica that follows lists as often: a sample comes where it leaves a poll out.
func (l *listing) due(n int, interval time.Duration) bool {
	now := time.Now()
	if now.Sub(time.Unix(0, l.last.Load())) < time.Duration(n)*interval {
		return false
	}
	left := time.Unix(0, l.poll.Load()).Add(l.every).Sub(now)
	return left > interval || left < -interval // late: it may be long in coming
}

// own is the part of a report that is this process's own: the same one where it has all of it.
func (e *Engine) own(c *ClusterReport, shown map[*ClusterReport]*ClusterReport) *ClusterReport {
	view := e.scaling.view
	if view.All() {
		return c
	}
	part, known := e.shown[c]
	if !known || e.shownBy != view {
		part = ownPart(c, view)
	}
	shown[c] = part
	return part
}

func ownPart(c *ClusterReport, view *shard.View) *ClusterReport {
	part := *c
	part.Groups = nil
	for i := range c.Groups {
		if view.Owns(c.Name, c.Groups[i].Lag.Group) {
			part.Groups = append(part.Groups, c.Groups[i])
		}
	}
	return &part
}
