package lag

import (
	"slices"
	"sort"
	"strings"
	"time"
)

// gracePolls is for how many polls in a row a group that no broker lists is kept with its last values.
// At the usual 10 s: half a minute, longer than a coordinator takes to load, and than a controller to fence a
// broker that was killed (0.2 s and 8 s, measured on Apache Kafka 4.3).
const gracePolls = 3

// Declared is what scalers and the configuration declare about the groups of a cluster, and what was saved about these groups.
type Declared struct {
	Keep   []string                       // sorted: groups that never vanish; they become Dead and empty
	Names  func(group, topic string) bool // a scaler of the group names the topic; nil: none does
	Sleeps func(group string) bool        // a target that consumes for the group has no replica; nil: none is known
	Left   map[string][]Left              // by group: topics that it had left before this process started, sorted
}

// Compute turns one poll into a Snapshot if only the groups to keep are declared.
func Compute(o Observation, prev *Snapshot, keep []string) *Snapshot {
	d := Declared{Keep: keep}
	return d.Compute(o, prev)
}

// Compute turns one poll into a Snapshot. It is the only way to make one.
//
// What this poll could not read is taken from the snapshot before (nil at first) and marked: members and owners while
// a classic group rebalances (a coordinator returns them only while the group is Stable), offsets of a group that
// could not be read (Err and Missed say so, ReadAt stays old), and for a grace time a group that no broker listed.
func (d *Declared) Compute(o Observation, prev *Snapshot) *Snapshot {
	if prev == nil {
		prev = &Snapshot{}
	}
	s := &Snapshot{
		Cluster: o.Cluster, Began: o.Began, At: o.At, Brokers: o.Brokers, Topics: o.Topics, Absent: o.Absent,
		Errors: o.Errors, Requests: o.Requests, Duplicates: o.Duplicates,
		Groups: make([]GroupLag, 0, max(len(o.Groups), len(prev.Groups))),
	}
	if len(s.Brokers) == 0 {
		s.Brokers = prev.Brokers
	}
	if len(s.Topics) == 0 && len(o.Errors) > 0 {
		s.Topics = prev.Topics
	}
	for i := range o.Groups {
		before, _ := prev.Group(o.Groups[i].Group)
		if g, ok := d.readGroup(&o.Groups[i], before, s); ok {
			s.Groups = append(s.Groups, g)
		}
	}
	s.Groups = append(s.Groups, d.unreadGroups(o, prev)...)
	slices.SortFunc(s.Groups, func(a, b GroupLag) int { return strings.Compare(a.Group, b.Group) })
	return s
}

// unreadGroups are the groups that this poll does not mention and that are not forgotten yet.
func (d *Declared) unreadGroups(o Observation, prev *Snapshot) []GroupLag {
	var groups []GroupLag
	listed := func(name string) bool {
		i := sort.Search(len(o.Groups), func(i int) bool { return o.Groups[i].Group >= name })
		return i < len(o.Groups) && o.Groups[i].Group == name
	}
	kept := func(name string) bool {
		_, ok := slices.BinarySearch(d.Keep, name)
		return ok
	}
	for i := range prev.Groups {
		g := &prev.Groups[i]
		if listed(g.Group) || g.State == Dead && kept(g.Group) {
			continue // a kept group that is known to be dead is made anew below
		}
		if g.Missed < gracePolls || listingFailed(o) {
			groups = append(groups, carryOver(g, Unlisted))
		}
	}
	carried := Snapshot{Groups: groups}
	for _, name := range d.Keep {
		if _, ok := carried.Group(name); ok || listed(name) {
			continue
		}
		g := GroupLag{
			GroupState: GroupState{At: o.At, Group: name, State: Dead, Coordinator: -1},
			Generation: NoGeneration, Epoch: NoGeneration, AssignmentEpoch: NoGeneration,
			ReadAt: o.At, Described: true,
		}
		before, ok := prev.Group(name)
		if ok {
			g.Type = before.Type
		}
		g.Left = d.remember(name, before)
		if listingFailed(o) {
			g.State, g.Err, g.Missed = StateUnknown, Unlisted, StaleAfter // never read
			g.ReadAt, g.Described = time.Time{}, false
		}
		groups = append(groups, g)
	}
	return groups
}

func listingFailed(o Observation) bool {
	return slices.ContainsFunc(o.Errors, func(e ReadError) bool {
		return e.Stage == StageList || e.Stage == StageConnect || e.Stage == StageMetadata
	})
}

// carryOver is a group as it was, for a poll that could not read it.
func carryOver(before *GroupLag, why ErrorCode) GroupLag {
	g := *before
	g.Err = why
	g.Missed++
	return g
}

// readGroup is one group of this poll; ok is false for a dead group that is past its grace.
func (d *Declared) readGroup(r *GroupRead, before *GroupLag, s *Snapshot) (GroupLag, bool) {
	if r.State == Dead && r.Err == OK {
		if before == nil || before.Missed >= gracePolls {
			return GroupLag{}, false
		}
		g := carryOver(before, OK)
		g.GroupState, g.Members = r.GroupState, nil
		return g, true
	}
	if r.Err != OK && before != nil && r.CommitsAt.IsZero() && !r.Described {
		g := carryOver(before, r.Err)
		if r.State != StateUnknown {
			g.GroupState = r.GroupState
		}
		return g, true
	}
	g := describe(r, before)
	past := d.remember(g.Group, before)
	if r.CommitsAt.IsZero() {
		if before != nil {
			g.Topics, g.ReadAt = before.Topics, before.ReadAt
		}
		g.Left = past
		return g, true
	}
	v := newLeaver(&g, before, past, d, s.At)
	g.Topics = topics(&v, r.Commits, s)
	setOwners(&g)
	return g, true
}

// describe is a group as this poll describes it, without its offsets.
func describe(r *GroupRead, before *GroupLag) GroupLag {
	g := GroupLag{
		GroupState: r.GroupState, Protocol: r.Protocol, Assignor: r.Assignor,
		Generation: r.Generation, Epoch: r.Epoch, AssignmentEpoch: r.AssignmentEpoch,
		Members: r.Members, ReadAt: r.CommitsAt, ReadCommitted: r.ReadCommitted, Described: r.Described, Err: r.Err,
	}
	if r.Err != OK {
		g.Missed = 1
		if before != nil {
			g.Missed = before.Missed + 1
		}
	}
	if !g.Described && before != nil {
		g.Members, g.Assignor, g.Protocol = before.Members, before.Assignor, before.Protocol
		g.Generation = before.Generation
	}
	g.Subtopologies = subtopologies(&g, r.Subtopologies, before)
	return g
}
