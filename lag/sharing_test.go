package lag

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// A snapshot shares with the one before what is the same in both, and nothing else. What it shares is never written again.
func TestSnapshotsShareWhatIsTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		offset := rapid.Int64Range(0, 3)
		world := func(poll int) *world {
			w := &world{at: t0.Add(time.Duration(poll) * 10 * time.Second)}
			w.topic("a", [2]int64{0, 100}, [2]int64{0, offset.Draw(t, "end")}).topic("b", [2]int64{0, 100})
			return w.group("g", commits("a", offset.Draw(t, "first"), offset.Draw(t, "second")), commits("b", offset.Draw(t, "b")),
				member("m1", []string{"a", "b"}, TopicPartitions{"a", []int32{0, int32(1)}}), member("m2", []string{"a", "b"}, TopicPartitions{"b", []int32{0}[:rapid.IntRange(0, 1).Draw(t, "assigned")]}))
		}
		var before *Snapshot
		for poll := range 4 {
			o := world(poll).observation()
			alone := Compute(o, nil, nil)
			now := Compute(o, before, nil)
			if !reflect.DeepEqual(alone.Groups[0].Topics, withoutReadAt(now.Groups[0].Topics)) || !reflect.DeepEqual(alone.Groups[0].Members, now.Groups[0].Members) {
				t.Fatalf("poll %d: with the snapshot before %+v, without %+v", poll, now.Groups[0], alone.Groups[0])
			}
			if before != nil {
				shares(t, &before.Groups[0], &now.Groups[0])
			}
			before = now
		}
	})
}

func withoutReadAt(topics []TopicLag) []TopicLag {
	topics = slices.Clone(topics)
	for i := range topics {
		topics[i].ReadAt = time.Time{}
	}
	return topics
}

func shares(t *rapid.T, before, now *GroupLag) {
	for i := range now.Topics {
		was, is := before.Topics[i].Partitions, now.Topics[i].Partitions
		if same, shared := slices.Equal(was, is), &was[0] == &is[0]; same != shared {
			t.Fatalf("%s: the same %v, shared %v", now.Topics[i].Topic, same, shared)
		}
	}
	if same, shared := equalMembers(before.Members, now.Members), &before.Members[0] == &now.Members[0]; same != shared {
		t.Fatalf("members: the same %v, shared %v", same, shared)
	}
}

// Two members are equal only if all fields are.
func TestEqualMembersLookAtEachField(t *testing.T) {
	one := func() Member {
		return Member{Topics: []string{}, Assigned: []TopicPartitions{{"a", []int32{0}}}, Target: []TopicPartitions{{"a", []int32{0}}}}
	}
	if !equalMembers([]Member{one()}, []Member{one()}) || equalMembers([]Member{one()}, nil) {
		t.Fatal("the same member differs, or a member is like none")
	}
	for i := range reflect.TypeFor[Member]().NumField() {
		name := reflect.TypeFor[Member]().Field(i).Name
		for _, change := range changes(reflect.ValueOf(one()).Field(i)) {
			m := one()
			reflect.ValueOf(&m).Elem().Field(i).Set(change)
			if equalMembers([]Member{m}, []Member{one()}) {
				t.Errorf("%s: %v is like %v", name, change, reflect.ValueOf(one()).Field(i))
			}
		}
	}
}

// changes are other values of a field.
func changes(of reflect.Value) []reflect.Value {
	switch of.Interface().(type) {
	case string:
		return []reflect.Value{reflect.ValueOf("x")}
	case int32:
		return []reflect.Value{reflect.ValueOf(int32(7))}
	case []string: // nil: unknown
		return []reflect.Value{reflect.ValueOf([]string(nil)), reflect.ValueOf([]string{"x"})}
	case []TopicPartitions:
		return []reflect.Value{
			reflect.ValueOf([]TopicPartitions(nil)), reflect.ValueOf([]TopicPartitions{{"b", []int32{0}}}), reflect.ValueOf([]TopicPartitions{{"a", []int32{1}}}),
		}
	}
	panic("a field of an unknown type: " + of.Type().String())
}

// Compute leaves the observation as it is; Take takes the commits out of it.
func TestTakeRemovesTheCommits(t *testing.T) {
	o := (&world{at: t0}).topic("a", [2]int64{0, 100}).group("g", commits("a", 40)).observation()
	var d Declared
	first := d.Compute(o, nil)
	if again := d.Take(&o, nil); !reflect.DeepEqual(first, again) || first.Groups[0].Topics[0].Partitions[0].Committed != 40 {
		t.Errorf("Take makes %+v, Compute %+v", again, first)
	}
	if o.Groups[0].Commits != nil {
		t.Errorf("after Take there are %v", o.Groups[0].Commits)
	}
}

// Time lags that stay as they are share the memory of the poll before, those that change do not.
func TestTimeLagsShareWhatIsTheSame(t *testing.T) {
	var h History
	var before []Rates
	var prev *Snapshot
	for poll, committed := range []int64{100, 100, 90, 90} {
		w := (&world{at: t0.Add(time.Duration(poll) * 10 * time.Second)}).topic("a", [2]int64{0, 100}).group("g", commits("a", committed))
		prev = Compute(w.observation(), prev, nil)
		rates := h.Add(prev, func(string) SLO { return DefaultSLO })
		if before != nil {
			was, is := before[0].timeLags[0], rates[0].timeLags[0]
			if same, shared := slices.Equal(was, is), &was[0] == &is[0]; same != shared {
				t.Errorf("poll %d: the same %v, shared %v", poll, same, shared)
			}
		}
		before = rates
	}
}
