package groups

import (
	"context"
	"io"
	"log/slog"
	"maps"
	"reflect"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/lag/kafkasource/cluster"
	"github.com/lagscaler/lagscaler/lag/kafkasource/transport"
)

// A group whose coordinator moves is looked up at once, and then twice more, after a pause each, until it is read or the poll ends.
func TestCoordinatorsAreLookedUpAfterPauses(t *testing.T) {
	for name, c := range map[string]struct {
		lists       []string // what broker 1 lists
		finds       func(group string, lookup int) (int32, int16)
		ends        time.Duration // when the poll ends at the latest
		at          []time.Duration
		err         lag.ErrorCode
		coordinator int32
	}{
		"it never stands still": {
			[]string{"shop"},
			func(string, int) (int32, int16) { return 1, 0 }, time.Hour,
			[]time.Duration{0, pause, 2 * pause},
			lag.NotCoordinator, 1,
		},
		"the second time it is there": {
			[]string{"shop"},
			func(_ string, lookup int) (int32, int16) { return int32(max(0, 2-lookup)), 0 }, time.Hour,
			[]time.Duration{0, pause},
			lag.OK, 0,
		},
		"the poll ends in the first pause": {
			[]string{"shop"},
			func(string, int) (int32, int16) { return 1, 0 }, pause / 2,
			[]time.Duration{0},
			lag.NotCoordinator, 1,
		},
		"twin: none moves": {nil, nil, time.Hour, nil, lag.OK, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				k := &fakeBrokers{lists: map[int32][]string{1: c.lists, 0: {"web", "api"}}, moved: map[int32]bool{1: true}, finds: c.finds, most: 4}
				round := k.poll(t)
				ctx, cancel := context.WithTimeout(t.Context(), c.ends)
				defer cancel()
				r := all().Read(ctx, round, nil)
				if !slices.Equal(k.at, c.at) {
					t.Errorf("looked up after %v, want %v", k.at, c.at)
				}
				want := time.Duration(0)
				if len(c.at) > 0 {
					want = min(c.at[len(c.at)-1], c.ends)
				}
				if c.ends < pause {
					want = c.ends
				}
				if got := time.Since(k.began); got != want {
					t.Errorf("the poll took %v, want %v", got, want)
				}
				if i := index(r.groups, "shop"); i >= 0 && (r.groups[i].Err != c.err || r.groups[i].Coordinator != c.coordinator) {
					t.Errorf("%s of broker %d, want %s of %d", r.groups[i].Err, r.groups[i].Coordinator, c.err, c.coordinator)
				}
				if len(r.groups) != 2+len(c.lists) {
					t.Errorf("%d groups", len(r.groups))
				}
			})
		})
	}
}

// offline is a poll of a cluster that nothing is sent to. It has lost some brokers.
func offline(lost ...int32) *cluster.Round {
	round := cluster.New(nil, 1, 0, slog.New(slog.DiscardHandler)).Poll()
	for _, broker := range lost {
		round.Lose(broker, io.EOF)
	}
	return round
}

func failing(name string, code lag.ErrorCode) *group {
	g := committing(name)
	g.Err = code
	return g
}

// Groups are looked up whose coordinator says that it moves, that nobody lists, and that were never seen; these, and those that had no
// coordinator in the poll before, only once in a poll.
func TestWhichGroupsAreLookedUp(t *testing.T) {
	r := all()
	r.cfg.Group = func(name string) bool { return name != "theirs" }
	r.cache = map[string]*cached{
		"first": {}, "of a broker that is down": {coordinator: 2}, "dead": {deadPolls: 1}, "lost before": {lost: true}, "unlisted": {},
	}
	reading := &Reading{
		Reader: r, round: offline(2), declared: []string{"first", "never seen", "read", "theirs", "unlisted"},
		groups: []*group{
			failing("denied", lag.GroupDenied), failing("first", lag.OK), failing("loading", lag.CoordinatorLoading), failing("moved", lag.NotCoordinator),
			failing("read", lag.OK),
		},
	}
	if got, want := reading.moved(true), []string{"loading", "lost before", "moved", "never seen", "unlisted"}; !slices.Equal(got, want) {
		t.Errorf("first %q, want %q", got, want)
	}
	if got, want := reading.moved(false), []string{"loading", "moved", "unlisted"}; !slices.Equal(got, want) {
		t.Errorf("then %q, want %q", got, want)
	}
	reading.groups = reading.groups[1:]
	if got := reading.moved(true); slices.Contains(got, "first") {
		t.Errorf("%q: the first group of all was read", got)
	}
}

// Groups that were never seen are looked up unless the cluster has no group at all.
func TestWhereNoGroupIsNobodyIsLookedUp(t *testing.T) {
	for name, c := range map[string]struct {
		groups []*group
		topic  bool // __consumer_offsets exists
		want   []string
	}{
		"no group, and no topic": {nil, false, nil},
		"a group":                {[]*group{committing("web")}, false, []string{"shop"}},
		"the topic":              {nil, true, []string{"shop"}},
		"both":                   {[]*group{committing("web")}, true, []string{"shop"}},
		"it is the group":        {[]*group{committing("shop")}, true, nil},
	} {
		round := offline()
		if c.topic {
			round.Cluster.NoteOffsetsTopic(&kmsg.MetadataResponseTopic{Partitions: make([]kmsg.MetadataResponseTopicPartition, 1)})
		}
		declared := []string{"shop"}
		if got := (&Reading{Reader: all(), round: round, groups: c.groups, declared: declared}).neverSeen(); !slices.Equal(got, c.want) || declared[0] != "shop" {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// lookUp looks up the coordinators of groups in one poll of some brokers.
func lookUp(t *testing.T, k *fakeBrokers, r *Reader, names ...string) (*Reading, map[string]foundCoordinator) {
	t.Helper()
	reading := &Reading{Reader: r, round: k.poll(t), unfound: map[string]lag.ErrorCode{}}
	return reading, reading.findCoordinators(t.Context(), names)
}

// Brokers from 3.0 on are asked for as many groups at once as a request may be about, older ones for one group with each request. In a poll
// these are asked for no more groups than one request may be about, and the next poll goes on with the others.
func TestHowManyCoordinatorsAreLookedUpAtOnce(t *testing.T) {
	names := []string{"a", "b", "c", "d", "e"}
	for version, polls := range map[int16][][][]string{
		4: {{{"a", "b"}, {"c", "d"}, {"e"}}, {{"a", "b"}, {"c", "d"}, {"e"}}},
		3: {{{"a"}, {"b"}}, {{"c"}, {"d"}}, {{"e"}, {"a"}}},
	} {
		r := all()
		r.cfg.Batch = 2
		for poll, want := range polls {
			synctest.Test(t, func(t *testing.T) {
				k := &fakeBrokers{most: version, finds: func(group string, _ int) (int32, int16) { return int32(group[0]), int16(group[0]) + 1 }}
				_, found := lookUp(t, k, r, names...)
				if !reflect.DeepEqual(k.lookups, want) {
					t.Errorf("version %d, poll %d: %q, want %q", version, poll, k.lookups, want)
				}
				for _, name := range slices.Concat(want...) {
					if found[name] != (foundCoordinator{int32(name[0]), lag.ErrorCode(name[0] + 1)}) {
						t.Errorf("version %d: %q is of %+v", version, name, found[name])
					}
				}
				if len(found) != len(slices.Concat(want...)) {
					t.Errorf("version %d: found %+v", version, found)
				}
			})
		}
	}
}

// Where nobody answers, each group has the reason, and the poll has the error.
func TestCoordinatorsCannotBeLookedUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		reading, found := lookUp(t, &fakeBrokers{most: 4, mute: true}, all(), "shop", "web")
		unreachable := foundCoordinator{code: lag.Unreachable}
		if want := map[string]foundCoordinator{"shop": unreachable, "web": unreachable}; !maps.Equal(found, want) {
			t.Errorf("found %+v", found)
		}
		if got := reading.round.Errors(); len(got) != 1 || got[0].Stage != lag.StageList || got[0].Broker != transport.AnyBroker {
			t.Errorf("errors %+v", got)
		}
	})
}

// Only a coordinator that is there and can be asked is asked. The type and the protocol are those that were read last.
func TestWhereGroupsAreAsked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		at := map[string]int32{"lost": 1, "nowhere": -1}
		r := all()
		r.cache = map[string]*cached{"cached": {groupType: lag.Consumer, protocol: "old"}, "read": {groupType: lag.Consumer, protocol: "old"}}
		k := &fakeBrokers{most: 4, finds: func(name string, _ int) (int32, int16) {
			if name == "denied" {
				return 0, 30
			}
			return at[name], 0
		}}
		read := committing("read")
		read.Type, read.Protocol = lag.Share, "now"
		reading := &Reading{Reader: r, round: k.poll(t), unfound: map[string]lag.ErrorCode{}, groups: []*group{read}}
		reading.round.Lose(1, io.EOF)
		located := reading.locate(t.Context(), []string{"cached", "denied", "lost", "new", "nowhere", "read"})
		got := map[string]Listed{}
		for broker, listed := range located {
			for _, l := range listed {
				if l.Coordinator != broker || l.At.IsZero() {
					t.Errorf("%+v of broker %d", l, broker)
				}
				got[l.Group] = Listed{GroupState: lag.GroupState{Type: l.Type}, Protocol: l.Protocol}
			}
		}
		want := map[string]Listed{
			"cached": {GroupState: lag.GroupState{Type: lag.Consumer}, Protocol: "old"},
			"new":    {GroupState: lag.GroupState{Type: lag.Classic}},
			"read":   {GroupState: lag.GroupState{Type: lag.Share}, Protocol: "now"},
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("asks %+v", located)
		}
		unfound := map[string]lag.ErrorCode{
			"cached": lag.OK, "new": lag.OK, "read": lag.OK, "nowhere": lag.OK, "denied": lag.GroupDenied, "lost": lag.Unreachable,
		}
		if !maps.Equal(reading.unfound, unfound) {
			t.Errorf("not found %v", reading.unfound)
		}
	})
}

// A group that was read again takes the place of its last reading. One that was not there stays away while its coordinator moves.
func TestReadingsOfMovedGroups(t *testing.T) {
	r := &Reading{Reader: all(), unfound: map[string]lag.ErrorCode{}, groups: []*group{committing("a"), committing("d")}}
	again := []*group{failing("a", lag.NotCoordinator), failing("c", lag.GroupDenied), failing("b", lag.OK), failing("e", lag.CoordinatorLoading)}
	r.replace(again)
	var got []string
	for _, g := range r.groups {
		got = append(got, g.Group)
	}
	if !slices.Equal(got, []string{"a", "b", "c", "d"}) || r.groups[0] != again[0] {
		t.Errorf("groups %q, the first one is the new reading: %v", got, r.groups[0] == again[0])
	}
	if !maps.Equal(r.unfound, map[string]lag.ErrorCode{"e": lag.CoordinatorLoading}) {
		t.Errorf("not found %v", r.unfound)
	}
}

// A poll tells of groups that a coordinator does not let it read, and of those without a coordinator. Why a broker is down it has told already.
func TestErrorsOfGroups(t *testing.T) {
	of := func(broker int32, code lag.ErrorCode) *group {
		g := failing("shop", code)
		g.Coordinator = broker
		return g
	}
	type told struct {
		stage  lag.Stage
		broker int32
		code   lag.ErrorCode
	}
	for name, c := range map[string]struct {
		group *group
		want  []told
	}{
		"it was read":        {of(0, lag.OK), nil},
		"it is denied":       {of(0, lag.GroupDenied), []told{{lag.StageDescribe, 0, lag.GroupDenied}}},
		"no coordinator":     {of(-1, lag.NoCoordinator), []told{{lag.StageList, -1, lag.NoCoordinator}}},
		"nobody lists it":    {of(-1, lag.Unlisted), nil},
		"its broker is down": {of(2, lag.Unreachable), nil},
	} {
		r := &Reading{Reader: all(), round: offline(2), groups: []*group{c.group}}
		r.reportErrors()
		var got []told
		for _, e := range r.round.Errors() {
			if e.Broker != 2 {
				got = append(got, told{e.Stage, e.Broker, e.Code})
			}
		}
		if !slices.Equal(got, c.want) || len(r.round.Errors()) != 1+len(c.want) {
			t.Errorf("%s: %+v, want %+v", name, r.round.Errors(), c.want)
		}
	}
}
