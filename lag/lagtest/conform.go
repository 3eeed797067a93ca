package lagtest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/lag"
)

// Source is what is tested.
type Source interface {
	Sample(ctx context.Context) lag.Sample
	Observe(ctx context.Context) lag.Observation
	ReadTopics(names lag.TopicNames)
}

// Subject is a source and the means to bring the cluster it reads into a condition.
// Its functions fail the test they were made for; what they did may show a little later.
type Subject struct {
	Source Source
	Create func(topic string, partitions int)
	Delete func(topic string)
	Append func(topic string, partition int32, records int64)
	Trim   func(topic string, partition int32, start int64) // remove records below start
	Commit func(group, topic string, partition int32, offset int64)
	Join   func(group string, topics ...string) (leave func()) // a member that stays and commits nothing
}

// Conform checks what every source promises. It asks for a subject for each promise; all may be of one cluster. Names are made unique by prefix, so that a cluster may serve more than once.
func Conform(t *testing.T, subject func(*testing.T) Subject, prefix string) {
	for _, c := range conformance {
		t.Run(strings.ReplaceAll(c.says, " ", "_"), func(t *testing.T) {
			c.check(t, &trial{Subject: subject(t), t: t, name: prefix + strings.ReplaceAll(c.says, " ", "-")})
		})
	}
}

var conformance = []struct {
	says  string
	check func(*testing.T, *trial)
}{
	{"a commit and an end make a lag", lagOfSimpleGroup},
	{"a partition that was never committed has no offset", neverCommitted},
	{"a commit below the log start keeps both offsets", belowLogStart},
	{"a commit above the end keeps both offsets", aboveEnd},
	{"a deleted topic is gone and its group is not", deletedTopic},
	{"group names are bytes", oddNames},
	{"members own partitions and leave", membership},
	{"a subscribed topic without commits is read", subscribedOnly},
	{"a topic that is named is read without a group", namedTopic},
	{"sample and observation list the same groups", sampleAgrees},
	{"order and times", orderAndTimes},
}

// trial is one promise being checked.
type trial struct {
	Subject
	t    *testing.T
	name string // of the topic, and of the group unless told otherwise
}

// patience is for how long a cluster may take to show what was done to it.
const patience = 30 * time.Second

// until observes until check is content, and fails with its last complaint.
func (x *trial) until(check func(o lag.Observation) error) lag.Observation {
	x.t.Helper()
	ctx, cancel := context.WithTimeout(x.t.Context(), patience)
	defer cancel()
	for {
		o := x.Source.Observe(ctx)
		err := check(o)
		if err == nil {
			return o
		}
		select {
		case <-ctx.Done():
			x.t.Fatalf("%v; errors: %+v", err, o.Errors)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func groupOf(o lag.Observation, name string) (*lag.GroupRead, error) {
	for i := range o.Groups {
		if g := &o.Groups[i]; g.Group == name {
			if g.Err != lag.OK {
				return nil, fmt.Errorf("group %q: %s", name, g.Err)
			}
			return g, nil
		}
	}
	return nil, fmt.Errorf("group %q is not in the observation", name)
}

func topicOf(o lag.Observation, name string) (*lag.TopicRead, error) {
	for i := range o.Topics {
		if t := &o.Topics[i]; t.Name == name {
			if t.Err != lag.OK {
				return nil, fmt.Errorf("topic %q: %s", name, t.Err)
			}
			return t, nil
		}
	}
	return nil, fmt.Errorf("topic %q is not in the observation", name)
}

// expected is what a partition should look like; committed -1 means that nothing is committed.
type expected struct {
	group, topic          string
	partition             int32
	committed, start, end int64
}

func (w expected) check(o lag.Observation) error {
	g, err := groupOf(o, w.group)
	if err != nil {
		return err
	}
	t, err := topicOf(o, w.topic)
	if err != nil {
		return err
	}
	if int(w.partition) >= len(t.Partitions) {
		return fmt.Errorf("topic %q has %d partitions", w.topic, len(t.Partitions))
	}
	p := t.Partitions[w.partition]
	if !p.Known.Has(lag.KnownStart|lag.KnownEnd) || p.Start != w.start || p.End != w.end {
		return fmt.Errorf("%s/%d: %+v, want start %d and end %d", w.topic, w.partition, p, w.start, w.end)
	}
	c, ok := commit(g, w.topic, w.partition)
	if ok != (w.committed >= 0) || ok && c.Offset != w.committed {
		return fmt.Errorf("group %q has commit %+v (%v) of %s/%d, want %d", w.group, c, ok, w.topic, w.partition, w.committed)
	}
	return nil
}

func commit(g *lag.GroupRead, topic string, partition int32) (lag.PartitionCommit, bool) {
	for _, t := range g.Commits {
		for _, c := range t.Partitions {
			if t.Topic == topic && c.Partition == partition {
				return c, true
			}
		}
	}
	return lag.PartitionCommit{}, false
}

func lagOfSimpleGroup(_ *testing.T, x *trial) {
	x.Create(x.name, 2)
	x.Append(x.name, 1, 100)
	x.Commit(x.name, x.name, 1, 40)
	x.until(expected{x.name, x.name, 1, 40, 0, 100}.check)
	x.Append(x.name, 1, 10)
	x.Commit(x.name, x.name, 1, 90)
	x.until(expected{x.name, x.name, 1, 90, 0, 110}.check)
}

func neverCommitted(_ *testing.T, x *trial) {
	x.Create(x.name, 2)
	x.Append(x.name, 0, 7)
	x.Commit(x.name, x.name, 1, 0)
	x.until(expected{x.name, x.name, 0, -1, 0, 7}.check)
	x.until(expected{x.name, x.name, 1, 0, 0, 0}.check)
}

func belowLogStart(_ *testing.T, x *trial) {
	x.Create(x.name, 1)
	x.Append(x.name, 0, 100)
	x.Trim(x.name, 0, 70)
	x.Commit(x.name, x.name, 0, 40)
	x.until(expected{x.name, x.name, 0, 40, 70, 100}.check)
}

func aboveEnd(_ *testing.T, x *trial) {
	x.Create(x.name, 1)
	x.Append(x.name, 0, 5)
	x.Commit(x.name, x.name, 0, 20)
	x.until(expected{x.name, x.name, 0, 20, 0, 5}.check)
}

func deletedTopic(_ *testing.T, x *trial) {
	kept := x.name + "-kept"
	x.Create(x.name, 1)
	x.Create(kept, 1)
	x.Commit(x.name, x.name, 0, 0)
	x.Commit(x.name, kept, 0, 0)
	x.until(expected{x.name, x.name, 0, 0, 0, 0}.check)
	x.Delete(x.name)
	x.until(func(o lag.Observation) error {
		if _, err := topicOf(o, x.name); err == nil || strings.HasPrefix(err.Error(), "topic \""+x.name+"\":") {
			return fmt.Errorf("topic %q is still observed (%w)", x.name, err)
		}
		return expected{x.name, kept, 0, 0, 0, 0}.check(o)
	})
}

func oddNames(t *testing.T, x *trial) {
	x.Create(x.name, 1)
	for _, odd := range []string{"with space", `"quoted"`, "line\nbreak", "größe-日本", strings.Repeat("x", 200)} {
		group := x.name + odd
		x.Commit(group, x.name, 0, 0)
		x.until(expected{group, x.name, 0, 0, 0, 0}.check)
		if s := x.Source.Sample(t.Context()); !slices.ContainsFunc(s.Groups, func(g lag.GroupState) bool { return g.Group == group }) {
			t.Errorf("sample does not list group %q", group)
		}
	}
}

func membership(t *testing.T, x *trial) {
	x.Create(x.name, 3)
	x.Commit(x.name, x.name, 2, 0)
	leave := x.Join(x.name, x.name)
	o := x.until(func(o lag.Observation) error {
		g, err := groupOf(o, x.name)
		if err != nil {
			return err
		}
		if !g.Described || g.State != lag.Stable || len(g.Members) != 1 || held(g.Members[0], x.name) != 3 {
			return fmt.Errorf("group %q: state %q, members %+v; want one that holds 3 partitions", x.name, g.State, g.Members)
		}
		return nil
	})
	g, _ := groupOf(o, x.name)
	if m := g.Members[0]; m.ID == "" || !slices.Equal(m.Topics, []string{x.name}) {
		t.Errorf("member %+v does not tell its id and subscription", m)
	}
	leave()
	x.until(func(o lag.Observation) error {
		g, err := groupOf(o, x.name)
		if err == nil && (g.State != lag.Empty || len(g.Members) != 0) {
			err = fmt.Errorf("group %q: state %q, %d members; want Empty", x.name, g.State, len(g.Members))
		}
		return err
	})
	x.until(expected{x.name, x.name, 2, 0, 0, 0}.check)
}

func held(m lag.Member, topic string) int {
	for _, a := range m.Assigned {
		if a.Topic == topic {
			return len(a.Partitions)
		}
	}
	return 0
}

func subscribedOnly(_ *testing.T, x *trial) {
	x.Create(x.name, 1)
	x.Append(x.name, 0, 3)
	leave := x.Join(x.name, x.name)
	defer leave()
	x.until(expected{x.name, x.name, 0, -1, 0, 3}.check)
}

func sampleAgrees(t *testing.T, x *trial) {
	x.Create(x.name, 1)
	x.Commit(x.name, x.name, 0, 0)
	x.until(func(o lag.Observation) error {
		s := x.Source.Sample(t.Context())
		if !s.Complete() {
			return fmt.Errorf("sample is incomplete: %+v", s.Errors)
		}
		for i := range o.Groups {
			g := o.Groups[i].GroupState
			listed := slices.ContainsFunc(s.Groups, func(l lag.GroupState) bool {
				return l.Group == g.Group && l.State == g.State && l.Type == g.Type && l.Coordinator == g.Coordinator
			})
			if !listed && g.State != lag.Dead {
				return fmt.Errorf("observed %+v, which the sample does not list so", g)
			}
		}
		return nil
	})
}

func orderAndTimes(t *testing.T, x *trial) {
	x.Create(x.name, 2)
	for _, g := range []string{"b", "a", "c"} {
		x.Commit(x.name+g, x.name, 1, 0)
		x.Commit(x.name+g, x.name, 0, 0)
	}
	o := x.until(expected{x.name + "c", x.name, 1, 0, 0, 0}.check)
	if !slices.IsSortedFunc(o.Groups, func(a, b lag.GroupRead) int { return strings.Compare(a.Group, b.Group) }) {
		t.Error("groups are not sorted")
	}
	if !slices.IsSortedFunc(o.Topics, func(a, b lag.TopicRead) int { return strings.Compare(a.Name, b.Name) }) {
		t.Error("topics are not sorted")
	}
	g, err := groupOf(o, x.name+"c")
	if err != nil {
		t.Fatal(err)
	}
	topic, err := topicOf(o, x.name)
	if err != nil {
		t.Fatal(err)
	}
	read := time.UnixMilli(topic.Partitions[0].At + 1)
	if g.CommitsAt.Before(o.Began) || read.Before(g.CommitsAt) || o.At.Before(g.CommitsAt) {
		t.Errorf("began %v, commits %v, end %v, at %v: not in that order", o.Began, g.CommitsAt, read, o.At)
	}
}

// namedTopic: a group that never ran is woken by a topic that only its scaler names.
func namedTopic(_ *testing.T, x *trial) {
	x.Create(x.name, 2)
	x.Append(x.name, 1, 7)
	absent := x.name + "-absent"
	x.Source.ReadTopics(lag.TopicNames{Names: []string{x.name, absent}})
	defer x.Source.ReadTopics(lag.TopicNames{})
	x.until(func(o lag.Observation) error {
		topic, err := topicOf(o, x.name)
		switch {
		case err != nil:
			return err
		case len(topic.Partitions) != 2 || topic.Partitions[1].End != 7 || !topic.Partitions[1].Known.Has(lag.KnownStart|lag.KnownEnd):
			return fmt.Errorf("partitions %+v", topic.Partitions)
		case !slices.Contains(o.Absent, absent) || slices.Contains(o.Absent, x.name):
			return fmt.Errorf("absent %v", o.Absent)
		}
		return nil
	})
}
