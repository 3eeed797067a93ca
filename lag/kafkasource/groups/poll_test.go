package groups

import (
	"maps"
	"reflect"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/lag/kafkasource/wire"
)

// ids are the ids of topics by their names.
type ids map[string]byte

func (i ids) ID(topic string) (id [16]byte, ok bool) {
	n, ok := i[topic]
	return [16]byte{n}, ok
}

func names(groups []*group) (all []string) {
	for _, g := range groups {
		all = append(all, g.Group)
	}
	return all
}

// A poll has each group once and sorted: those that brokers list, in whatever order, those that only their coordinator knows, and those that
// it found nowhere. Of these it looks up again those that had a coordinator in the poll before. One that has just died is in doubt.
func TestAPollHasEveryGroup(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := &fakeBrokers{
			lists: map[int32][]string{0: {"f", "b", "d", "h"}, 1: {"e", "d"}}, loading: map[int32]int{1: 1}, dead: map[string]bool{"h": true}, most: 4,
			finds: func(name string, _ int) (int32, int16) {
				if name == "a" || name == "i" {
					return -1, 15
				}
				return 1, 0
			},
		}
		r := all()
		r.cfg.Grace = 30 * time.Second
		r.cache = map[string]*cached{"a": {coordinator: 0}, "c": {coordinator: 0}, "h": {coordinator: 0}, "i": {coordinator: 0, lost: true}}
		reading := r.Read(t.Context(), k.poll(t), []string{"g"})
		if got := names(reading.groups); !slices.Equal(got, []string{"a", "b", "c", "d", "e", "f", "g", "h", "i"}) || reading.Duplicates != 1 {
			t.Errorf("groups %q, %d listed twice", got, reading.Duplicates)
		}
		for _, g := range reading.groups {
			want := map[string]lag.ErrorCode{"a": lag.NoCoordinator, "h": lag.Unlisted, "i": lag.NoCoordinator}[g.Group]
			if g.Err != want || g.CommitsAt.IsZero() != (want != lag.OK) {
				t.Errorf("%s: %s, commits of %v", g.Group, g.Err, g.CommitsAt)
			}
		}
		if want := [][]string{{"a", "c", "g", "i"}, {"a"}, {"a"}}; !reflect.DeepEqual(k.lookups, want) {
			t.Errorf("looked up %q, want %q", k.lookups, want)
		}
		if got := reading.Groups(); len(got) != 9 || got[1].Group != "b" {
			t.Errorf("groups %+v", got)
		}
		errors := reading.round.Errors()
		if len(errors) != 1 || errors[0].Code != lag.NoCoordinator || errors[0].Stage != lag.StageList {
			t.Errorf("errors %+v", errors)
		}
	})
}

// A broker that does not list its groups is lost: those that it coordinated have its error.
func TestAPollLosesABroker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := &fakeBrokers{lists: map[int32][]string{0: {"web"}}, loading: map[int32]int{1: 100}, most: 4}
		r := all()
		r.cache = map[string]*cached{"shop": {coordinator: 1}}
		reading := r.Read(t.Context(), k.poll(t), nil)
		if got := names(reading.groups); !slices.Equal(got, []string{"shop", "web"}) || reading.groups[0].Err != lag.CoordinatorLoading || len(k.lookups) > 0 {
			t.Errorf("%q, %s, looked up %q", got, reading.groups[0].Err, k.lookups)
		}
		if code, lost := reading.round.Lost(1); !lost || code != lag.CoordinatorLoading {
			t.Errorf("broker 1: lost %v, %s", lost, code)
		}
	})
}

// A group that its coordinator does not know is in doubt for the grace, from the first poll that says so. A poll that could not be read in
// between begins it anew.
func TestDoubtOfADeadGroup(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := all()
		r.cfg.Grace = 30 * time.Second
		r.cache = map[string]*cached{"shop": {groupType: lag.Consumer, coordinator: 1}}
		poll := func(g *group) *group {
			reading := &Reading{Reader: r, groups: []*group{committing("a"), g}}
			reading.doubtDead()
			reading.Save(nil)
			if reading.groups[0].Err != lag.OK || reading.groups[0].State == lag.Dead {
				t.Errorf("another group is in doubt: %+v", reading.groups[0])
			}
			return reading.groups[1]
		}
		dead := func(name string) *group {
			g := committing(name)
			g.State = lag.Dead
			return g
		}
		doubted := func(g *group) bool {
			return g.Err == lag.Unlisted && g.denied && g.State == lag.StateUnknown && g.Type == lag.Consumer && g.Coordinator == 1
		}
		if g := poll(dead("shop")); !doubted(g) {
			t.Errorf("the first poll: %+v", g)
		}
		time.Sleep(29 * time.Second)
		if g := poll(failing("shop", lag.Unreachable)); g.Err != lag.Unreachable || g.denied {
			t.Errorf("one that could not be read: %+v", g)
		}
		time.Sleep(time.Second)
		if g := poll(dead("shop")); !doubted(g) {
			t.Errorf("the time did not begin anew: %+v", g)
		}
		time.Sleep(30*time.Second - time.Nanosecond)
		if g := poll(dead("shop")); !doubted(g) {
			t.Errorf("just before the grace is over: %+v", g)
		}
		time.Sleep(time.Nanosecond)
		if g := poll(dead("shop")); g.State != lag.Dead || g.Err != lag.OK {
			t.Errorf("after the grace: %+v", g)
		}
		if g := poll(dead("never seen")); g.State != lag.Dead || g.Err != lag.OK {
			t.Errorf("one that was never there: %+v", g)
		}
	})
}

// What a poll says of a group that it found nowhere.
func TestGroupsThatAPollDidNotFind(t *testing.T) {
	for name, c := range map[string]struct {
		cached      *cached // nil: it is only declared
		unfound     lag.ErrorCode
		err         lag.ErrorCode
		state       lag.State
		coordinator int32
		groupType   lag.GroupType
	}{
		"nobody lists it":                  {&cached{coordinator: 1, groupType: lag.Share}, lag.OK, lag.Unlisted, lag.StateUnknown, -1, lag.Share},
		"it has no coordinator":            {&cached{coordinator: 1, groupType: lag.Share}, lag.NoCoordinator, lag.NoCoordinator, lag.StateUnknown, -1, lag.Share},
		"its broker is down":               {&cached{coordinator: 2, groupType: lag.Share}, lag.OK, lag.Unreachable, lag.StateUnknown, 2, lag.Share},
		"it was dead before":               {&cached{coordinator: 1, groupType: lag.Share, deadPolls: 1}, lag.OK, lag.OK, lag.Dead, 1, lag.Share},
		"it was dead, and the broker died": {&cached{coordinator: 2, groupType: lag.Share, deadPolls: 1}, lag.OK, lag.OK, lag.Dead, 2, lag.Share},
		"it was declared, and never seen":  {nil, lag.OK, lag.Unlisted, lag.StateUnknown, -1, lag.Classic},
		"never seen, and no coordinator":   {nil, lag.NoCoordinator, lag.NoCoordinator, lag.StateUnknown, -1, lag.Classic},
	} {
		r := &Reading{Reader: all(), round: offline(2), groups: []*group{committing("a"), committing("z")}, unfound: map[string]lag.ErrorCode{"shop": c.unfound}}
		r.cache["a"] = &cached{}
		r.declared = []string{"a", "shop"}
		if c.cached != nil {
			r.cache["shop"] = c.cached
		}
		r.addUnlisted()
		if got := names(r.groups); !slices.Equal(got, []string{"a", "shop", "z"}) {
			t.Fatalf("%s: groups %q", name, got)
		}
		g := r.groups[1]
		if g.Err != c.err || g.State != c.state || g.Coordinator != c.coordinator || g.Type != c.groupType || g.Described != (c.state == lag.Dead) {
			t.Errorf("%s: %+v", name, g)
		}
	}
}

// A group that is dead is told of in four polls and forgotten then. One that is back in between is remembered as before.
func TestADeadGroupIsForgotten(t *testing.T) {
	r := all()
	r.cache["shop"] = &cached{groupType: lag.Classic, topics: []string{"orders"}}
	dead := committing("shop")
	dead.State = lag.Dead
	save := func(g *group) bool {
		(&Reading{Reader: r, groups: []*group{g}}).Save(ids{"orders": 1})
		_, kept := r.cache["shop"]
		return kept
	}
	for _, g := range []*group{dead, dead, dead, committing("shop", "orders"), dead, dead, failing("shop", lag.Unreachable), dead} {
		if !save(g) {
			t.Fatalf("forgotten after %s, %s", g.State, g.Err)
		}
	}
	if save(dead) {
		t.Error("remembered after four polls in which it was dead")
	}
}

// What is remembered of a group is what was read last. One that is only declared is remembered when it is there.
func TestWhatIsRememberedOfAGroup(t *testing.T) {
	there := committing("shop", "orders", "gone")
	there.Type, there.Protocol, there.Coordinator, there.State = lag.Consumer, "consumer", 3, lag.Empty
	dead := committing("shop")
	dead.State = lag.Dead
	for name, c := range map[string]struct {
		group    *group
		before   bool // it is remembered already
		declared bool
		want     bool
		lost     lag.ErrorCode
	}{
		"a new one":                          {there, false, false, true, lag.OK},
		"a declared one that is there":       {there, false, true, true, lag.OK},
		"a declared one that is not there":   {dead, false, true, false, lag.OK},
		"a declared one that cannot be read": {failing("shop", lag.GroupDenied), false, true, false, lag.GroupDenied},
		"one that cannot be read":            {failing("shop", lag.GroupDenied), false, false, true, lag.GroupDenied},
		"one that is dead":                   {dead, false, false, true, lag.OK},
		"a declared one that was there":      {failing("shop", lag.GroupDenied), true, true, true, lag.NoCoordinator},
	} {
		r := &Reading{Reader: all(), groups: []*group{c.group}, unfound: map[string]lag.ErrorCode{"shop": c.lost}}
		if c.declared {
			r.declared = []string{"shop"}
		}
		since := time.Unix(5, 0)
		if c.before {
			r.cache["shop"] = &cached{deadPolls: 1, absentSince: since, missingSince: since}
		}
		r.Save(ids{"orders": 7})
		kept, ok := r.cache["shop"]
		if ok != c.want || ok && kept.lost != (c.lost != lag.OK) && c.group != there {
			t.Errorf("%s: remembered %v, %+v", name, ok, kept)
		}
		if c.group != there {
			continue
		}
		want := commitCount{"orders", [16]byte{7}, 1}
		if kept.groupType != lag.Consumer || kept.protocol != "consumer" || kept.coordinator != 3 || !slices.Equal(kept.commits, []commitCount{want}) || kept.lost {
			t.Errorf("%s: %+v", name, kept)
		}
	}
}

// Commits that were there and are not told now make the group one without commits, for the grace, unless their topic is gone or is another one.
func TestMissingCommitsAreRejectedForTheGrace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := all()
		r.cfg.Grace = 30 * time.Second
		poll := func(g *group, topics ids) *group {
			reading := &Reading{Reader: r, groups: []*group{g}}
			reading.RejectMissingCommits(topics)
			reading.Save(topics)
			return g
		}
		rejected := func(g *group) bool { return g.Err == lag.CommitsMissing && len(g.Commits) == 0 && g.CommitsAt.IsZero() }
		both := ids{"orders": 1, "payments": 2}
		if g := poll(committing("shop", "orders", "payments"), both); rejected(g) {
			t.Errorf("a group that was never seen: %+v", g)
		}
		for _, again := range []struct {
			name   string
			group  *group
			topics ids
		}{
			{"all are there", committing("shop", "orders", "payments"), both},
			{"the topic was deleted", committing("shop", "orders"), ids{"orders": 1}},
			{"both again", committing("shop", "orders", "payments"), both},
			{"the topic was created again", committing("shop", "orders"), ids{"orders": 1, "payments": 3}},
			{"both for the last time", committing("shop", "orders", "payments"), both},
		} {
			if g := poll(again.group, again.topics); g.Err != lag.OK || len(g.Commits) == 0 || g.CommitsAt.IsZero() {
				t.Errorf("%s: %+v", again.name, g)
			}
		}
		for _, wait := range []time.Duration{0, 29 * time.Second, time.Second - time.Nanosecond} {
			time.Sleep(wait)
			if g := poll(committing("shop", "orders"), both); !rejected(g) {
				t.Errorf("%v later: %+v", wait, g)
			}
		}
		time.Sleep(time.Nanosecond)
		if g := poll(committing("shop", "orders"), both); rejected(g) || len(g.Commits) != 1 {
			t.Errorf("after the grace: %+v", g)
		}
		if g := poll(committing("shop", "orders"), both); g.Err != lag.OK {
			t.Errorf("what was believed is what is remembered: %+v", g)
		}
	})
}

// Commits can be missing only of a group that was read.
func TestOnlyAGroupThatWasReadLacksCommits(t *testing.T) {
	change := func(f func(*group)) *group {
		g := committing("shop", "orders")
		f(g)
		return g
	}
	for name, c := range map[string]struct {
		group *group
		want  []string
	}{
		"as many as before":    {change(func(*group) {}), []string{"payments"}},
		"none":                 {change(func(g *group) { g.Commits = nil }), []string{"orders", "payments"}},
		"it was not read":      {change(func(g *group) { g.Err = lag.Unreachable }), nil},
		"it is dead":           {change(func(g *group) { g.State = lag.Dead }), nil},
		"its commits were not": {change(func(g *group) { g.CommitsAt = time.Time{} }), nil},
		"it was never seen":    {committing("new", "orders"), nil},
	} {
		r := &Reading{Reader: all()}
		r.cache["shop"] = &cached{commits: []commitCount{{topic: "orders", partitions: 1}, {topic: "payments", partitions: 1}}}
		var got []string
		for _, count := range r.missingCommits(c.group) {
			got = append(got, count.topic)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// Names that no group uses any more are forgotten every 90 polls, a quarter of an hour: the second time after their last use.
func TestNamesAreForgotten(t *testing.T) {
	for polls, want := range map[int]int{1: 1, 91: 1, 179: 1, 180: 2} {
		asked := 0
		r := all()
		r.cfg.Names = wire.NewTopicNames(func(string) bool {
			asked++
			return true
		})
		r.cfg.Names.Name([]byte("orders"))
		for range polls {
			r.Read(t.Context(), offline(), nil)
		}
		if r.cfg.Names.Name([]byte("orders")); asked != want {
			t.Errorf("after %d polls: asked for %d times, want %d", polls, asked, want)
		}
	}
}

// A member's partitions are those that a topic can have, and its topics are those that it subscribes to, has, and is to have.
func TestTopicsOfMembers(t *testing.T) {
	g := subscribed(subscribed(committing("shop"), "b", "a"), "b")
	g.Members[0].Assigned = []lag.TopicPartitions{{Topic: "d", Partitions: []int32{1}}, {Topic: "wrong", Partitions: []int32{1<<31 - 1}}}
	g.Members[1].Assigned = []lag.TopicPartitions{{Topic: "d", Partitions: []int32{0}}}
	g.Members[1].Target = []lag.TopicPartitions{{Topic: "c"}}
	if got := g.assignedTo(); !maps.Equal(got, map[string]int32{"d": 2}) {
		t.Errorf("assigned %v", got)
	}
	r := &Reading{Reader: all()}
	if got := r.memberTopics(g); !slices.Equal(got, []string{"a", "b", "c", "d", "wrong"}) {
		t.Errorf("topics %q", got)
	}
	r.cache["shop"] = &cached{topics: []string{"before"}}
	if got := r.memberTopics(g); !slices.Contains(got, "a") {
		t.Errorf("topics %q: it says what they are now", got)
	}
}
