package asleep

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

const both = lag.KnownStart | lag.KnownEnd

func ends(name string, partitions ...lag.PartitionRead) lag.TopicRead {
	return lag.TopicRead{Name: name, ID: [16]byte{1}, Partitions: partitions}
}

func read(topics ...lag.TopicLag) *lag.GroupLag {
	return &lag.GroupLag{ReadAt: noon, Topics: topics}
}

func noRest(string, int32) int64 { return 0 }

// Which topics of a group are looked at: those that the scaler names or its pattern matches, those that the group consumes, and those
// that are remembered.
func TestTopicsOfASource(t *testing.T) {
	consumed := read(lag.TopicLag{Topic: "consumed"}, lag.TopicLag{Topic: "left", Orphaned: true})
	marks := []Mark{
		{Cluster: "main", Group: "shop", Topic: "remembered"},
		{Cluster: "main", Group: "other", Topic: "of another group"},
		{Cluster: "other", Group: "shop", Topic: "of another cluster"},
	}
	there := []lag.TopicRead{ends("consumed"), ends("in the cluster")}
	for name, c := range map[string]struct {
		spec seen.SourceSpec
		want []string
	}{
		"nothing is named":       {seen.SourceSpec{}, []string{"consumed", "remembered"}},
		"a topic is named":       {seen.SourceSpec{Topics: []string{"named"}}, []string{"named"}},
		"one that the group has": {seen.SourceSpec{Topics: []string{"consumed"}}, []string{"consumed"}},
		"one that it left":       {seen.SourceSpec{Topics: []string{"left"}}, []string{"left"}},
		"a pattern":              {seen.SourceSpec{TopicPattern: "in .*|rem.*|of .*|left"}, []string{"in the cluster", "remembered"}},
	} {
		src := seen.Source{SourceSpec: c.spec, Lag: consumed, Ends: there}
		src.Cluster, src.Group, src.OffsetReset = "main", "shop", seen.Latest
		s := SourceOf(&src, marks, noRest)
		var got []string
		for _, topic := range s.Topics {
			got = append(got, topic.Name)
		}
		if !slices.Equal(got, c.want) || s.Cluster != "main" || s.Group != "shop" || s.Reset != seen.Latest {
			t.Errorf("%s: %+v, want topics %q", name, s, c.want)
		}
	}
}

// Whose commits are not known in this poll, of that group nothing is known to be read.
func TestAGroupThatIsNotRead(t *testing.T) {
	for name, c := range map[string]struct {
		group *lag.GroupLag
		known bool
	}{
		"read":                          {read(), true},
		"never seen":                    {nil, false},
		"seen, but never read":          {&lag.GroupLag{}, false},
		"an error":                      {&lag.GroupLag{ReadAt: noon, Err: lag.Unreachable}, false},
		"not mentioned for one poll":    {&lag.GroupLag{ReadAt: noon, Missed: 1}, false},
		"not mentioned for three polls": {&lag.GroupLag{ReadAt: noon, Missed: 3}, false},
	} {
		if s := SourceOf(&seen.Source{Lag: c.group}, nil, noRest); (s.Unread == "") != c.known {
			t.Errorf("%s: unread %q", name, s.Unread)
		}
	}
}

// What is known of a partition, from its ends and from its commit.
func TestPartitionsOfASource(t *testing.T) {
	commit := lag.PartitionLag{Start: 2, Committed: 5, End: 9, Known: both | lag.KnownCommitted}
	uncommitted := lag.PartitionLag{Start: 2, End: 9, Known: both}
	end := lag.PartitionRead{Start: 2, End: 12, Known: both}
	committed := Partition{Start: 2, End: 9, Position: 5, Read: true, Committed: true}
	failed := func(p lag.PartitionLag) *lag.PartitionLag { p.Err = lag.LeaderNotAvailable; return &p }
	without := func(p lag.PartitionLag, known lag.Known) *lag.PartitionLag { p.Known &^= known; return &p }
	for name, c := range map[string]struct {
		end  *lag.PartitionRead
		lag  *lag.PartitionLag
		want Partition
	}{
		"ends and a commit: the group's end counts": {&end, &commit, committed},
		"a commit alone":         {nil, &commit, committed},
		"a commit, and no start": {nil, without(commit, lag.KnownStart), committed},
		"a commit, and no end":   {nil, without(commit, lag.KnownEnd), Partition{Start: 2, End: 9, Position: 5, Committed: true}},
		"ends, and no commit":    {&end, &uncommitted, Partition{Start: 2, End: 12, Read: true}},
		"ends, and a partition that the group does not have": {&end, nil, Partition{Start: 2, End: 12, Read: true}},
		"no commit, and what the group has":                  {nil, &uncommitted, Partition{Start: 2, End: 9, Read: true}},
		"no commit, and no start":                            {nil, without(uncommitted, lag.KnownStart), Partition{Start: 2, End: 9}},
		"no commit, and no end":                              {nil, without(uncommitted, lag.KnownEnd), Partition{Start: 2, End: 9}},
		"the commit has an error":                            {&end, failed(commit), Partition{Start: 2, End: 9, Position: 5, Committed: true}},
		"the partition has an error":                         {&end, failed(uncommitted), Partition{Start: 2, End: 12}},
		"its ends have an error":                             {&lag.PartitionRead{Start: 2, End: 12, Known: both, Err: lag.Unreachable}, nil, Partition{Start: 2, End: 12}},
		"its start was not read":                             {&lag.PartitionRead{End: 12, Known: lag.KnownEnd}, nil, Partition{End: 12}},
		"nothing":                                            {nil, nil, Partition{}},
		"a share group":                                      {nil, &lag.PartitionLag{End: 9, BrokerLag: 3, Known: lag.KnownEnd | lag.KnownLag}, Partition{End: 9, Position: 6, Read: true, Committed: true}},
	} {
		if got := partitionOf(c.end, c.lag); got != c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}

// What is known of a topic, by what the poll has of it.
func TestTopicOfASource(t *testing.T) {
	first := lag.PartitionLag{Partition: 1, Start: 0, Committed: 5, End: 9, Known: both | lag.KnownCommitted}
	group := read(lag.TopicLag{Topic: "orders", ID: [16]byte{2}, Partitions: []lag.PartitionLag{first}})
	end := lag.PartitionRead{End: 12, Known: both}
	plain := Partition{End: 12, Read: true}
	committed := Partition{Number: 1, End: 9, Position: 5, Read: true, Committed: true}
	rest := func(p Partition, n int64) Partition { p.Rest = n; return p }
	denied := lag.TopicRead{Name: "orders", ID: [16]byte{1}, Err: lag.TopicDenied}
	more := ends("orders", end)
	more.More = lag.Unreachable
	for name, c := range map[string]struct {
		src  seen.Source
		want Topic
	}{
		"ends and a commit of one partition": {seen.Source{Ends: []lag.TopicRead{ends("orders", end, end)}, Lag: group}, Topic{ID: [16]byte{1}, Partitions: []Partition{rest(plain, 10), rest(committed, 11)}}},
		"an empty log without a commit":      {seen.Source{Ends: []lag.TopicRead{ends("orders", lag.PartitionRead{Start: 9, End: 9, Known: both})}, Lag: read(lag.TopicLag{Topic: "orders", Partitions: []lag.PartitionLag{{Start: 9, End: 9, Known: both}}})}, Topic{ID: [16]byte{1}, Partitions: []Partition{rest(Partition{Start: 9, End: 9, Read: true}, 10)}}},
		"commits alone":                      {seen.Source{Lag: group}, Topic{ID: [16]byte{2}, Partitions: []Partition{rest(committed, 11)}}},
		"ends alone":                         {seen.Source{Ends: []lag.TopicRead{ends("orders", end)}, Lag: read()}, Topic{ID: [16]byte{1}, Partitions: []Partition{rest(plain, 10)}}},
		"ends of a group that was not read":  {seen.Source{Ends: []lag.TopicRead{ends("orders", end)}}, Topic{ID: [16]byte{1}, Partitions: []Partition{rest(plain, 10)}}},
		"it may have another partition":      {seen.Source{Ends: []lag.TopicRead{more}, Lag: read()}, Topic{ID: [16]byte{1}, Partitions: []Partition{rest(plain, 10), {Number: 1}}}},
		"it is denied":                       {seen.Source{Ends: []lag.TopicRead{denied}, Lag: group}, Topic{ID: [16]byte{1}, Unread: lag.TopicDenied.String()}},
		"it does not exist":                  {seen.Source{Absent: []string{"orders"}}, Topic{Absent: true}},
		"another one does not exist":         {seen.Source{Absent: []string{"other"}}, Topic{Unread: "not read yet, or left out by the configuration"}},
	} {
		c.want.Name = "orders"
		got := topicOf(&c.src, "orders", func(topic string, partition int32) int64 { return 10 + int64(partition) })
		if !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}

// A target that was woken stays awake for what it was woken for, until a commit says that it reads there; what is not known now
// changes nothing.
func TestWhatATargetWasWokenFor(t *testing.T) {
	mark := Mark{Cluster: "main", Group: "shop", Topic: "orders", ID: "01000000000000000000000000000000", Committed: 1}
	unread := func(s Source) Source { s.Unread = "no coordinator"; return s }
	another := func(s Source, cluster, name string) Source { s.Cluster, s.Group = cluster, name; return s }
	quiet := group(seen.Latest, topic("orders", 1, at(0, 9, 9), none(0, 9)))
	more := group(seen.Latest, topic("orders", 1, at(0, 9, 9), at(0, 9, 9), none(0, 9)))
	for _, c := range []struct {
		name    string
		sources []Source
		kept    bool
	}{
		{"as it was", []Source{quiet}, true},
		{"one more commit", []Source{more}, false},
		{"one more commit of another group", []Source{another(more, "main", "other"), quiet}, true},
		{"one more commit in another cluster", []Source{another(more, "other", "shop"), quiet}, true},
		{"one more commit, and a partition does not answer", []Source{group(seen.Latest, topic("orders", 1, at(0, 9, 9), at(0, 9, 9), Partition{}))}, true},
		{"nothing is without a commit", []Source{group(seen.Latest, topic("orders", 1, at(0, 9, 9)))}, false},
		{"retention removed what was without one", []Source{group(seen.Latest, topic("orders", 1, at(0, 9, 9), none(9, 9)))}, false},
		{"made anew", []Source{group(seen.Latest, topic("orders", 2, none(0, 9)))}, false},
		{"it does not exist any more", []Source{group(seen.Latest, Topic{Name: "orders", ID: [16]byte{1}, Absent: true})}, false},
		{"it cannot be read", []Source{group(seen.Latest, Topic{Name: "orders", ID: [16]byte{1}, Unread: "denied"})}, true},
		{"not named any more", []Source{group(seen.Latest, topic("other", 1, none(0, 9)))}, false},
		{"not named, and the group is not read", []Source{unread(group(seen.Latest, topic("other", 1, none(0, 9))))}, true},
		{"not named, and another group is not read", []Source{unread(another(more, "main", "other"))}, false},
		{"not named, and the group of another cluster is not read", []Source{unread(another(more, "other", "shop"))}, false},
		{"no source any more", nil, false},
	} {
		s, _ := State{Woken: []Mark{mark}}.Next(Look{Now: noon.Add(time.Minute), Replicas: 1, Sources: c.sources})
		if kept := len(s.Woken) == 1; kept != c.kept {
			t.Errorf("%s: kept %v, want %v", c.name, kept, c.kept)
		}
	}
}

// What a target was woken for keeps the source whose topic it is, and no other; without a topic, too.
func TestWhatItWasWokenForKeepsItsSource(t *testing.T) {
	s := State{Woken: []Mark{{Cluster: "main", Group: "shop", Topic: "orders"}}}
	for name, c := range map[string]struct {
		source Source
		kept   bool
	}{
		"its source":                    {Source{Cluster: "main", Group: "shop"}, true},
		"another group of the cluster":  {Source{Cluster: "main", Group: "other"}, false},
		"the group of another cluster":  {Source{Cluster: "other", Group: "shop"}, false},
		"its source, with other topics": {group(seen.Latest, topic("other", 1, at(0, 9, 9))), true},
	} {
		if k, kept := s.Keeps(&c.source, 0); kept != c.kept || (len(k.Woken) == 1) != c.kept {
			t.Errorf("%s: kept %v, %+v", name, kept, k)
		}
	}
}

// A state is a value: a look changes nothing in the one before, which may be saved at that moment.
func TestALookLeavesTheStateBefore(t *testing.T) {
	unread := group(seen.Latest, Topic{Name: "orders", Unread: "denied"})
	before, _ := State{}.Next(Look{Now: noon, Sources: []Source{unread}})
	saved := slices.Clone(before.Marks)
	after, _ := before.Next(Look{Now: noon, Sources: []Source{group(seen.Latest, topic("orders", 1, none(0, 9)))}})
	if !slices.Equal(before.Marks, saved) || slices.Equal(after.Marks, saved) {
		t.Errorf("before %+v, was %+v, after %+v", before.Marks, saved, after.Marks)
	}
}
