package groups

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/lag/kafkasource/cluster"
	"github.com/lagscaler/lagscaler/lag/kafkasource/topics"
	"github.com/lagscaler/lagscaler/lag/kafkasource/wire"
)

// all reads every group, and every topic but one.
func all() *Reader {
	return NewReader(Config{
		Group: func(string) bool { return true }, ReadCommitted: func(string) bool { return false },
		Names: wire.NewTopicNames(func(topic string) bool { return topic != "left out" }), Batch: 500,
	})
}

func committing(name string, topicNames ...string) *group {
	g := &group{GroupRead: lag.GroupRead{GroupState: lag.GroupState{Group: name}, Described: true, CommitsAt: time.Unix(1, 0)}}
	for _, topic := range topicNames {
		g.Commits = append(g.Commits, lag.TopicCommits{Topic: topic, Partitions: make([]lag.PartitionCommit, 1)})
	}
	return g
}

func subscribed(g *group, topicNames ...string) *group {
	g.Members = append(g.Members, lag.Member{Topics: topicNames})
	return g
}

// What is needed of a topic is what any of its groups needs, in whatever order they come.
func TestNeedsOfSeveralGroups(t *testing.T) {
	stable := committing("stable", "orders")
	stable.ReadCommitted = true
	share := committing("share", "shared")
	share.Type = lag.Share
	target := func(name string) time.Duration {
		return map[string]time.Duration{"stable": 2 * time.Minute, "plain": time.Nanosecond, "share": time.Minute}[name]
	}
	groups := []*group{
		stable, committing("plain", "orders", "payments", "left out"), subscribed(committing("new"), "orders", "fresh"), share,
	}
	saves := func(name string) bool { return name == "plain" }
	want := map[string]topics.Need{
		"orders":   {Stable: true, Committed: true, Past: 2 * time.Minute, Compare: true},
		"payments": {Committed: true, Past: time.Nanosecond, Compare: true}, // any time lag
		"fresh":    {},
		"shared":   {Committed: true},
	}
	for range 2 {
		if got := (&Reading{Reader: all(), groups: groups}).Needs(target, saves); !reflect.DeepEqual(got, want) {
			t.Errorf("needs %+v, want %+v", got, want)
		}
		slices.Reverse(groups)
	}
}

// A commit, or a member that has a partition, shows how many partitions a topic has at least; an error and a commit that nobody made
// do not.
func TestNeedsOfPartitions(t *testing.T) {
	known := func(partition int32) lag.PartitionCommit {
		return lag.PartitionCommit{Partition: partition, Known: lag.KnownCommitted}
	}
	commits := func(list ...lag.PartitionCommit) *group {
		return &group{GroupRead: lag.GroupRead{
			GroupState: lag.GroupState{Group: "shop", Type: lag.Classic}, Described: true,
			Commits: []lag.TopicCommits{{Topic: "orders", Partitions: list}},
		}}
	}
	assigned := commits(known(0))
	assigned.Members = []lag.Member{{Assigned: []lag.TopicPartitions{{Topic: "orders", Partitions: []int32{2, 7}}, {Topic: "empty"}}}}
	for name, c := range map[string]struct {
		groups []*group
		want   int32
	}{
		"the last commit":        {[]*group{commits(known(0), known(4))}, 5},
		"nobody committed":       {[]*group{commits(lag.PartitionCommit{Partition: 4})}, 0},
		"an error, and a commit": {[]*group{commits(known(1), lag.PartitionCommit{Partition: 4, Err: lag.TopicDenied})}, 2},
		"a member has it":        {[]*group{assigned}, 8},
		"two groups":             {[]*group{commits(known(4)), commits(known(1))}, 5},
		"the greatest number":    {[]*group{commits(known(math.MaxInt32))}, 0},
		"it comes after others":  {[]*group{commits(known(1), known(math.MaxInt32))}, 2},
	} {
		r := &Reading{Reader: all(), groups: c.groups}
		got := r.Needs(func(string) time.Duration { return 0 }, func(string) bool { return false })
		if got["orders"].Partitions != c.want {
			t.Errorf("%s: %d partitions, want %d", name, got["orders"].Partitions, c.want)
		}
	}
}

// A topic whose commits are missing is asked for, beside what others need of it.
func TestNeedsOfMissingCommits(t *testing.T) {
	r := all()
	r.cache["shop"] = &cached{commits: []commitCount{{topic: "orders", partitions: 2}, {topic: "payments", partitions: 1}}}
	got := (&Reading{Reader: r, groups: []*group{committing("other", "orders"), committing("shop", "orders", "payments")}}).Needs(func(string) time.Duration { return 0 }, func(string) bool { return true })
	want := map[string]topics.Need{"orders": {Committed: true, CommitsMissing: true}, "payments": {Committed: true}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("needs %+v, want %+v", got, want)
	}
}

// Coordinators are looked up in the order of names: where only some can be, each has its turn.
func TestMovedGroupsAreSorted(t *testing.T) {
	r := all()
	var want []string
	for i := range 50 {
		name := fmt.Sprintf("g%02d", i)
		r.cache[name], want = &cached{}, append(want, name)
	}
	if got := (&Reading{Reader: r, round: &cluster.Round{}}).moved(false); !slices.Equal(got, want) {
		t.Errorf("moved %v", got)
	}
	lost := r.cache["g07"]
	lost.lost = true
	if got := (&Reading{Reader: r, round: &cluster.Round{}}).moved(false); len(got) != 49 || slices.Contains(got, "g07") {
		t.Errorf("one that had no coordinator is looked up twice in a poll: %v", got)
	}
}

// Of two readings of one group that one counts which could be read, then the one with members.
func TestWhichReadingOfAGroupCounts(t *testing.T) {
	empty := func() *group { return committing("shop") }
	failed := func(g *group) *group { g.Err = lag.NotCoordinator; return g }
	for name, c := range map[string]struct{ right, wrong *group }{
		"one was not read":                  {empty(), failed(empty())},
		"one with members was not read":     {empty(), failed(subscribed(empty(), "orders"))},
		"one has members":                   {subscribed(empty(), "orders"), empty()},
		"one has members, none was read":    {failed(subscribed(empty(), "orders")), failed(empty())},
		"one has members without names yet": {&group{GroupRead: empty().GroupRead, unnamed: make([]member, 1)}, empty()},
	} {
		if !preferReading(c.right, c.wrong) || preferReading(c.wrong, c.right) {
			t.Errorf("%s: the other one counts", name)
		}
		for _, order := range [][]*group{{c.right, c.wrong}, {c.wrong, c.right}} {
			r := &Reading{groups: append([]*group{committing("web")}, order...)}
			if r.removeDuplicates(); len(r.groups) != 2 || r.groups[0] != c.right || r.groups[1].Group != "web" || r.Duplicates != 1 {
				t.Errorf("%s: %d groups are kept, %d are duplicates", name, len(r.groups), r.Duplicates)
			}
		}
	}
}

// A poll that says nothing of a group interrupts the time since when it, or some of its commits, have been missing.
func TestWaitingBeginsAnew(t *testing.T) {
	since := time.Date(2026, 1, 5, 12, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		denied          bool
		err             lag.ErrorCode
		absent, missing bool // the time goes on
	}{
		"it could not be read":          {false, lag.Unreachable, false, false},
		"its coordinator knows no such": {true, lag.Unreachable, true, false},
		"some of its commits are gone":  {false, lag.CommitsMissing, false, true},
	} {
		waits, g := &cached{absentSince: since, missingSince: since}, committing("shop")
		g.denied, g.Err = c.denied, c.err
		if waits.notRead(g); waits.absentSince.IsZero() == c.absent || waits.missingSince.IsZero() == c.missing {
			t.Errorf("%s: absent since %v, missing since %v", name, waits.absentSince, waits.missingSince)
		}
	}
}

// The topics that a group's members read are those that its coordinator said last; a poll in which it did not say leaves them.
func TestTopicsOfMembersAreRemembered(t *testing.T) {
	for name, c := range map[string]struct {
		described bool
		want      []string
	}{
		"it says":               {true, []string{"orders"}},
		"twin: it does not say": {false, []string{"before"}},
	} {
		r := all()
		r.cache["shop"] = &cached{topics: []string{"before"}}
		g := subscribed(committing("shop"), "orders")
		g.Described, g.State = c.described, lag.Stable
		(&Reading{Reader: r, groups: []*group{g}}).Save(nil)
		if got := r.cache["shop"].topics; !slices.Equal(got, c.want) {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// A group that another shard reads now is remembered no more, so it is not looked up.
func TestGroupsOfAnotherShardAreForgotten(t *testing.T) {
	r := all()
	r.cache["theirs"] = &cached{}
	r.cfg.Group = func(string) bool { return false }
	r.Read(t.Context(), &cluster.Round{Cluster: &cluster.Cluster{}}, nil)
	if len(r.cache) > 0 {
		t.Errorf("remembers %v", r.cache)
	}
}
