package lag

import (
	"regexp"
	"slices"
	"sort"
	"strings"
)

// graceMissed is for how many polls in a row a group that nobody lists is kept with its last values.
// At the usual 10 s: half a minute, longer than a coordinator takes to load, and than a controller to fence a
// broker that was killed (0.2 s and 8 s, measured on Apache Kafka 4.3).
const graceMissed = 3

// Compute turns one poll into a Snapshot. It is the only way to make one.
//
// What this poll could not see is taken from the snapshot before (nil at first) and marked: members and owners while
// a classic group rebalances (a coordinator tells them only while the group is Stable), offsets of a group that
// could not be read (Err and Missed say so, ReadAt stays old), and for a grace time a group that nobody listed.
// The groups named in keep (sorted: those that are scaled or declared) never vanish: they become Dead and empty.
func Compute(o Observation, prev *Snapshot, keep []string) *Snapshot {
	if prev == nil {
		prev = &Snapshot{}
	}
	s := &Snapshot{
		Cluster: o.Cluster, Began: o.Began, At: o.At, Brokers: o.Brokers, Topics: o.Topics,
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
		if g, ok := read(&o.Groups[i], before, s); ok {
			s.Groups = append(s.Groups, g)
		}
	}
	s.Groups = append(s.Groups, unread(o, prev, keep)...)
	slices.SortFunc(s.Groups, func(a, b GroupLag) int { return strings.Compare(a.Group, b.Group) })
	return s
}

// unread are the groups that this poll says nothing of, but that are not forgotten yet.
func unread(o Observation, prev *Snapshot, keep []string) []GroupLag {
	var groups []GroupLag
	listed := func(name string) bool {
		_, ok := slices.BinarySearchFunc(o.Groups, name, func(g GroupRead, n string) int { return strings.Compare(g.Group, n) })
		return ok
	}
	for i := range prev.Groups {
		g := &prev.Groups[i]
		if listed(g.Group) || g.State == Dead && slices.Contains(keep, g.Group) {
			continue // a kept group that is known to be dead is made anew below
		}
		if g.Missed < graceMissed || listingFailed(o) {
			groups = append(groups, carried(g, Unlisted))
		}
	}
	for _, name := range keep {
		if listed(name) || slices.ContainsFunc(groups, func(g GroupLag) bool { return g.Group == name }) {
			continue
		}
		g := GroupLag{
			GroupState: GroupState{At: o.At, Group: name, State: Dead, Coordinator: -1},
			Generation: NoGeneration, Epoch: NoGeneration, AssignmentEpoch: NoGeneration,
			ReadAt: o.At, Described: true,
		}
		if before, ok := prev.Group(name); ok {
			g.Type = before.Type
		}
		if listingFailed(o) {
			g.State, g.Err = StateUnknown, Unlisted
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

// carried is a group as it was, for a poll that could not read it.
func carried(before *GroupLag, why ErrorCode) GroupLag {
	g := *before
	g.Err = why
	g.Missed++
	return g
}

// read is one group of this poll; ok is false for a dead group that is past its grace.
func read(r *GroupRead, before *GroupLag, s *Snapshot) (GroupLag, bool) {
	if r.State == Dead && r.Err == OK {
		if before == nil || before.Missed >= graceMissed {
			return GroupLag{}, false
		}
		g := carried(before, OK)
		g.GroupState, g.Members = r.GroupState, nil
		return g, true
	}
	if r.Err != OK && before != nil && r.CommitsAt.IsZero() && !r.Described {
		g := carried(before, r.Err)
		if r.State != StateUnknown {
			g.GroupState = r.GroupState
		}
		return g, true
	}
	g := fresh(r, before)
	if r.CommitsAt.IsZero() {
		if before != nil {
			g.Topics, g.ReadAt = before.Topics, before.ReadAt
		}
		return g, true
	}
	g.Topics = topics(&g, r.Commits, s)
	own(&g)
	return g, true
}

// fresh is a group as this poll describes it, without its offsets.
func fresh(r *GroupRead, before *GroupLag) GroupLag {
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
	return g
}

// topics builds the group's rows. A topic that its members subscribe to or hold shows all its partitions;
// one that is only committed to shows the committed ones, and is orphaned if there are members who do not want it.
func topics(g *GroupLag, commits []TopicCommits, s *Snapshot) []TopicLag {
	want := wanted(g)
	names := make([]string, 0, len(commits)+len(want.topics))
	for _, c := range commits {
		names = append(names, c.Topic)
	}
	names = append(names, want.topics...)
	slices.Sort(names)
	names = slices.Compact(names)

	rows := make([]TopicLag, 0, len(names))
	for _, name := range names {
		topic, ok := s.Topic(name)
		if !ok {
			continue // deleted: fresh metadata does not know it
		}
		var committed []PartitionCommit
		if i := slices.IndexFunc(commits, func(c TopicCommits) bool { return c.Topic == name }); i >= 0 {
			committed = commits[i].Partitions
		}
		row := TopicLag{Topic: name, ID: topic.ID, Orphaned: want.orphaned(name)}
		if want.has(name) {
			row.Partitions = everyPartition(topic, committed, g.ReadCommitted)
		} else {
			row.Partitions = committedPartitions(topic, committed, g.ReadCommitted)
		}
		if len(row.Partitions) > 0 {
			rows = append(rows, row)
		}
	}
	return rows
}

// everyPartition has a row for each partition of the topic. When the topic itself could not be read,
// the committed partitions are all that is known of it.
func everyPartition(topic *TopicRead, committed []PartitionCommit, readCommitted bool) []PartitionLag {
	if len(topic.Partitions) == 0 {
		return committedPartitions(topic, committed, readCommitted)
	}
	rows := make([]PartitionLag, len(topic.Partitions))
	next := 0
	for p := range rows {
		for next < len(committed) && committed[next].Partition < int32(p) {
			next++
		}
		var c PartitionCommit
		if next < len(committed) && committed[next].Partition == int32(p) {
			c = committed[next]
		}
		c.Partition = int32(p)
		rows[p] = row(topic, c, readCommitted)
	}
	return rows
}

func committedPartitions(topic *TopicRead, committed []PartitionCommit, readCommitted bool) []PartitionLag {
	rows := make([]PartitionLag, 0, len(committed))
	for _, c := range committed {
		if len(topic.Partitions) > 0 && int(c.Partition) >= len(topic.Partitions) {
			continue // recreated with fewer partitions
		}
		rows = append(rows, row(topic, c, readCommitted))
	}
	return rows
}

// row joins a commit (Known is 0 when there is none) with the partition's offsets.
func row(topic *TopicRead, c PartitionCommit, readCommitted bool) PartitionLag {
	p := PartitionLag{
		Partition: c.Partition, Owner: -1, Err: c.Err,
		Committed: c.Offset, BrokerLag: c.Lag, Known: c.Known & (KnownCommitted | KnownLag),
	}
	if p.Err == OK {
		p.Err = topic.Err
	}
	if int(c.Partition) >= len(topic.Partitions) {
		return p
	}
	read := &topic.Partitions[c.Partition]
	if p.Err == OK {
		p.Err = read.Err
	}
	if read.Known.Has(KnownStart) {
		p.Start, p.Known = read.Start, p.Known|KnownStart
	}
	switch {
	case readCommitted && read.Known.Has(KnownStable):
		p.End, p.Known = read.Stable, p.Known|KnownEnd
	case !readCommitted && read.Known.Has(KnownEnd):
		p.End, p.Known = read.End, p.Known|KnownEnd
	}
	return p
}

// wants is what the members of a group read.
type wants struct {
	topics   []string // subscribed or assigned, sorted
	patterns []*regexp.Regexp
	known    bool // there are members, and all of them tell what they subscribe to
}

func wanted(g *GroupLag) wants {
	w := wants{known: len(g.Members) > 0}
	for i := range g.Members {
		m := &g.Members[i]
		w.topics = append(w.topics, m.Topics...)
		for _, a := range m.Assigned {
			w.topics = append(w.topics, a.Topic)
		}
		if m.Pattern != "" { // RE2 and Java agree on all but exotic patterns; what RE2 refuses is not judged
			re, err := regexp.Compile("^(?:" + m.Pattern + ")$")
			w.known = w.known && err == nil
			if err == nil {
				w.patterns = append(w.patterns, re)
			}
		}
		if m.Topics == nil && m.Pattern == "" {
			w.known = false
		}
	}
	slices.Sort(w.topics)
	w.topics = slices.Compact(w.topics)
	return w
}

func (w wants) has(topic string) bool {
	i := sort.SearchStrings(w.topics, topic)
	return i < len(w.topics) && w.topics[i] == topic ||
		slices.ContainsFunc(w.patterns, func(re *regexp.Regexp) bool { return re.MatchString(topic) })
}

func (w wants) orphaned(topic string) bool { return w.known && !w.has(topic) }

// own writes into each row which member holds it.
func own(g *GroupLag) {
	for i := range g.Members {
		for _, a := range g.Members[i].Assigned {
			t, ok := slices.BinarySearchFunc(g.Topics, a.Topic, func(t TopicLag, n string) int { return strings.Compare(t.Topic, n) })
			if !ok {
				continue
			}
			rows := g.Topics[t].Partitions
			for _, p := range a.Partitions {
				at := sort.Search(len(rows), func(r int) bool { return rows[r].Partition >= p })
				if at < len(rows) && rows[at].Partition == p {
					rows[at].Owner = int32(i)
				}
			}
		}
	}
}
