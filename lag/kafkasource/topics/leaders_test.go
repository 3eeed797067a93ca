package topics

import (
	"testing"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/lag/kafkasource/wire"
)

const startAndEnd = lag.KnownStart | lag.KnownEnd

// What was answered before new metadata came stands only if it is still true: of the same topic, a log that is not truncated, or a
// leader that is still the leader and does not answer.
func TestWhichAnswerNewMetadataKeeps(t *testing.T) {
	down := lag.PartitionRead{Leader: 1, Err: lag.Unreachable}
	slow := lag.PartitionRead{Leader: 1, Err: lag.Slow}
	by := func(leader int32) lag.PartitionRead { return lag.PartitionRead{Leader: leader} }
	for name, c := range map[string]struct {
		old, now  lag.PartitionRead
		sameTopic bool
		keeps     bool
	}{
		"an end":                                       {lag.PartitionRead{Leader: 1, Start: 3, End: 9, Known: startAndEnd}, by(1), true, true},
		"an end, another leader":                       {lag.PartitionRead{Leader: 1, Start: 3, End: 9, Known: startAndEnd}, by(2), true, true},
		"an empty log":                                 {lag.PartitionRead{Leader: 1, Start: 9, End: 9, Known: startAndEnd}, by(1), true, true},
		"an end, and no start":                         {lag.PartitionRead{Leader: 1, Start: 10, End: 9, Known: lag.KnownEnd}, by(1), true, true},
		"an end below the start: another log":          {lag.PartitionRead{Leader: 1, Start: 10, End: 9, Known: startAndEnd}, by(1), true, false},
		"an end of a topic that was made anew":         {lag.PartitionRead{Leader: 1, Start: 3, End: 9, Known: startAndEnd}, by(1), false, false},
		"no leader of a topic that was made anew":      {down, by(-1), false, false},
		"the leader does not answer":                   {down, by(1), true, true},
		"the leader does not answer, there is another": {down, by(2), true, false},
		"it is slow":                                   {slow, by(1), true, true},
		"it was slow, there is another":                {slow, by(2), true, false},
		"it says that it does not lead":                {lag.PartitionRead{Leader: 1, Err: lag.LeaderNotAvailable}, by(1), true, false},
		"nobody leads now":                             {lag.PartitionRead{Leader: 1, Err: lag.LeaderNotAvailable}, by(-1), true, true},
	} {
		if keeps := keepsAnswer(&c.old, &c.now, c.sameTopic); keeps != c.keeps {
			t.Errorf("%s: kept %v, want %v", name, keeps, c.keeps)
		}
	}
}

// Offsets of earlier polls are those of the leader that gave them: a new leader may have truncated the log.
func TestAFormerLeadersOffsetsAreForgotten(t *testing.T) {
	of := func(id byte, epochs ...int32) *kmsg.MetadataResponseTopic {
		m := &kmsg.MetadataResponseTopic{Topic: kmsg.StringPtr("orders"), TopicID: [16]byte{id}}
		for i, epoch := range epochs {
			m.Partitions = append(m.Partitions, kmsg.MetadataResponseTopicPartition{Partition: int32(i), Leader: 1, LeaderEpoch: epoch})
		}
		return m
	}
	read := func(epoch int32) lag.PartitionRead {
		return lag.PartitionRead{Leader: 1, LeaderEpoch: epoch, Start: 3, End: 9, Stable: 8, At: 7, Known: startAndEnd | lag.KnownStable}
	}
	for name, c := range map[string]struct {
		id     byte // of the topic before; 0: the brokers have no such ids
		now    *kmsg.MetadataResponseTopic
		epochs []int32
		known  []bool // whether what was read of the partitions is
	}{
		"the same leaders":               {1, of(1, 5, 6), []int32{5, 6}, []bool{true, true}},
		"one leader moved":               {1, of(1, 5, 7), []int32{5, 7}, []bool{true, false}},
		"a partition more":               {1, of(1, 5, 6, 6), []int32{5, 6, 6}, []bool{true, true, false}},
		"a partition less: nobody can":   {1, of(1, 5), []int32{5, 6}, []bool{true, true}},
		"a partition less, without ids":  {0, of(0, 5), []int32{5}, []bool{true}},
		"the topic made anew":            {1, of(2, 5, 6), []int32{5, 6}, []bool{false, false}},
		"the topic made anew, with less": {1, of(2, 5), []int32{5}, []bool{false}},
	} {
		r := NewReader(Config{})
		r.known["orders"] = &topic{read: lag.TopicRead{Name: "orders", ID: [16]byte{c.id}, Partitions: []lag.PartitionRead{read(5), read(6)}}}
		if err := r.store(c.now); err != nil {
			t.Fatal(err)
		}
		if got := len(r.known["orders"].read.Partitions); got != len(c.epochs) {
			t.Errorf("%s: %d partitions", name, got)
		}
		for i, p := range r.known["orders"].read.Partitions {
			want := lag.PartitionRead{Leader: 1, LeaderEpoch: c.epochs[i]}
			if c.known[i] {
				want.Start, want.End, want.Known = 3, 9, startAndEnd
			}
			if p != want {
				t.Errorf("%s: partition %d is %+v, want %+v", name, i, p, want)
			}
		}
		// The log start stands until it is read again; an end, never.
		for i, p := range r.known["orders"].withoutOffsets().Partitions {
			if p.Known.Has(lag.KnownEnd) || p.End != 0 || p.At != 0 || p.Known.Has(lag.KnownStart) != c.known[i] {
				t.Errorf("%s: the poll begins with %+v", name, p)
			}
		}
	}
}

// A broker is believed only for the partitions that it leads.
func TestAnAnswerOfABrokerThatDoesNotLead(t *testing.T) {
	o := &reading{topics: []lag.TopicRead{{Name: "orders", Partitions: []lag.PartitionRead{{Leader: 1}, {Leader: 2}}}}}
	first, second := wire.Partition{Topic: 0, Number: 0}, wire.Partition{Topic: 0, Number: 1}
	q := request{leader: 1, kind: wire.EndOffset, partitions: []wire.Partition{first}, offsets: []wire.Offset{
		{Partition: first, Offset: 9}, {Partition: second, Offset: 8},
	}}
	q.apply(o)
	if a, b := o.at(first), o.at(second); a.End != 9 || !a.Known.Has(lag.KnownEnd) || b.End != 0 || b.Known != 0 {
		t.Errorf("partitions %+v and %+v", *a, *b)
	}
}

// An end below what an earlier poll read is of another log, or of a broker that is behind: metadata is read once to find out.
func TestAnEndBelowTheOneBefore(t *testing.T) {
	for name, c := range map[string]struct {
		before, now lag.PartitionRead
		outdated    bool
	}{
		"it grew":                      {lag.PartitionRead{End: 5, Known: startAndEnd}, lag.PartitionRead{End: 9, Known: startAndEnd}, false},
		"the same":                     {lag.PartitionRead{End: 9, Known: startAndEnd}, lag.PartitionRead{End: 9, Known: startAndEnd}, false},
		"below the end before":         {lag.PartitionRead{End: 10, Known: lag.KnownEnd}, lag.PartitionRead{End: 9, Known: startAndEnd}, true},
		"below the start before":       {lag.PartitionRead{Start: 10, Known: lag.KnownStart}, lag.PartitionRead{End: 9, Known: startAndEnd}, true},
		"the end before is not known":  {lag.PartitionRead{End: 10}, lag.PartitionRead{End: 9, Known: startAndEnd}, false},
		"this end is not known":        {lag.PartitionRead{End: 10, Known: lag.KnownEnd}, lag.PartitionRead{}, false},
		"its leader does not lead any": {lag.PartitionRead{}, lag.PartitionRead{Err: lag.LeaderNotAvailable}, true},
	} {
		r := NewReader(Config{})
		r.known["orders"] = &topic{read: lag.TopicRead{Name: "orders", Partitions: []lag.PartitionRead{c.before}}}
		o := &reading{Reader: r, topics: []lag.TopicRead{{Name: "orders", Partitions: []lag.PartitionRead{c.now}}}}
		if outdated := len(o.outdated(true)) == 1; outdated != c.outdated {
			t.Errorf("%s: %v, want %v", name, outdated, c.outdated)
		}
		if again := len(o.outdated(false)) == 1; again != (c.now.Err != lag.OK) {
			t.Errorf("%s: looked at again: %v", name, again)
		}
	}
}

// A log that is not the one before is read anew, with its start.
func TestALogThatIsNotTheOneBefore(t *testing.T) {
	r := NewReader(Config{})
	r.known["orders"] = &topic{read: lag.TopicRead{Name: "orders", Partitions: []lag.PartitionRead{
		{Leader: 1, Start: 10, End: 20, Known: startAndEnd}, {Leader: 1, Start: 3, End: 5, Known: startAndEnd},
	}}}
	o := &reading{Reader: r, topics: []lag.TopicRead{{Name: "orders", Partitions: []lag.PartitionRead{
		{Leader: 1, Start: 10, End: 9, Known: startAndEnd}, {Leader: 1, Start: 3, End: 7, Known: startAndEnd},
	}}}}
	again := o.replace(0)
	if len(again) != 1 || again[0] != (wire.Partition{Topic: 0, Number: 0}) {
		t.Errorf("asked again: %+v", again)
	}
	if p := o.topics[0].Partitions; p[0].Known != 0 || p[1].End != 7 || p[1].Known != startAndEnd {
		t.Errorf("partitions %+v", p)
	}
}
