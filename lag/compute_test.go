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
	return Observation{Cluster: "test", Began: w.at, At: w.at, Topics: w.topics, Groups: w.groups, Errors: w.errors}
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
			"commits of a topic that the members no longer subscribe to count until the group has been at rest without it",
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
		}
		if g := one(t, Compute(good(60, 95).observation(), s, nil)); g.Missed != 0 || g.Err != OK {
			t.Errorf("not recovered: missed %d, err %v", g.Missed, g.Err)
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
	t.Run("a scaled group never vanishes", func(t *testing.T) {
		s := Compute(at(10).observation(), nil, []string{"scaled"})
		g := one(t, s)
		if g.State != Dead || len(g.Members) != 0 || g.Err != OK {
			t.Errorf("state %s, members %d, err %v; want Dead and empty", g.State, len(g.Members), g.Err)
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
			if s.Groups[0].State != Dead {
				t.Fatalf("state %s", s.Groups[0].State)
			}
		}
	})
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
