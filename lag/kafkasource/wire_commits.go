package kafkasource

import (
	"cmp"
	"encoding/binary"
	"errors"
	"slices"
	"strings"

	"github.com/twmb/franz-go/pkg/kbin"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/lagscaler/lagscaler/lag"
)

// offsetFetch is kmsg's OffsetFetch request with an answer of our own: the commits of 500 groups go straight
// from the wire into lag's types, topic names once each. It is the largest answer of a poll.
type offsetFetch struct {
	*kmsg.OffsetFetchRequest
	names *interner
}

func (r *offsetFetch) ResponseKind() kmsg.Response {
	a := &offsetFetchAnswer{names: r.names}
	if len(r.Groups) > 0 {
		a.only = r.Groups[0].Group
	}
	return a
}

// offsetFetchAnswer decodes versions 2 to 9.
type offsetFetchAnswer struct {
	kmsg.OffsetFetchResponse // for what a kmsg.Response must have; only its version and throttle time are set
	names                    *interner
	only                     string // the group that v7 and before were asked for
	groups                   []groupCommits
	slab                     []lag.PartitionCommit
}

type groupCommits struct {
	group   string
	code    int16
	commits []lag.TopicCommits
}

var errShort = errors.New("answer ends early or claims more than it holds")

// The fewest bytes that a group, a topic and a partition take in any version.
const (
	minGroup     = 5
	minTopic     = 2
	minPartition = 15
)

func (a *offsetFetchAnswer) ReadFrom(body []byte) error {
	r := wire{Reader: kbin.Reader{Src: body}, flexible: a.Version >= 6}
	if a.Version >= 3 {
		a.ThrottleMillis = r.Int32()
	}
	if a.Version < batchedSince {
		g := groupCommits{group: a.only, commits: a.topics(&r)}
		g.code = r.Int16() // v2+
		a.groups = []groupCommits{g}
	} else {
		a.groups = make([]groupCommits, r.arrayLen(minGroup))
		for i := range a.groups {
			g := &a.groups[i]
			g.group = string(r.bytes())
			g.commits = a.topics(&r)
			g.code = r.Int16()
			r.tags()
		}
	}
	r.tags()
	if err := r.Complete(); err != nil {
		return errShort
	}
	return nil
}

func (a *offsetFetchAnswer) topics(r *wire) []lag.TopicCommits {
	n := r.arrayLen(minTopic)
	topics := make([]lag.TopicCommits, 0, n)
	for ; n > 0 && r.Ok(); n-- {
		name, kept := a.names.topic(r.bytes())
		partitions := a.partitions(r)
		r.tags()
		if kept && len(partitions) > 0 {
			topics = append(topics, lag.TopicCommits{Topic: name, Partitions: partitions})
		}
	}
	return topics
}

func (a *offsetFetchAnswer) partitions(r *wire) []lag.PartitionCommit {
	n := r.arrayLen(minPartition)
	partitions := a.take(n)
	for ; n > 0 && r.Ok(); n-- {
		c := a.commit(r)
		r.bytes() // the client's own metadata
		c.Err = lag.ErrorCode(r.Int16())
		r.tags()
		switch {
		case c.Err != lag.OK:
		case c.Offset >= 0:
			c.Known = lag.KnownCommitted
		default:
			continue // -1: no commit
		}
		partitions = append(partitions, c)
	}
	return partitions
}

// commit reads the fields of fixed length, which are most of an answer, at once.
func (a *offsetFetchAnswer) commit(r *wire) lag.PartitionCommit {
	c := lag.PartitionCommit{LeaderEpoch: lag.NoGeneration}
	size := 12
	if a.Version >= 5 {
		size = 16
	}
	fixed := r.Span(size)
	if len(fixed) < size {
		return c
	}
	c.Partition = int32(binary.BigEndian.Uint32(fixed))
	c.Offset = int64(binary.BigEndian.Uint64(fixed[4:]))
	if size == 16 {
		c.LeaderEpoch = int32(binary.BigEndian.Uint32(fixed[12:]))
	}
	return c
}

// slabSize is how many commits are allocated together: one group's topics often have few partitions.
const slabSize = 1024

// take is an empty slice with room for n.
func (a *offsetFetchAnswer) take(n int) []lag.PartitionCommit {
	if n > slabSize/4 {
		return make([]lag.PartitionCommit, 0, n)
	}
	if n > len(a.slab) {
		a.slab = make([]lag.PartitionCommit, slabSize)
	}
	taken := a.slab[:0:n]
	a.slab = a.slab[n:]
	return taken
}

// sorter puts commits in order: Java brokers answer in that of a hash table.
type sorter struct{ places []lag.PartitionCommit }

func (s *sorter) topics(topics []lag.TopicCommits) []lag.TopicCommits {
	byTopic := func(a, b lag.TopicCommits) int { return strings.Compare(a.Topic, b.Topic) }
	if !slices.IsSortedFunc(topics, byTopic) {
		slices.SortFunc(topics, byTopic)
	}
	for i := range topics {
		topics[i].Partitions = s.partitions(topics[i].Partitions)
	}
	return topics
}

// partitions sorts by number. Numbers are dense as a rule, so that each commit is put where it belongs;
// half of a poll's CPU went into comparing them.
func (s *sorter) partitions(commits []lag.PartitionCommit) []lag.PartitionCommit {
	low, high, sorted := int32(0), int32(-1), true
	for _, c := range commits {
		low, sorted = min(low, c.Partition), sorted && c.Partition > high
		high = max(high, c.Partition)
	}
	switch {
	case sorted:
		return commits
	case low < 0 || int(high) > 4*len(commits)+64: // sparse
		slices.SortFunc(commits, func(a, b lag.PartitionCommit) int { return cmp.Compare(a.Partition, b.Partition) })
		return commits
	}
	s.places = slices.Grow(s.places[:0], int(high)+1)[:high+1]
	clear(s.places)
	for _, c := range commits {
		s.places[c.Partition] = c
	}
	commits = commits[:0]
	for _, c := range s.places {
		if c.Known != 0 || c.Err != lag.OK {
			commits = append(commits, c)
		}
	}
	return commits
}
