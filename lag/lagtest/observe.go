package lagtest

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/lagscaler/lagscaler/lag"
)

// Sample lists every group that a healthy broker coordinates.
func (c *Cluster) Sample(ctx context.Context) lag.Sample {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.now()
	s := lag.Sample{Cluster: c.name, At: now, Errors: c.faults(ctx)}
	for _, name := range c.names() {
		g := c.groups[name]
		if g.shown == Hidden || c.fault(ctx, g.Coordinator) != lag.OK {
			continue
		}
		state := g.GroupState
		state.At = now
		s.Groups = append(s.Groups, state)
	}
	return s
}

// fault is the code with which a broker refuses requests; OK when it answers.
func (c *Cluster) fault(ctx context.Context, id int32) lag.ErrorCode {
	if ctx.Err() != nil {
		return lag.Unreachable
	}
	return c.brokers[id].fault
}

func (c *Cluster) faults(ctx context.Context) []lag.ReadError {
	var errors []lag.ReadError
	for _, b := range c.brokers {
		if code := c.fault(ctx, b.ID); code != lag.OK {
			errors = append(errors, lag.ReadError{Stage: lag.StageList, Broker: b.ID, Code: code, Detail: "ListGroups: " + code.String()})
		}
	}
	return errors
}

// ReadTopics makes the observations from now on read these topics, too.
func (c *Cluster) ReadTopics(names lag.TopicNames) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.named = names
}

// ReadGroups makes the samples and observations from now on leave out the groups that somebody else reads. Other fields are not used.
func (c *Cluster) ReadGroups(names lag.GroupNames) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.reads = names.Reads
}

// Observe reads everything.
func (c *Cluster) Observe(ctx context.Context) lag.Observation {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.now()
	o := lag.Observation{
		Cluster: c.name, Began: now, At: now, Errors: c.faults(ctx),
		Requests: []lag.RequestCount{{API: "ListGroups", Count: int64(len(c.brokers))}},
	}
	for _, b := range c.brokers {
		o.Brokers = append(o.Brokers, b.Broker)
	}
	wanted := map[string]bool{}
	for _, name := range c.names() {
		g := c.groups[name]
		if g.shown == ListedTwice {
			o.Duplicates++
		}
		if r, ok := c.read(ctx, g, now); ok {
			o.Groups = append(o.Groups, r)
		}
		want(wanted, g)
	}
	for _, name := range c.named.Names {
		wanted[name] = true
		if _, ok := c.topics[name]; !ok {
			o.Absent = append(o.Absent, name)
		}
	}
	for name := range c.topics {
		wanted[name] = wanted[name] || c.named.Match != nil && c.named.Match(name)
	}
	for _, name := range slices.Sorted(maps.Keys(wanted)) {
		if !wanted[name] {
			continue
		}
		if t, ok := c.topics[name]; ok {
			o.Topics = append(o.Topics, c.topic(ctx, name, t, now))
		}
	}
	o.Errors = append(o.Errors, leaderless(o.Topics)...)
	return o
}

// read is the group in an observation. A group that cannot be read is in it, with the reason, once it has been seen.
func (c *Cluster) read(ctx context.Context, g *group, now time.Time) (lag.GroupRead, bool) {
	r := g.GroupRead
	r.At = now
	if code := c.unreadable(ctx, g); code != lag.OK {
		return lag.GroupRead{
			GroupState: lag.GroupState{At: now, Group: r.Group, Type: r.Type, Coordinator: r.Coordinator},
			Protocol:   r.Protocol, ReadCommitted: r.ReadCommitted, Err: code,
			Generation: lag.NoGeneration, Epoch: lag.NoGeneration, AssignmentEpoch: lag.NoGeneration,
		}, c.seen[r.Group]
	}
	c.seen[r.Group] = true
	r.CommitsAt = now
	r.Described = r.Type != lag.Classic || !r.State.Rebalancing()
	if !r.Described {
		r.Members, r.Assignor, r.Generation = nil, "", lag.NoGeneration
	}
	r.Members = slices.Clone(r.Members)
	for _, topic := range slices.Sorted(maps.Keys(g.offsets)) {
		commits := lag.TopicCommits{Topic: topic}
		for _, p := range slices.Sorted(maps.Keys(g.offsets[topic])) {
			commits.Partitions = append(commits.Partitions, lag.PartitionCommit{
				Partition: p, Offset: g.offsets[topic][p], Known: lag.KnownCommitted,
			})
		}
		if len(commits.Partitions) > 0 {
			r.Commits = append(r.Commits, commits)
		}
	}
	return r, true
}

func (c *Cluster) unreadable(ctx context.Context, g *group) lag.ErrorCode {
	if code := c.fault(ctx, g.Coordinator); code != lag.OK {
		return code
	}
	if g.shown == Hidden {
		return lag.Unlisted
	}
	return g.err
}

// want notes the topics a group commits to, subscribes to or is assigned.
func want(wanted map[string]bool, g *group) {
	for topic, offsets := range g.offsets {
		if len(offsets) > 0 {
			wanted[topic] = true
		}
	}
	for _, m := range g.Members {
		for _, topic := range m.Topics {
			wanted[topic] = true
		}
		for _, a := range slices.Concat(m.Assigned, m.Target) {
			wanted[a.Topic] = true
		}
	}
}

func (c *Cluster) topic(ctx context.Context, name string, t *topic, now time.Time) lag.TopicRead {
	read := lag.TopicRead{Name: name, ID: t.id, Partitions: make([]lag.PartitionRead, len(t.partitions))}
	for i, p := range t.partitions {
		r := lag.PartitionRead{Leader: p.leader, LeaderEpoch: p.epoch, Replicas: replicas, InSync: p.inSync}
		switch {
		case p.leader < 0:
			r.Err = lag.LeaderNotAvailable
		case c.fault(ctx, p.leader) == lag.Unreachable:
			r.Err = lag.Unreachable
		default:
			r.Start, r.End, r.Stable, r.At = p.start, p.end, p.stable, now.UnixMilli()
			r.Known = lag.KnownStart | lag.KnownEnd | lag.KnownStable
		}
		read.Partitions[i] = r
	}
	return read
}

// leaderless are the errors of partitions that have no leader.
func leaderless(topics []lag.TopicRead) []lag.ReadError {
	n, example := 0, ""
	for _, t := range topics {
		for i, p := range t.Partitions {
			if p.Err == lag.LeaderNotAvailable {
				if n++; n == 1 {
					example = fmt.Sprintf("%s/%d", t.Name, i)
				}
			}
		}
	}
	if n == 0 {
		return nil
	}
	return []lag.ReadError{{
		Stage: lag.StageOffsets, Broker: -1, Code: lag.LeaderNotAvailable,
		Detail: fmt.Sprintf("%d partitions, such as %s: %s", n, example, lag.LeaderNotAvailable),
	}}
}
