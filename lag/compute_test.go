package lag

import (
	"slices"
	"testing"
	"time"
)

var t0 = time.Date(2026, 1, 5, 12, 0, 0, 0, time.UTC)

// world builds observations: topics with end offsets, groups with commits.
type world struct {
	at     time.Time
	topics []TopicRead
	groups []GroupRead
	errors []ReadError

	retention time.Duration
}

func (w *world) topic(name string, startEnd ...[2]int64) *world {
	t := TopicRead{Name: name, ID: [16]byte{name[0]}}
	for _, se := range startEnd {
		t.Partitions = append(t.Partitions, PartitionRead{
			Start: se[0], End: se[1], Stable: se[1], At: w.at.UnixMilli(), Leader: 1, Known: KnownStart | KnownEnd | KnownStable,
		})
	}
	w.topics = append(w.topics, t)
	return w
}

// open is a transaction that has not ended: its records are the last of each partition of the last topic.
func (w *world) open(records int64) *world {
	for i := range w.topics[len(w.topics)-1].Partitions {
		w.topics[len(w.topics)-1].Partitions[i].Stable -= records
	}
	return w
}

func (w *world) group(name string, change ...func(*GroupRead)) *world {
	g := GroupRead{
		GroupState: GroupState{At: w.at, Group: name, Type: Classic, State: Stable, Coordinator: 1},
		Protocol:   "consumer", Assignor: "range", Described: true, CommitsAt: w.at,
		Generation: NoGeneration, Epoch: NoGeneration, AssignmentEpoch: NoGeneration,
	}
	for _, c := range change {
		c(&g)
	}
	w.groups = append(w.groups, g)
	slices.SortFunc(w.groups, func(a, b GroupRead) int { return cmpString(a.Group, b.Group) })
	return w
}

func cmpString(a, b string) int {
	if a < b {
		return -1
	}
	if a > b {
		return 1
	}
	return 0
}

func (w *world) observation() Observation {
	return Observation{Cluster: "test", Began: w.at, At: w.at, Topics: w.topics, Groups: w.groups, Errors: w.errors, OffsetsRetention: w.retention}
}

func at(seconds int) *world { return &world{at: t0.Add(time.Duration(seconds) * time.Second)} }

func member(id string, subscribed []string, assigned ...TopicPartitions) func(*GroupRead) {
	return func(g *GroupRead) {
		g.Members = append(g.Members, Member{ID: id, Topics: subscribed, Assigned: assigned, Generation: NoGeneration, Epoch: NoGeneration})
	}
}

// commits has one offset per partition of a topic; none stands for no commit.
func commits(topic string, offsets ...int64) func(*GroupRead) {
	return func(g *GroupRead) {
		c := TopicCommits{Topic: topic}
		for p, o := range offsets {
			if o != none {
				c.Partitions = append(c.Partitions, PartitionCommit{Partition: int32(p), Offset: o, Known: KnownCommitted})
			}
		}
		g.Commits = append(g.Commits, c)
	}
}

const none = -1000

func state(s State) func(*GroupRead) { return func(g *GroupRead) { g.State = s } }
func undescribed(g *GroupRead)       { g.Members, g.Described, g.Assignor = nil, false, "" }
func readCommitted(g *GroupRead)     { g.ReadCommitted = true }
func unreadable(g *GroupRead)        { g.Err, g.CommitsAt, g.Described = Unreachable, time.Time{}, false }

func one(t *testing.T, s *Snapshot) *GroupLag {
	t.Helper()
	if len(s.Groups) != 1 {
		t.Fatalf("got %d groups, want one", len(s.Groups))
	}
	return &s.Groups[0]
}

func TestPartitionLag(t *testing.T) {
	all := KnownStart | KnownCommitted | KnownEnd
	for _, c := range []struct {
		name              string
		p                 PartitionLag
		lag               int64
		known             bool
		lost, ahead       int64
		upper             int64
		upperOK, answered bool
	}{
		{"behind", PartitionLag{Committed: 40, End: 100, Known: all}, 60, true, 0, 0, 0, false, true},
		{"at the end", PartitionLag{Committed: 100, End: 100, Known: all}, 0, true, 0, 0, 0, false, true},
		{"below log start", PartitionLag{Start: 70, Committed: 40, End: 100, Known: all}, 30, true, 30, 0, 0, false, true},
		{"above end", PartitionLag{Committed: 120, End: 100, Known: all}, 0, true, 0, 20, 0, false, true},
		{"no commit, held", PartitionLag{Start: 10, End: 100, Known: KnownStart | KnownEnd}, 0, false, 0, 0, 90, true, true},
		{"no commit, nobody", PartitionLag{Start: 10, End: 100, Owner: -1, Known: KnownStart | KnownEnd}, 0, false, 0, 0, 0, false, true},
		{"leaderless", PartitionLag{Committed: 40, Known: KnownCommitted, Err: LeaderNotAvailable}, 0, false, 0, 0, 0, false, false},
		{"share group, broker's lag", PartitionLag{Committed: 40, End: 100, BrokerLag: 55, Known: all | KnownLag}, 55, true, 0, 0, 0, false, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			lag, known := c.p.Lag()
			upper, upperOK := c.p.LagUpperBound()
			if lag != c.lag || known != c.known || c.p.Lost() != c.lost || c.p.Ahead() != c.ahead || upper != c.upper || upperOK != c.upperOK || c.p.Answered() != c.answered {
				t.Errorf("lag %d,%v lost %d ahead %d upper %d,%v answered %v", lag, known, c.p.Lost(), c.p.Ahead(), upper, upperOK, c.p.Answered())
			}
		})
	}
}

// Each case is one truth about lag: the world as the brokers tell it, and what is to be said of the group.
//
//	total, known partitions, all partitions, uncommitted, unassigned, unknown, orphaned, complete
func TestComputeSummary(t *testing.T) {
	subscribed := []string{"orders"}
	holds := func(p ...int32) TopicPartitions { return TopicPartitions{"orders", p} }
	for _, c := range []struct {
		name string
		w    *world
		want Summary
	}{
		{
			"two partitions, one member",
			at(0).topic("orders", [2]int64{0, 100}, [2]int64{0, 50}).group("g", member("m", subscribed, holds(0, 1)), commits("orders", 90, 50)),
			Summary{Total: 10, Max: 10, Avg: 5, Known: 2, Partitions: 2, Complete: true},
		},
		{
			"a partition that was never committed is known, complete, and not lag",
			at(0).topic("orders", [2]int64{0, 100}, [2]int64{0, 50}).group("g", member("m", subscribed, holds(0, 1)), commits("orders", 90, none)),
			Summary{Total: 10, Max: 10, Avg: 10, Known: 1, Partitions: 2, Uncommitted: 1, Complete: true},
		},
		{
			"the last stable offset is the end for a group that reads committed",
			at(0).topic("orders", [2]int64{0, 100}).open(3).group("g", readCommitted, member("m", subscribed, holds(0)), commits("orders", 90)),
			Summary{Total: 7, Max: 7, Avg: 7, Known: 1, Partitions: 1, Complete: true},
		},
		{
			"commits of a topic that the members no longer subscribe to count until the group has been stable without it",
			at(0).topic("old", [2]int64{0, 900}).topic("orders", [2]int64{0, 100}).group("g", member("m", subscribed, holds(0)), commits("old", 1), commits("orders", 90)),
			Summary{Total: 909, Max: 899, Avg: 454.5, Known: 2, Partitions: 2, Unassigned: 1, Complete: true},
		},
		{
			"nobody there: the lag of an empty group is kept, nothing is orphaned",
			at(0).topic("old", [2]int64{0, 900}).topic("orders", [2]int64{0, 100}).group("g", state(Empty), commits("old", 0), commits("orders", 90)),
			Summary{Total: 910, Max: 900, Avg: 455, Known: 2, Partitions: 2, Unassigned: 2, Complete: true},
		},
		{
			"a deleted topic is dropped",
			at(0).topic("orders", [2]int64{0, 100}).group("g", member("m", subscribed, holds(0)), commits("gone", 5), commits("orders", 90)),
			Summary{Total: 10, Max: 10, Avg: 10, Known: 1, Partitions: 1, Complete: true},
		},
		{
			"a topic recreated with fewer partitions",
			at(0).topic("orders", [2]int64{0, 100}).group("g", state(Empty), commits("orders", 90, 7, 7)),
			Summary{Total: 10, Max: 10, Avg: 10, Known: 1, Partitions: 1, Unassigned: 1, Complete: true},
		},
		{
			"a simple consumer has offsets and no members",
			at(0).topic("orders", [2]int64{0, 100}).group("g", state(Empty), func(g *GroupRead) { g.Protocol = "" }, commits("orders", 90)),
			Summary{Total: 10, Max: 10, Avg: 10, Known: 1, Partitions: 1, Unassigned: 1, Complete: true},
		},
		{
			"a subscription by pattern is no orphan",
			at(0).topic("orders", [2]int64{0, 100}).group("g", func(g *GroupRead) {
				g.Members = []Member{{ID: "m", Pattern: "ord.*", Assigned: []TopicPartitions{holds(0)}}}
			}, commits("orders", 90)),
			Summary{Total: 10, Max: 10, Avg: 10, Known: 1, Partitions: 1, Complete: true},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := one(t, Compute(c.w.observation(), nil, nil))
			if got := g.Summary(); got != c.want {
				t.Errorf("\ngot  %+v\nwant %+v", got, c.want)
			}
		})
	}
}

func TestComputeLeaderlessPartitionIsPartial(t *testing.T) {
	w := at(0).topic("orders", [2]int64{0, 100}, [2]int64{0, 100})
	w.topics[0].Partitions[1] = PartitionRead{Leader: -1, Err: LeaderNotAvailable}
	w.group("g", member("m", []string{"orders"}, TopicPartitions{"orders", []int32{0, 1}}), commits("orders", 90, 90))
	g := one(t, Compute(w.observation(), nil, nil))
	if n, complete := g.Total(); n != 10 || complete {
		t.Errorf("total %d, complete %v; want 10 as a lower bound", n, complete)
	}
	if g.Topics[0].Partitions[1].Err != LeaderNotAvailable {
		t.Errorf("the partition does not say why: %v", g.Topics[0].Partitions[1].Err)
	}
}

func TestComputeCarriesOwnersThroughARebalance(t *testing.T) {
	topic := [2]int64{0, 100}
	subscribed := []string{"orders"}
	stable := Compute(at(0).topic("orders", topic, topic).group("g",
		member("a", subscribed, TopicPartitions{"orders", []int32{0}}),
		member("b", subscribed, TopicPartitions{"orders", []int32{1}}), commits("orders", 90, 80)).observation(), nil, nil)
	during := Compute(at(10).topic("orders", topic, topic).group("g", state(PreparingRebalance), undescribed,
		commits("orders", 95, 85)).observation(), stable, nil)
	g := one(t, during)
	if g.State != PreparingRebalance || g.Described {
		t.Fatalf("state %s, described %v", g.State, g.Described)
	}
	owner, ok := g.OwnerOf(g.Topics[0].Partitions[1])
	if !ok || owner.ID != "b" || g.Assignor != "range" {
		t.Errorf("owner %v, assignor %q: not carried over from the last Stable", owner, g.Assignor)
	}
	if n, complete := g.Total(); n != 20 || !complete {
		t.Errorf("total %d, complete %v; want 20 of this poll", n, complete)
	}
}

// The offsets of an earlier poll belong to the members of this one: an index into the members of that poll would name another member.
func TestOwnersOfOffsetsThatWereNotRead(t *testing.T) {
	of := func(partition int32) TopicPartitions {
		return TopicPartitions{Topic: "orders", Partitions: []int32{partition}}
	}
	topics := []string{"orders"}
	first := Compute(at(0).topic("orders", [2]int64{0, 9}, [2]int64{0, 9}).
		group("shop", commits("orders", 5, 5), member("a", topics, of(0)), member("b", topics, of(1))).observation(), nil, nil)
	notRead := func(g *GroupRead) { g.Err, g.CommitsAt, g.Commits = CommitsMissing, time.Time{}, nil }
	for name, c := range map[string]struct {
		change []func(*GroupRead)
		want   [2]string
	}{
		"a left, b has both":   {[]func(*GroupRead){notRead, member("b", topics, of(0), of(1))}, [2]string{"b", "b"}},
		"a left, nobody has 0": {[]func(*GroupRead){notRead, member("b", topics, of(1))}, [2]string{"", "b"}},
		"no members are told":  {[]func(*GroupRead){notRead, undescribed}, [2]string{"a", "b"}},
		"the group is gone":    {[]func(*GroupRead){state(Dead)}, [2]string{"", ""}},
	} {
		g := one(t, Compute(at(10).topic("orders", [2]int64{0, 9}, [2]int64{0, 9}).group("shop", c.change...).observation(), first, nil))
		for i, want := range c.want {
			m, ok := g.OwnerOf(g.Topics[0].Partitions[i])
			if ok != (want != "") || ok && m.ID != want || !ok && g.Topics[0].Partitions[i].Owner != -1 {
				t.Errorf("%s: partition %d has %+v, want %q", name, i, m, want)
			}
		}
		if m, ok := one(t, first).OwnerOf(one(t, first).Topics[0].Partitions[0]); !ok || m.ID != "a" {
			t.Errorf("%s: the earlier snapshot changed", name)
		}
	}
}

func TestComputeKeepsWhatCouldNotBeRead(t *testing.T) {
	topic := [2]int64{0, 100}
	good := func(seconds int, committed int64) *world {
		return at(seconds).topic("orders", topic).group("g", state(Empty), commits("orders", committed))
	}
	before := Compute(good(0, 90).observation(), nil, nil)

	t.Run("a coordinator that does not answer", func(t *testing.T) {
		s := before
		for poll := 1; poll <= 5; poll++ {
			w := at(10*poll).topic("orders", topic).group("g", unreadable)
			s = Compute(w.observation(), s, nil)
			g := one(t, s)
			n, complete := g.Total()
			if n != 10 || complete || g.Missed != poll || g.Err != Unreachable || !g.ReadAt.Equal(t0) {
				t.Fatalf("poll %d: total %d complete %v missed %d err %v read at %v", poll, n, complete, g.Missed, g.Err, g.ReadAt)
			}
			if g.Stale() != (poll >= 2) {
				t.Errorf("after %d polls in which it was not read, it is stale: %v", poll, g.Stale())
			}
		}
		if g := one(t, Compute(good(60, 95).observation(), s, nil)); g.Missed != 0 || g.Err != OK {
			t.Errorf("not recovered: missed %d, err %v", g.Missed, g.Err)
		}
	})
	t.Run("a coordinator that describes the group, and does not give its commits", func(t *testing.T) {
		s := before
		for poll := 1; poll <= 3; poll++ {
			notRead := func(g *GroupRead) { g.Err, g.CommitsAt = CommitsMissing, time.Time{} }
			s = Compute(at(10*poll).topic("orders", topic).group("g", state(Empty), notRead).observation(), s, nil)
			if g := one(t, s); g.Missed != poll || g.Err != CommitsMissing || g.State != Empty || !g.ReadAt.Equal(t0) {
				t.Errorf("poll %d: missed %d, err %v, state %s, read at %v", poll, g.Missed, g.Err, g.State, g.ReadAt)
			}
		}
		never := one(t, Compute(at(10).group("g", state(Empty), func(g *GroupRead) { g.Err, g.CommitsAt = GroupDenied, time.Time{} }).observation(), nil, nil))
		if !never.Stale() || !never.ReadAt.IsZero() {
			t.Errorf("never read: missed %d, read at %v", never.Missed, never.ReadAt)
		}
	})
	t.Run("listed by nobody: kept for a grace time, then gone", func(t *testing.T) {
		s, polls := before, 0
		for ; polls < 10 && len(s.Groups) > 0; polls++ {
			s = Compute(at(10*polls+10).topic("orders", topic).observation(), s, nil)
			if len(s.Groups) > 0 && s.Groups[0].Err != Unlisted {
				t.Fatalf("poll %d: err %v", polls, s.Groups[0].Err)
			}
		}
		if polls != gracePolls+1 {
			t.Errorf("gone after %d polls, want %d", polls, gracePolls+1)
		}
	})
	t.Run("listed by nobody while a broker is down: kept as long as that lasts", func(t *testing.T) {
		s := before
		for poll := 1; poll <= 20; poll++ {
			w := at(10*poll).topic("orders", topic)
			w.errors = []ReadError{{Stage: StageList, Broker: 2, Code: Unreachable}}
			s = Compute(w.observation(), s, nil)
		}
		if n, _ := one(t, s).Total(); n != 10 {
			t.Errorf("total %d, want the last known 10", n)
		}
	})
	t.Run("listed by nobody: why, by the stage that failed", func(t *testing.T) {
		for stage, why := range map[Stage]ErrorCode{
			StageConnect: Slow, StageMetadata: Slow, StageList: Slow, StageDescribe: Unlisted, StageCommits: Unlisted, StageOffsets: Unlisted,
		} {
			w := at(10).topic("orders", topic)
			w.errors = []ReadError{{Stage: stage, Broker: 2, Code: Slow}}
			if g := one(t, Compute(w.observation(), before, nil)); g.Err != why {
				t.Errorf("%s failed: %v, want %v", stage, g.Err, why)
			}
		}
	})
	t.Run("a scaled group never vanishes", func(t *testing.T) {
		s := Compute(at(10).observation(), nil, []string{"scaled"})
		g := one(t, s)
		if g.State != Dead || len(g.Members) != 0 || g.Err != OK {
			t.Errorf("state %s, members %d, err %v; want Dead and empty", g.State, len(g.Members), g.Err)
		}
	})
	t.Run("a scaled group that nobody lists is not dead at once", func(t *testing.T) {
		g := one(t, Compute(at(10).topic("orders", topic).observation(), before, []string{"g"}))
		if n, complete := g.Total(); g.State == Dead || g.Err != Unlisted || n != 10 || complete {
			t.Errorf("state %s, err %v, lag %d, complete %v", g.State, g.Err, n, complete)
		}
	})
	t.Run("a scaled group that was never read, and the groups cannot be listed", func(t *testing.T) {
		w := at(10)
		w.errors = []ReadError{{Stage: StageList, Broker: 2, Code: Unreachable}}
		g := one(t, Compute(w.observation(), nil, []string{"g"}))
		if g.State != StateUnknown || g.Err != Unreachable || !g.Stale() || !g.ReadAt.IsZero() || g.Described {
			t.Errorf("%+v", g)
		}
	})
	t.Run("a scaled group that is dead stays dead", func(t *testing.T) {
		s := Compute(at(10).observation(), nil, []string{"g"})
		for poll := 2; poll < 5; poll++ {
			s = Compute(at(10*poll).topic("orders", topic).observation(), s, []string{"g"})
			if g := one(t, s); g.State != Dead || g.Err != OK || g.Missed != 0 {
				t.Errorf("poll %d: state %s, err %v, missed %d", poll, g.State, g.Err, g.Missed)
			}
		}
	})
	t.Run("dead: its lag stays for the grace time", func(t *testing.T) {
		s := before
		for poll := 1; ; poll++ {
			s = Compute(at(10*poll).topic("orders", topic).group("g", state(Dead)).observation(), s, nil)
			if len(s.Groups) == 0 {
				if poll != gracePolls+1 {
					t.Errorf("dropped at poll %d", poll)
				}
				return
			}
			if n, complete := s.Groups[0].Total(); s.Groups[0].State != Dead || n != 10 || complete {
				t.Fatalf("state %s, lag %d, complete %v: want the last one, and that it is not of this poll", s.Groups[0].State, n, complete)
			}
		}
	})
}

// A poll that could not read a group keeps what was known of it, and takes what its coordinator said nevertheless.
func TestWhatIsKeptOfAGroupThatWasNotRead(t *testing.T) {
	with := func(s State, generation, most int32) func(*GroupRead) {
		return func(g *GroupRead) { g.Type, g.State, g.Generation, g.MaxMembers = Share, s, generation, most }
	}
	notRead := func(g *GroupRead) { g.Err, g.CommitsAt = CommitsMissing, time.Time{} }
	before := Compute(at(0).topic("orders", [2]int64{0, 9}).group("g", with(Stable, 7, 300), commits("orders", 5)).observation(), nil, nil)
	for _, c := range []struct {
		name       string
		change     []func(*GroupRead)
		state      State
		generation int32
		most       int32
	}{
		{"nothing is said", []func(*GroupRead){with(StateUnknown, NoGeneration, 0), unreadable}, Stable, 7, 300},
		{"only its state is said", []func(*GroupRead){with(PreparingRebalance, NoGeneration, 0), unreadable}, PreparingRebalance, 7, 300},
		{"it is described, without commits", []func(*GroupRead){with(Empty, 8, 0), notRead}, Empty, 8, 300},
		{"it is described with another limit", []func(*GroupRead){with(Stable, 8, 500), notRead}, Stable, 8, 500},
		{"its commits are said, and no members", []func(*GroupRead){with(PreparingRebalance, NoGeneration, 0), undescribed, commits("orders", 5)}, PreparingRebalance, 7, 0},
		{"twin: all is said, and no limit", []func(*GroupRead){with(Stable, 8, 0), commits("orders", 5)}, Stable, 8, 0},
	} {
		g := one(t, Compute(at(10).topic("orders", [2]int64{0, 9}).group("g", c.change...).observation(), before, nil))
		if g.State != c.state || g.Generation != c.generation || g.MaxMembers != c.most {
			t.Errorf("%s: %s, generation %d, at most %d members; want %s, %d, %d", c.name, g.State, g.Generation, g.MaxMembers, c.state, c.generation, c.most)
		}
	}
}

// Groups are sorted by name, wherever they come from: others find them by that.
func TestGroupsAreSorted(t *testing.T) {
	d := Declared{Keep: []string{"a-declared", "m-declared"}}
	topic := [2]int64{0, 9}
	s := d.Compute(at(0).topic("orders", topic).group("c-listed", commits("orders", 5)).group("z-listed", commits("orders", 5)).observation(), nil)
	s = d.Compute(at(10).topic("orders", topic).group("d-new", commits("orders", 5)).group("z-listed", commits("orders", 5)).observation(), s)
	var names []string
	for i := range s.Groups {
		names = append(names, s.Groups[i].Group)
	}
	if want := []string{"a-declared", "c-listed", "d-new", "m-declared", "z-listed"}; !slices.Equal(names, want) {
		t.Errorf("%q, want %q", names, want)
	}
}

// A group that a scaler names and that does not exist: all that is known of it is that it is not there, and what it was.
func TestAScaledGroupThatDoesNotExist(t *testing.T) {
	d := Declared{Keep: []string{"g"}, Left: map[string][]Left{"g": {{Topic: "old", Orphaned: true}}}}
	consumer := func(g *GroupRead) { g.Type = Consumer }
	s := d.Compute(at(0).topic("orders", [2]int64{0, 9}).group("g", state(Empty), consumer, commits("orders", 5)).observation(), nil)
	for poll := 1; poll < 20; poll++ {
		s = d.Compute(at(10*poll).topic("orders", [2]int64{0, 9}).group("g", state(Dead), consumer).observation(), s)
	}
	s = d.Compute(at(200).topic("orders", [2]int64{0, 9}).observation(), s)
	g := one(t, s)
	if g.State != Dead || g.Coordinator != -1 || !g.Described || !g.ReadAt.Equal(at(200).at) || g.Type != Consumer {
		t.Errorf("%s, coordinator %d, described %v, read at %v, type %s", g.State, g.Coordinator, g.Described, g.ReadAt, g.Type)
	}
	if len(g.Left) != 1 || g.Left[0].Topic != "old" || !g.Left[0].Orphaned {
		t.Errorf("the topics that it left are forgotten: %+v", g.Left)
	}
}

func TestComputeIsIndependentOfItsPast(t *testing.T) {
	// A complete poll says the same whatever was believed before it.
	w := func(s int) *world {
		return at(s).topic("orders", [2]int64{0, 100}).group("g", member("m", []string{"orders"}, TopicPartitions{"orders", []int32{0}}), commits("orders", 42))
	}
	other := Compute(at(0).topic("orders", [2]int64{0, 7}).group("g", state(Empty), commits("orders", 1)).observation(), nil, nil)
	a, b := one(t, Compute(w(10).observation(), nil, nil)), one(t, Compute(w(10).observation(), other, nil))
	if a.Summary() != b.Summary() || a.Missed != b.Missed {
		t.Errorf("%+v\n%+v", a.Summary(), b.Summary())
	}
}

func TestHostileGroupNames(t *testing.T) {
	w := at(0)
	names := []string{"", " ", "a b", `quo"te`, "new\nline", "grüße", "\u202eright-to-left", "<script>"}
	for _, n := range names {
		w.group(n, state(Empty))
	}
	s := Compute(w.observation(), nil, nil)
	for _, n := range names {
		if g, ok := s.Group(n); !ok || g.Group != n {
			t.Errorf("%q not found", n)
		}
	}
}

// What a poll did not read of the cluster is that of the poll before; what it read is its own, and what is gone is gone.
func TestTopicsAndBrokersOfAPollThatFailed(t *testing.T) {
	before := Compute(Observation{
		Topics: at(0).topic("orders", [2]int64{0, 9}).topics, Brokers: []Broker{{ID: 1}, {ID: 2}}, ClusterID: "first",
	}, nil, nil)
	failed := []ReadError{{Stage: StageConnect, Broker: -1, Code: Unreachable}}
	own := at(10).topic("payments", [2]int64{0, 9}).topics
	for name, c := range map[string]struct {
		o       Observation
		topic   string
		brokers int
	}{
		"nothing was read":           {Observation{Errors: failed}, "orders", 2},
		"a part was read":            {Observation{Errors: failed, Topics: own, Brokers: []Broker{{ID: 1}}}, "payments", 1},
		"nothing is there any more":  {Observation{Brokers: []Broker{{ID: 1}}}, "", 1},
		"all was read, without fail": {Observation{Topics: own, Brokers: []Broker{{ID: 3}}}, "payments", 1},
	} {
		s := Compute(c.o, before, nil)
		var topic string
		if len(s.Topics) > 0 {
			topic = s.Topics[0].Name
		}
		if topic != c.topic || len(s.Topics) > 1 || len(s.Brokers) != c.brokers || s.ClusterID != "first" {
			t.Errorf("%s: topic %q, %d brokers, cluster %q", name, topic, len(s.Brokers), s.ClusterID)
		}
	}
}
