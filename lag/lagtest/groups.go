package lagtest

import (
	"cmp"
	"hash/fnv"
	"slices"
	"strings"

	"github.com/lagscaler/lagscaler/lag"
)

// group finds a group or makes an empty classic one, coordinated by the broker its name hashes to.
func (c *Cluster) group(name string) *group {
	if g, ok := c.groups[name]; ok {
		return g
	}
	h := fnv.New32a()
	_, _ = h.Write([]byte(name)) // a hash never fails
	g := &group{offsets: map[string]map[int32]int64{}, shown: Listed}
	g.GroupRead = lag.GroupRead{
		GroupState: lag.GroupState{
			Group: name, Type: lag.Classic, State: lag.Empty, Coordinator: int32(h.Sum32() % uint32(len(c.brokers))),
		},
		Generation: lag.NoGeneration, Epoch: lag.NoGeneration, AssignmentEpoch: lag.NoGeneration,
	}
	c.groups[name] = g
	return g
}

// Commit stores an offset. A group that does not exist is created as one that only stores offsets.
func (c *Cluster) Commit(group, topic string, partition int32, offset int64) {
	c.do(func() {
		g := c.group(group)
		if g.offsets[topic] == nil {
			g.offsets[topic] = map[int32]int64{}
		}
		g.offsets[topic][partition] = offset
	})
}

// Uncommit removes a committed offset, as its retention does.
func (c *Cluster) Uncommit(group, topic string, partition int32) {
	c.do(func() { delete(c.group(group).offsets[topic], partition) })
}

// Join adds a member and rebalances at once: partitions are assigned by range, and the generation rises.
func (c *Cluster) Join(group, member string, topics ...string) {
	c.do(func() {
		g := c.group(group)
		g.Members = slices.DeleteFunc(slices.Clone(g.Members), func(m lag.Member) bool { return m.ID == member })
		sorted := slices.Sorted(slices.Values(topics))
		g.Members = append(g.Members, lag.Member{
			ID: member, ClientID: member, Host: "127.0.0.1", Topics: sorted,
			Generation: lag.NoGeneration, Epoch: lag.NoGeneration,
		})
		c.rebalance(g)
	})
}

// Leave removes a member and rebalances at once.
func (c *Cluster) Leave(group, member string) {
	c.do(func() {
		g := c.group(group)
		g.Members = slices.DeleteFunc(slices.Clone(g.Members), func(m lag.Member) bool { return m.ID == member })
		c.rebalance(g)
	})
}

func (c *Cluster) rebalance(g *group) {
	g.State, g.Protocol = lag.Stable, cmp.Or(g.Protocol, "consumer")
	if len(g.Members) == 0 {
		g.State = lag.Empty
	}
	slices.SortFunc(g.Members, func(a, b lag.Member) int { return strings.Compare(a.ID, b.ID) })
	if g.Type == lag.Consumer {
		g.Epoch = max(g.Epoch, 0) + 1
		g.AssignmentEpoch = g.Epoch
		g.Assignor = "uniform"
	} else {
		g.Generation = max(g.Generation, 0) + 1
		g.Assignor = "range"
	}
	for i := range g.Members {
		m := &g.Members[i]
		m.Assigned = c.assign(g.Members, i)
		if g.Type == lag.Consumer {
			m.Epoch = g.Epoch
		} else {
			m.Generation = g.Generation - 1
		}
	}
}

// assign gives member i its range of each topic it subscribes to.
func (c *Cluster) assign(members []lag.Member, i int) []lag.TopicPartitions {
	var assigned []lag.TopicPartitions
	for _, name := range members[i].Topics {
		t, ok := c.topics[name]
		if !ok {
			continue
		}
		var place, of int
		for k := range members {
			if slices.Contains(members[k].Topics, name) {
				if k < i {
					place++
				}
				of++
			}
		}
		n := len(t.partitions)
		var mine []int32
		for p := n * place / of; p < n*(place+1)/of; p++ {
			mine = append(mine, int32(p))
		}
		if len(mine) > 0 {
			assigned = append(assigned, lag.TopicPartitions{Topic: name, Partitions: mine})
		}
	}
	return assigned
}

// Kind sets the type of the group, such as [lag.Consumer]. Call it before a member joins.
func (c *Cluster) Kind(group string, kind lag.GroupType) {
	c.do(func() { c.group(group).Type = kind })
}

// State sets the state of the group and changes nothing else. Observations have members of a classic group only while
// it is Stable.
func (c *Cluster) State(group string, state lag.State) {
	c.do(func() { c.group(group).State = state })
}

// Put sets everything an observation has of a group, except its commits, times and read-committed flag.
func (c *Cluster) Put(r lag.GroupRead) {
	c.do(func() { c.group(r.Group).GroupRead = r })
}

// ReadCommitted makes the last stable offset the group's end, as a configuration does.
func (c *Cluster) ReadCommitted(group string) {
	c.do(func() { c.group(group).ReadCommitted = true })
}

// Remove deletes a group with its offsets.
func (c *Cluster) Remove(group string) {
	c.do(func() {
		delete(c.groups, group)
		delete(c.seen, group)
	})
}

// Coordinate moves a group to another coordinator.
func (c *Cluster) Coordinate(group string, broker int32) {
	c.do(func() { c.group(group).Coordinator = broker })
}

// List sets how many brokers list the group.
func (c *Cluster) List(group string, how Listing) {
	c.do(func() { c.group(group).shown = how })
}

// FailGroup makes the group's coordinator answer the code for this group alone, such as [lag.GroupDenied]. [lag.OK] heals it.
func (c *Cluster) FailGroup(group string, code lag.ErrorCode) {
	c.do(func() { c.group(group).err = code })
}
