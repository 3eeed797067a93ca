package asleep

import (
	"slices"
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
		{"twin: two records, and no rest is known", group(unset, topic("orders", 1, at(0, 12, 10))), group(unset, topic("orders", 1, at(0, 12, 10))), 2, 0, 0},
		{"retention took some of what waits", group(unset, topic("orders", 1, at(0, 10, 10))), group(unset, topic("orders", 1, at(15, 17, 10))), 2, 0, 0},

		{"latest, old records", group(seen.Latest, old), group(seen.Latest, old), 0, 0, 0},
		{"twin: earliest, the same records", group(seen.Earliest, old), group(seen.Earliest, old), 100, 0, 0},
		{"twin: not known, the same records", group(unset, old), group(unset, old), 100, 0, 0},
		{"latest, arrivals", group(seen.Latest, old), group(seen.Latest, arrived), 5, 0, 0},
		{"latest, a partition was added and gets records", group(seen.Latest, old), group(seen.Latest, topic("orders", 1, none(0, 100), none(0, 0), none(0, 3))), 3, 0, 0},
		{"latest, retention removed what arrived", group(seen.Latest, old), group(seen.Latest, topic("orders", 1, none(105, 105), none(0, 0))), 0, 0, 0},

		{"latest, the topic was made anew", group(seen.Latest, old), group(seen.Latest, topic("orders", 2, none(0, 40))), 40, 0, 0},
		{"twin: without ids, truncated: what comes after counts", group(seen.Latest, topic("orders", 0, none(0, 100))), group(seen.Latest, topic("orders", 0, none(0, 40))), 0, 0, 0},
		{"latest, a topic that did not exist was made", group(seen.Latest, Topic{Name: "orders", Absent: true}), group(seen.Latest, topic("orders", 2, none(0, 4))), 4, 0, 0},
		{"latest, a topic appeared that a pattern accepts", group(seen.Latest), group(seen.Latest, topic("orders", 2, none(0, 4))), 4, 0, 0},
		{"twin: it was there and could not be read", group(seen.Latest, Topic{Name: "orders", Unread: "denied"}), group(seen.Latest, topic("orders", 2, none(0, 4))), 0, 0, 0},

		{"earliest, all was read, and the commits expired", group(seen.Earliest, topic("orders", 1, at(0, 60, 60), at(0, 40, 40))), group(seen.Earliest, topic("orders", 1, none(0, 60), none(0, 40))), 0, 100, 0},
		{"twin: some were left", group(seen.Earliest, topic("orders", 1, at(0, 60, 55), at(0, 40, 40))), group(seen.Earliest, topic("orders", 1, none(0, 60), none(0, 40))), 5, 95, 0},
		{"twin: the group never ran", group(seen.Earliest, topic("orders", 1, none(0, 60), none(0, 40))), group(seen.Earliest, topic("orders", 1, none(0, 60), none(0, 40))), 100, 0, 0},
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
			if (c.records > 0) == s.WaitingSince.IsZero() {
				t.Errorf("waiting since %v with %d records", s.WaitingSince, c.records)
			}
		})
	}
}

// What was lowered stays lowered: records after a truncation are arrivals.
func TestMarksAreLowered(t *testing.T) {
	s := State{}
	for i, want := range []int64{0, 0, 5, 9} {
		end := []int64{100, 40, 45, 49}[i]
		next, w := s.Next(Look{Now: noon, Sources: []Source{group(seen.Latest, topic("orders", 0, none(0, end)))}})
		if s = next; w[0].Arrived != want {
			t.Errorf("end %d: %d arrived, want %d", end, w[0].Arrived, want)
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
		{"by hand, resumed, our own", []look{{replicas: n, acts: true}, {before: n, acts: true}, {replicas: 1, acts: true, intend: true}, {before: 1, acts: true}}, State{}, false},
		{"advise: not seen while we act", []look{{replicas: n}, {}}, State{}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := c.saved
			for i, l := range c.looks {
				look := Look{Now: noon.Add(time.Duration(i) * time.Minute), Replicas: l.replicas, Before: l.before, Acts: l.acts, Owned: l.owned}
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
