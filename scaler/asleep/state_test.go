package asleep

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/scaler/seen"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// at is a partition with a commit, none one without.
func at(start, end, position int64) Partition {
	return Partition{Start: start, End: end, Position: position, Read: true, Committed: true}
}

func none(start, end int64) Partition { return Partition{Start: start, End: end, Read: true} }

func rested(p Partition, rest int64) Partition { p.Rest = rest; return p }

func topic(name string, id byte, partitions ...Partition) Topic {
	for i := range partitions {
		partitions[i].Number = int32(i)
	}
	return Topic{Name: name, ID: [16]byte{id}, Partitions: partitions}
}

func group(reset seen.OffsetReset, topics ...Topic) Source {
	return Source{Cluster: "main", Group: "shop", Reset: reset, Topics: topics}
}

// Each world is what is there when the target goes to zero, and then. Twins stand side by side.
func TestWhatWakes(t *testing.T) {
	const unset = seen.OffsetReset("")
	old, arrived := topic("orders", 1, none(0, 100), none(0, 0)), topic("orders", 1, none(0, 105), none(0, 0))
	for _, c := range []struct {
		name      string
		then, now Source
		records   int64
		again     int64
		unread    int // things that are not known
	}{
		{"a commit, and records beyond it", group(unset, topic("orders", 1, at(0, 10, 10))), group(unset, topic("orders", 1, at(0, 17, 10))), 7, 0, 0},
		{"twin: members elsewhere read them", group(unset, topic("orders", 1, at(0, 10, 10))), group(unset, topic("orders", 1, at(0, 17, 17))), 0, 0, 0},
		{"a rest that is known as read", group(unset, topic("orders", 1, at(0, 12, 10))), group(unset, topic("orders", 1, rested(at(0, 12, 10), 2))), 0, 0, 0},
		{"records after a rest that is known as read", group(unset, topic("orders", 1, rested(at(0, 12, 10), 2))), group(unset, topic("orders", 1, rested(at(0, 16, 10), 2))), 4, 0, 0},
		{"twin: retention took the rest", group(unset, topic("orders", 1, rested(at(0, 12, 10), 2))), group(unset, topic("orders", 1, rested(at(13, 16, 10), 2))), 3, 0, 0},
		{"twin: two records, and no rest is known", group(unset, topic("orders", 1, at(0, 12, 10))), group(unset, topic("orders", 1, at(0, 12, 10))), 2, 0, 0},
		{"retention took some of what waits", group(unset, topic("orders", 1, at(0, 10, 10))), group(unset, topic("orders", 1, at(15, 17, 10))), 2, 0, 0},

		{"latest, old records", group(seen.Latest, old), group(seen.Latest, old), 0, 0, 0},
		{"twin: earliest, the same records", group(seen.Earliest, old), group(seen.Earliest, old), 100, 0, 0},
		{"twin: not known, the same records", group(unset, old), group(unset, old), 100, 0, 0},
		{"latest, arrivals", group(seen.Latest, old), group(seen.Latest, arrived), 5, 0, 0},
		{"latest, a partition was added and gets records", group(seen.Latest, old), group(seen.Latest, topic("orders", 1, none(0, 100), none(0, 0), none(0, 3))), 3, 0, 0},
		{"latest, a first commit elsewhere, far on, and a record in a new partition", group(seen.Latest, topic("orders", 1, none(0, 5))), group(seen.Latest, topic("orders", 1, at(0, 100, 100), none(0, 1))), 1, 0, 0},
		{"latest, a first commit elsewhere, beside other commits", group(seen.Latest, topic("orders", 1, at(0, 50, 50), none(0, 5), none(0, 100))), group(seen.Latest, topic("orders", 1, at(0, 50, 50), at(0, 5, 5), none(0, 100))), 0, 0, 0},
		{"latest, members elsewhere read on, beside old records without a commit", group(seen.Latest, topic("orders", 1, at(0, 50, 50), none(0, 100))), group(seen.Latest, topic("orders", 1, at(0, 60, 60), none(0, 100))), 0, 0, 0},
		{"latest, a first commit elsewhere, in an empty partition", group(seen.Latest, topic("orders", 1, none(0, 0), none(0, 5))), group(seen.Latest, topic("orders", 1, at(0, 0, 0), none(0, 5))), 0, 0, 0},
		{"latest, retention removed what arrived", group(seen.Latest, old), group(seen.Latest, topic("orders", 1, none(105, 105), none(0, 0))), 0, 0, 0},

		{"latest, the topic was made anew", group(seen.Latest, old), group(seen.Latest, topic("orders", 2, none(0, 40))), 40, 0, 0},
		{"twin: truncated: what comes after counts", group(seen.Latest, topic("orders", 1, none(0, 100))), group(seen.Latest, topic("orders", 1, none(0, 40))), 0, 0, 0},
		{"latest, without ids, made anew or truncated", group(seen.Latest, topic("orders", 0, none(0, 100))), group(seen.Latest, topic("orders", 0, none(0, 40))), 40, 0, 0},
		{"latest, without ids, made anew, and there is more than before", group(seen.Latest, topic("orders", 0, none(90, 100))), group(seen.Latest, topic("orders", 0, none(0, 120))), 120, 0, 0},
		{"latest, without ids, made anew with fewer partitions", group(seen.Latest, topic("orders", 0, none(0, 10), none(0, 10))), group(seen.Latest, topic("orders", 0, none(0, 25))), 25, 0, 0},
		{"twin: without ids, a first commit elsewhere, and the others as before", group(seen.Latest, topic("orders", 0, none(0, 100), none(0, 50))), group(seen.Latest, topic("orders", 0, at(0, 100, 100), none(0, 50))), 0, 0, 0},
		{"latest, without ids, and the commit is above the end", group(seen.Latest, topic("orders", 0, at(0, 60, 60))), group(seen.Latest, topic("orders", 0, at(0, 40, 60))), 40, 0, 0},
		{"twin: with an id, truncated", group(seen.Latest, topic("orders", 1, at(0, 60, 60))), group(seen.Latest, topic("orders", 1, at(0, 40, 60))), 0, 0, 0},
		{"twin: without ids, expired", group(seen.Latest, topic("orders", 0, at(0, 60, 60))), group(seen.Latest, topic("orders", 0, none(0, 60))), 0, 0, 0},
		{"twin: without ids, retention", group(seen.Latest, topic("orders", 0, none(0, 100))), group(seen.Latest, topic("orders", 0, none(100, 100))), 0, 0, 0},
		{"twin: without ids, arrivals", group(seen.Latest, topic("orders", 0, none(90, 100))), group(seen.Latest, topic("orders", 0, none(90, 103))), 3, 0, 0},
		{"twin: a broker that does not say the id", group(seen.Latest, old), group(seen.Latest, topic("orders", 0, none(0, 105), none(0, 0))), 5, 0, 0},
		{"latest, a topic that did not exist was made", group(seen.Latest, Topic{Name: "orders", Absent: true}), group(seen.Latest, topic("orders", 2, none(0, 4))), 4, 0, 0},
		{"latest, a topic appeared that a pattern accepts", group(seen.Latest), group(seen.Latest, topic("orders", 2, none(0, 4))), 4, 0, 0},
		{"twin: it was there and could not be read", group(seen.Latest, Topic{Name: "orders", Unread: "denied"}), group(seen.Latest, topic("orders", 2, none(0, 4))), 0, 0, 0},

		{"earliest, all was read, and the commits expired", group(seen.Earliest, topic("orders", 1, at(0, 60, 60), at(0, 40, 40))), group(seen.Earliest, topic("orders", 1, none(0, 60), none(0, 40))), 0, 100, 0},
		{"twin: some were left", group(seen.Earliest, topic("orders", 1, at(0, 60, 55), at(0, 40, 40))), group(seen.Earliest, topic("orders", 1, none(0, 60), none(0, 40))), 5, 95, 0},
		{"twin: the group never ran", group(seen.Earliest, topic("orders", 1, none(0, 60), none(0, 40))), group(seen.Earliest, topic("orders", 1, none(0, 60), none(0, 40))), 100, 0, 0},
		{"twin: the group never ran, and the topic was made anew, without ids", group(seen.Earliest, topic("orders", 0, none(50, 100))), group(seen.Earliest, topic("orders", 0, none(0, 80))), 80, 0, 0},
		{"earliest, expired, and arrivals", group(seen.Earliest, topic("orders", 1, at(0, 60, 60))), group(seen.Earliest, topic("orders", 1, none(0, 63))), 3, 60, 0},
		{"latest, expired", group(seen.Latest, topic("orders", 1, at(0, 60, 60))), group(seen.Latest, topic("orders", 1, none(0, 60))), 0, 0, 0},
		{"latest, expired, and arrivals", group(seen.Latest, topic("orders", 1, at(0, 60, 60))), group(seen.Latest, topic("orders", 1, none(0, 63))), 3, 0, 0},
		{"earliest, expired, and made anew", group(seen.Earliest, topic("orders", 1, at(0, 60, 60))), group(seen.Earliest, topic("orders", 2, none(0, 8))), 8, 0, 0},
		{"earliest, truncated below the commit", group(seen.Earliest, topic("orders", 1, at(0, 60, 60))), group(seen.Earliest, topic("orders", 1, at(0, 8, 60))), 8, 0, 0},

		{"nothing is named", group(unset), group(unset), 0, 0, 1},
		{"a topic does not exist", group(unset, Topic{Name: "ordres", Absent: true}), group(unset, Topic{Name: "ordres", Absent: true}), 0, 0, 1},
		{"a topic is denied", group(unset, Topic{Name: "orders", Unread: "denied"}), group(unset, Topic{Name: "orders", Unread: "denied"}), 0, 0, 1},
		{"a partition does not answer", group(unset, topic("orders", 1, at(0, 5, 5), at(0, 5, 5))), group(unset, topic("orders", 1, at(0, 9, 5), Partition{})), 4, 0, 1},
		{"the commits cannot be read", group(unset, old), Source{Cluster: "main", Group: "shop", Unread: "no coordinator", Topics: []Topic{arrived}}, 0, 0, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, _ := State{}.Next(Look{Now: noon, Sources: []Source{c.then}})
			s, waiting := s.Next(Look{Now: noon.Add(time.Minute), Sources: []Source{c.now}})
			w := waiting[0]
			if w.Records() != c.records || w.Again != c.again || len(w.Unread) != c.unread {
				t.Errorf("%+v: want %d records, %d again, %d unread", w, c.records, c.again, c.unread)
			}
			if (len(w.Topics) > 0) != (w.Arrived > 0) {
				t.Errorf("%d arrived in the topics %q", w.Arrived, w.Topics)
			}
			if (c.records > 0) == s.WaitingSince.IsZero() {
				t.Errorf("waiting since %v with %d records", s.WaitingSince, c.records)
			}
		})
	}
}

// What was lowered stays lowered: records after a truncation are arrivals. Without ids the topic may be another one, all of whose
// records are arrivals; they stay until somebody reads them.
func TestMarksAreLowered(t *testing.T) {
	for id, wants := range map[byte][]int64{1: {0, 0, 5, 9}, 0: {0, 40, 45, 49}} {
		s := State{}
		for i, want := range wants {
			end := []int64{100, 40, 45, 49}[i]
			next, w := s.Next(Look{Now: noon, Sources: []Source{group(seen.Latest, topic("orders", id, none(0, end)))}})
			if s = next; w[0].Arrived != want {
				t.Errorf("id %d, end %d: %d arrived, want %d", id, end, w[0].Arrived, want)
			}
		}
	}
}

// A partition that gets its first commit elsewhere leaves the sum, also when others grow at the same time.
func TestAFirstCommitElsewhere(t *testing.T) {
	s, _ := State{}.Next(Look{Now: noon, Sources: []Source{group(seen.Latest, topic("orders", 1, none(0, 100), none(0, 100)))}})
	_, w := s.Next(Look{Now: noon, Sources: []Source{group(seen.Latest, topic("orders", 1, at(0, 100, 100), none(0, 250)))}})
	if w[0].Arrived != 150 {
		t.Errorf("%d arrived, want 150", w[0].Arrived)
	}
}

func TestWhoseZero(t *testing.T) {
	type look struct {
		replicas, before int32
		acts, owned      bool
		intend           bool // this look decides to write 0
		soon             bool // ten seconds after the look before, not a minute
	}
	const n = 3
	for _, c := range []struct {
		name   string
		looks  []look
		saved  State
		byHand bool
	}{
		{"by hand", []look{{replicas: n, acts: true}, {before: n, acts: true}}, State{}, true},
		{"twin: our own write", []look{{replicas: 1, acts: true, intend: true}, {before: 1, acts: true}}, State{}, false},
		{"twin: KEDA owns the target, or did lately", []look{{replicas: n, acts: true, owned: true}, {before: n, acts: true, owned: true}}, State{}, false},
		{"twin: it was at zero when it was first seen", []look{{acts: true}, {acts: true}}, State{}, false},
		{"twin: the leader died after its write", []look{{acts: true}}, State{Intent: noon}, false},
		{"the leader died after it saw it", []look{{acts: true}}, State{Since: noon, ByHand: noon}, true},
		{"the write failed: then a hand", []look{{replicas: 1, acts: true, intend: true}, {replicas: 1, before: 1, acts: true}, {before: 1, acts: true}}, State{}, true},
		{"our zero, a hand resumes, a hand stops", []look{{replicas: 1, acts: true, intend: true}, {before: 1, acts: true}, {replicas: n, acts: true}, {before: n, acts: true}}, State{}, true},
		{"our write, whose answer did not come: the next look is older than the write", []look{{replicas: n, acts: true, intend: true}, {replicas: n, before: n, acts: true, soon: true}, {before: n, acts: true}}, State{}, false},
		{"twin: a minute later: it failed, and then a hand", []look{{replicas: n, acts: true, intend: true}, {replicas: n, before: n, acts: true}, {before: n, acts: true}}, State{}, true},
		{"twin: our zero was seen, a hand resumes and stops in the same minute", []look{{replicas: n, acts: true, intend: true}, {before: n, acts: true, soon: true}, {replicas: n, acts: true, soon: true}, {before: n, acts: true, soon: true}}, State{}, true},
		{"the leader died, and its write is on its way", []look{{replicas: n, acts: true, soon: true}, {before: n, acts: true, soon: true}}, State{Intent: noon.Add(-time.Second), Marks: make([]Mark, 1)}, false},
		{"by hand, resumed, our own", []look{{replicas: n, acts: true}, {before: n, acts: true}, {replicas: 1, acts: true, intend: true}, {before: 1, acts: true}}, State{}, false},
		{"advise: not seen while we act", []look{{replicas: n}, {}}, State{}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, now := c.saved, noon
			for _, l := range c.looks {
				if now = now.Add(time.Minute); l.soon {
					now = now.Add(-50 * time.Second)
				}
				look := Look{Now: now, Replicas: l.replicas, Before: l.before, Acts: l.acts, Owned: l.owned, Stands: time.Minute}
				s, _ = s.Next(look)
				if l.intend {
					s = s.Intend(look)
				}
			}
			if !s.ByHand.IsZero() != c.byHand {
				t.Errorf("by hand: %v, want %v; %+v", !s.ByHand.IsZero(), c.byHand, s)
			}
		})
	}
}

// A latest group skips what woke it. It stays awake until it has a commit there, and so does the next leader.
func TestALatestGroupStaysAwakeUntilItCommits(t *testing.T) {
	quiet := group(seen.Latest, topic("orders", 1, none(0, 100)))
	s, _ := State{}.Next(Look{Now: noon, Sources: []Source{quiet}})
	if _, kept := s.Keeps(&quiet, 0); kept {
		t.Fatal("old records that nobody reads keep a latest group awake")
	}
	woken := group(seen.Latest, topic("orders", 1, none(0, 101)))
	s, w := s.Next(Look{Now: noon, Sources: []Source{woken}})
	if w[0].Records() != 1 {
		t.Fatalf("%+v", w)
	}
	s, _ = s.Next(Look{Now: noon, Replicas: 1, Sources: []Source{woken}})
	for range 3 {
		if k, kept := s.Keeps(&woken, 0); !kept || !slices.Equal(k.Woken, []string{"orders"}) {
			t.Fatalf("it may go to zero without a commit: %+v", k)
		}
		s, _ = s.Next(Look{Now: noon, Replicas: 1, Sources: []Source{woken}})
	}
	read := group(seen.Latest, topic("orders", 1, at(0, 102, 102)))
	s, _ = s.Next(Look{Now: noon, Replicas: 1, Sources: []Source{read}})
	if k, kept := s.Keeps(&read, 0); kept {
		t.Errorf("it has a commit, and stays awake: %+v", k)
	}
}

// Whatever would wake a target at once keeps it awake.
func TestKeeps(t *testing.T) {
	for _, c := range []struct {
		name   string
		source Source
		enough int64
		want   bool
	}{
		{"commits everywhere", group("", topic("orders", 1, at(0, 5, 5))), 0, false},
		{"earliest, retained records without a commit", group(seen.Earliest, topic("orders", 1, at(0, 5, 5), none(0, 5))), 0, true},
		{"not known, the same", group("", topic("orders", 1, at(0, 5, 5), none(0, 5))), 0, true},
		{"twin: latest", group(seen.Latest, topic("orders", 1, at(0, 5, 5), none(0, 5))), 0, false},
		{"twin: retention removed them", group(seen.Earliest, topic("orders", 1, at(0, 5, 5), none(5, 5))), 0, false},
		{"twin: activationLag is more", group(seen.Earliest, topic("orders", 1, at(0, 5, 5), none(0, 5))), 5, false},
		{"a topic cannot be read", group(seen.Latest, Topic{Name: "orders", Unread: "denied"}), 0, true},
		{"a topic does not exist", group(seen.Latest, Topic{Name: "orders", Absent: true}), 0, true},
	} {
		if k, kept := (State{}).Keeps(&c.source, c.enough); kept != c.want {
			t.Errorf("%s: kept %v, want %v: %+v", c.name, kept, c.want, k)
		}
	}
}

// Commits that expire one after the other end as those that expire at once: what was read is not counted as arrived.
func TestCommitsExpireOneAfterTheOther(t *testing.T) {
	s, _ := State{}.Next(Look{Now: noon, Sources: []Source{group(seen.Earliest, topic("orders", 1, at(0, 60, 60), at(0, 40, 40)))}})
	s, _ = s.Next(Look{Now: noon, Sources: []Source{group(seen.Earliest, topic("orders", 1, at(0, 60, 60), none(0, 40)))}})
	_, w := s.Next(Look{Now: noon, Sources: []Source{group(seen.Earliest, topic("orders", 1, none(0, 60), none(0, 40)))}})
	if w[0].Arrived != 0 || w[0].Again != 100 {
		t.Errorf("%+v: want nothing that arrived, and 100 again", w[0])
	}
}

// A state of which anything is remembered is not forgotten.
func TestZeroStates(t *testing.T) {
	for _, s := range []State{{Since: noon}, {Intent: noon}, {ByHand: noon}, {Marks: make([]Mark, 1)}, {Woken: make([]Mark, 1)}, {Marks: make([]Mark, 1), Woken: make([]Mark, 1)}} {
		if s.Zero() {
			t.Errorf("%+v is taken for nothing", s)
		}
	}
	if !(State{}).Zero() {
		t.Error("nothing is taken for something")
	}
}

// What is remembered of topics: sums of the partitions with a commit and of those without, and which could not be read.
func TestMarks(t *testing.T) {
	source := group(seen.Latest, topic("orders", 1, at(0, 9, 5), none(2, 7), none(1, 3)), Topic{Name: "gone", Absent: true}, Topic{Name: "secret", Unread: "denied"})
	want := []Mark{
		{Cluster: "main", Group: "shop", Topic: "orders", ID: "01000000000000000000000000000000", Ends: 10, Starts: 3, Uncommitted: 2, Read: 5, Committed: 1},
		{Cluster: "main", Group: "shop", Topic: "gone"},
		{Cluster: "main", Group: "shop", Topic: "secret", Pending: true},
	}
	if got := Marks([]Source{source}); !slices.Equal(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
}

// Groups that read topics of the same name are remembered apart.
func TestMarksOfGroupsApart(t *testing.T) {
	sources := func(more int64) []Source {
		var all []Source
		for i, name := range []string{"main shop", "main other", "other shop"} {
			s := group(seen.Latest, topic("orders", 1, none(0, []int64{100, 10, 1000}[i]+more)), topic("mails", 1, none(0, []int64{7, 70, 700}[i]+more)))
			s.Cluster, s.Group, _ = strings.Cut(name, " ")
			all = append(all, s)
		}
		return all
	}
	s, _ := State{}.Next(Look{Now: noon, Sources: sources(0)})
	_, waiting := s.Next(Look{Now: noon, Sources: sources(3)})
	for i, w := range waiting {
		if w.Arrived != 6 {
			t.Errorf("%+v: %d arrived, want 3 in each of two topics", sources(3)[i], w.Arrived)
		}
	}
}

// What a topic was when it could be read last is kept, and nothing is added for it while it cannot be read.
func TestATopicThatIsNotReadForAWhile(t *testing.T) {
	look := func(topics ...Topic) Look { return Look{Now: noon, Sources: []Source{group(seen.Latest, topics...)}} }
	denied := Topic{Name: "orders", ID: [16]byte{1}, Unread: "denied"}
	for _, c := range []struct {
		name    string
		first   Look
		arrived int64
	}{
		{"it was read before", look(topic("orders", 1, none(0, 100))), 5},
		{"it could not be read at first", look(denied), 0},
		{"it was not there at first", look(), 0}, // since when its records are there is not known
	} {
		s, _ := State{}.Next(c.first)
		for range 3 {
			s, _ = s.Next(look(denied))
		}
		if len(s.Marks) != 1 {
			t.Errorf("%s: %d marks of one topic: %+v", c.name, len(s.Marks), s.Marks)
		}
		if _, w := s.Next(look(topic("orders", 1, none(0, 105)))); w[0].Arrived != c.arrived {
			t.Errorf("%s: %d arrived, want %d", c.name, w[0].Arrived, c.arrived)
		}
	}
}

// What members elsewhere read during the zero is not counted when its commits expire.
func TestReadOnDuringTheZero(t *testing.T) {
	s := State{}
	var w []Waiting
	for _, p := range []Partition{at(0, 60, 55), at(0, 60, 60), none(0, 60)} {
		s, w = s.Next(Look{Now: noon, Sources: []Source{group(seen.Earliest, topic("orders", 1, p))}})
	}
	if w[0].Arrived != 0 || w[0].Again != 60 {
		t.Errorf("%+v: want nothing that arrived, and 60 again", w[0])
	}
}

// The marks of a zero are those of its intent. Marks without an intent are of a zero before, and an intent without marks was saved
// by a version that saved none.
func TestMarksOfWhichZero(t *testing.T) {
	before := []Source{group(seen.Latest, topic("orders", 1, none(0, 100)))}
	now := []Source{group(seen.Latest, topic("orders", 1, none(0, 107)))}
	for _, c := range []struct {
		name    string
		saved   State
		arrived int64
	}{
		{"marks of its intent", State{Intent: noon, Marks: Marks(before)}, 7},
		{"marks without an intent", State{Marks: Marks(before)}, 0},
		{"an intent without marks", State{Intent: noon}, 0},
	} {
		if _, w := c.saved.Next(Look{Now: noon, Sources: now}); w[0].Arrived != c.arrived {
			t.Errorf("%s: %d arrived, want %d", c.name, w[0].Arrived, c.arrived)
		}
	}
}

// A group that does not skip anything reads what woke it: nothing has to keep it awake for that.
func TestOnlyALatestGroupIsKeptForWhatWokeIt(t *testing.T) {
	for reset, kept := range map[seen.OffsetReset]int{seen.Latest: 1, seen.Earliest: 0, "": 0} {
		s, _ := State{}.Next(Look{Now: noon, Sources: []Source{group(reset, topic("orders", 1, none(0, 0)))}})
		s, w := s.Next(Look{Now: noon, Sources: []Source{group(reset, topic("orders", 1, none(0, 3)))}})
		if w[0].Arrived != 3 {
			t.Errorf("%q: %+v", reset, w[0])
		}
		s, _ = s.Next(Look{Now: noon, Replicas: 1, Sources: []Source{group(reset, topic("orders", 1, none(0, 3)))}})
		if len(s.Woken) != kept {
			t.Errorf("%q: %d topics keep it awake, want %d", reset, len(s.Woken), kept)
		}
	}
}
