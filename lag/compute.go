package lag

import (
	"cmp"
	"slices"
	"sort"
	"strings"
	"time"
)

// gracePolls is for how many polls in a row a group that is Dead, or that an observation does not mention, is kept with its
// last values. At the usual 10 s: half a minute. A group is not mentioned by a source that never saw it: after a new connection,
// for example. Sources keep one that they saw for a time of their own (Limits.Grace of kafkasource); the longer one counts.
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

// Compute is Take that leaves the observation as it is.
func (d *Declared) Compute(o Observation, prev *Snapshot) *Snapshot {
	o.Groups = slices.Clone(o.Groups)
	return d.Take(&o, prev)
}

// Take turns one poll into a Snapshot. It is the only way to make one. It removes the commits from the observation, group by group:
// those of a million partitions take 24 MB, which need not stay in memory until the whole snapshot is made.
//
// What this poll could not read is taken from the snapshot before (nil at first) and marked: members and owners while
// a classic group rebalances (a coordinator returns them only while the group is Stable), and offsets of a group that
// could not be read (Err and Missed say so, ReadAt stays old). A group whose coordinator says that it does not exist is kept
// for a grace time.
func (d *Declared) Take(o *Observation, prev *Snapshot) *Snapshot {
	if prev == nil {
		prev = &Snapshot{}
	}
	s := &Snapshot{
		Cluster: o.Cluster, Began: o.Began, At: o.At, Brokers: o.Brokers, Topics: o.Topics, Past: o.Past, FirstSince: o.FirstSince, Absent: o.Absent,
		OffsetsRetention: o.OffsetsRetention,
		Errors:           o.Errors, Requests: o.Requests, Duplicates: o.Duplicates,
		ClusterID: cmp.Or(o.ClusterID, prev.ClusterID), Foreign: o.Foreign,
		Groups: make([]GroupLag, 0, max(len(o.Groups), len(prev.Groups))),
	}
	if len(s.Brokers) == 0 {
		s.Brokers = prev.Brokers
	}
	if len(s.Topics) == 0 && len(o.Errors) > 0 {
		s.Topics = prev.Topics
	}
	var lists scratch
	for i := range o.Groups {
		before, _ := prev.Group(o.Groups[i].Group)
		if g, ok := d.readGroup(&o.Groups[i], before, s, &lists); ok {
			s.Groups = append(s.Groups, g)
		}
		o.Groups[i].Commits = nil
	}
	s.Groups = append(s.Groups, d.unreadGroups(o, prev)...)
	s.Groups = append(s.Groups, d.keptGroups(o, prev, s)...)
	slices.SortFunc(s.Groups, func(a, b GroupLag) int { return strings.Compare(a.Group, b.Group) })
	return s
}

// unreadGroups are the groups that this poll does not mention and that are not forgotten yet.
func (d *Declared) unreadGroups(o *Observation, prev *Snapshot) []GroupLag {
	var groups []GroupLag
	for i := range prev.Groups {
		g := &prev.Groups[i]
		if o.mentions(g.Group) || g.State == Dead && d.keeps(g.Group) {
			continue // a kept group that is known to be dead is made anew
		}
		switch why, failed := listingFailed(o); {
		case failed:
			groups = append(groups, carryOver(g, why))
		case g.Missed < gracePolls:
			groups = append(groups, carryOver(g, Unlisted))
		}
	}
	return groups
}

func (d *Declared) keeps(name string) bool {
	_, ok := slices.BinarySearch(d.Keep, name)
	return ok
}

// mentions reports whether the poll says something of a group.
func (o *Observation) mentions(name string) bool {
	i := sort.Search(len(o.Groups), func(i int) bool { return o.Groups[i].Group >= name })
	return i < len(o.Groups) && o.Groups[i].Group == name
}

// keptGroups are the groups to keep that are not in the snapshot so far. They do not exist, if their coordinator says so or if
// the list of groups is complete. Otherwise nothing is known of them.
func (d *Declared) keptGroups(o *Observation, prev, s *Snapshot) []GroupLag {
	if len(d.Keep) == 0 {
		return nil
	}
	in := map[string]bool{}
	for i := range s.Groups {
		in[s.Groups[i].Group] = true
	}
	var groups []GroupLag
	for _, name := range d.Keep {
		if in[name] {
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
		if why, failed := listingFailed(o); failed && !o.mentions(name) {
			g.State, g.Err, g.Missed = StateUnknown, why, StaleAfter // never read
			g.ReadAt, g.Described = time.Time{}, false
		}
		groups = append(groups, g)
	}
	return groups
}

// listingFailed reports whether the list of groups is not complete, and why.
func listingFailed(o *Observation) (why ErrorCode, failed bool) {
	i := slices.IndexFunc(o.Errors, func(e ReadError) bool {
		return e.Stage == StageList || e.Stage == StageConnect || e.Stage == StageMetadata
	})
	if i < 0 {
		return OK, false
	}
	return o.Errors[i].Code, true
}

// carryOver is a group as it was, for a poll that could not read it.
func carryOver(before *GroupLag, why ErrorCode) GroupLag {
	g := *before
	g.Err = why
	g.Missed++
	return g
}

// readGroup is one group of this poll; ok is false for a dead group that is past its grace.
func (d *Declared) readGroup(r *GroupRead, before *GroupLag, s *Snapshot, lists *scratch) (GroupLag, bool) {
	if r.State == Dead && r.Err == OK {
		if before == nil || before.Missed >= gracePolls || before.Absent() {
			return GroupLag{}, false
		}
		g := carryOver(before, OK)
		g.GroupState, g.Members, g.Topics = r.GroupState, nil, withoutOwners(g.Topics)
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
			g.Topics, g.ReadAt = withoutOwners(before.Topics), before.ReadAt
			setOwners(&g) // the members are this poll's
		}
		g.Left = past
		return g, true
	}
	v := newLeaver(&g, before, past, d, s.At)
	g.Topics = topics(&v, r.Commits, s, lists)
	setOwners(&g)
	lists.keep(&g, before)
	return g, true
}

// describe is a group as this poll describes it, without its offsets.
func describe(r *GroupRead, before *GroupLag) GroupLag {
	g := GroupLag{
		GroupState: r.GroupState, Protocol: r.Protocol, Assignor: r.Assignor,
		Generation: r.Generation, Epoch: r.Epoch, AssignmentEpoch: r.AssignmentEpoch,
		Members: r.Members, ReadAt: r.CommitsAt, ReadCommitted: r.ReadCommitted, Described: r.Described, Err: r.Err,
		MaxMembers: r.MaxMembers,
	}
	if r.Err != OK {
		g.Missed = StaleAfter // it has no values that could be shown
		if before != nil {
			g.Missed = before.Missed + 1
		}
	}
	if g.MaxMembers == 0 && before != nil && g.Err != OK {
		g.MaxMembers = before.MaxMembers
	}
	if !g.Described && before != nil {
		g.Members, g.Assignor, g.Protocol = before.Members, before.Assignor, before.Protocol
		g.Generation = before.Generation
	}
	if before != nil && equalMembers(before.Members, g.Members) {
		g.Members = before.Members // one copy of them, not two
	}
	g.Subtopologies = subtopologies(&g, r.Subtopologies, before)
	return g
}
