package wire

import (
	"encoding/binary"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/lagscaler/lagscaler/lag"
)

// OffsetFetchKey is the key of the API, and OffsetFetchBatched the version from which a request fetches the commits
// of many groups (KIP-709, Kafka 3.0).
const (
	OffsetFetchKey     = 9
	OffsetFetchBatched = 8
)

// OffsetFetch is kmsg's OffsetFetch request with a response of our own: the commits of 500 groups go straight
// from the wire into lag's types. It is the largest response of a poll.
type OffsetFetch struct {
	*kmsg.OffsetFetchRequest
	names *TopicNames
}

// NewOffsetFetch asks for all commits of the groups. Versions before [OffsetFetchBatched] ask for the first group only.
func NewOffsetFetch(groups []string, names *TopicNames) *OffsetFetch {
	r := &OffsetFetch{OffsetFetchRequest: kmsg.NewPtrOffsetFetchRequest(), names: names}
	r.Group = groups[0]
	for _, name := range groups {
		g := kmsg.NewOffsetFetchRequestGroup()
		g.Group = name
		r.Groups = append(r.Groups, g)
	}
	return r
}

// ResponseKind is a response that knows what was asked for.
func (r *OffsetFetch) ResponseKind() kmsg.Response {
	return &OffsetFetchResponse{names: r.names, firstGroup: r.Group}
}

// OffsetFetchResponse decodes versions 2 to 9.
type OffsetFetchResponse struct {
	kmsg.OffsetFetchResponse // for the methods of a kmsg.Response; only its version and throttle time are set

	Groups []GroupCommits

	names      *TopicNames
	firstGroup string // the only group that versions before OffsetFetchBatched were asked for
	block      []lag.PartitionCommit
}

// GroupCommits are the commits of one group, or the code of why there are none. They are not sorted.
type GroupCommits struct {
	Group  string
	Code   int16
	Topics []lag.TopicCommits
}

// SelfContained marks a response that keeps no part of the bytes it was decoded from.
func (*OffsetFetchResponse) SelfContained() {}

// The fewest bytes that a group, a topic and a partition take in any version. A topic without partitions is not kept.
const (
	minGroup     = 5
	minTopic     = 3
	minPartition = 15
)

// ReadFrom decodes a response. Topics that are not read are left out.
func (a *OffsetFetchResponse) ReadFrom(body []byte) error {
	r := newReader(body, a.Version >= 6)
	if a.Version >= 3 {
		a.ThrottleMillis = r.Int32()
	}
	if a.Version < OffsetFetchBatched {
		g := GroupCommits{Group: a.firstGroup, Topics: a.topics(&r)}
		g.Code = r.Int16() // v2+
		a.Groups = []GroupCommits{g}
	} else {
		a.Groups = make([]GroupCommits, r.arrayLen(minGroup))
		for i := range a.Groups {
			g := &a.Groups[i]
			g.Group = string(r.bytes())
			g.Topics = a.topics(&r)
			g.Code = r.Int16()
			r.tags()
		}
	}
	r.tags()
	return r.refusal()
}

func (a *OffsetFetchResponse) topics(r *reader) []lag.TopicCommits {
	n := r.arrayLen(minTopic)
	topics := make([]lag.TopicCommits, 0, min(n, len(r.Src)/(minTopic+minPartition)))
	for ; n > 0 && r.Ok(); n-- {
		text := r.bytes()
		partitions := a.partitions(r)
		r.tags()
		if len(partitions) == 0 {
			continue
		}
		if name, kept := a.names.Name(text); kept {
			topics = append(topics, lag.TopicCommits{Topic: name, Partitions: partitions})
		}
	}
	return topics
}

func (a *OffsetFetchResponse) partitions(r *reader) []lag.PartitionCommit {
	n := r.arrayLen(minPartition)
	partitions := a.allocate(n)
	for ; n > 0 && r.Ok(); n-- {
		c := a.commit(r)
		r.bytes() // the client's own metadata
		c.Err = lag.ErrorCode(r.Int16())
		r.tags()
		switch {
		case c.Err != lag.OK:
		case c.Offset > lag.MaxOffset:
			c.Err = lag.Garbled
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
func (a *OffsetFetchResponse) commit(r *reader) lag.PartitionCommit {
	var c lag.PartitionCommit
	size := 12
	if a.Version >= 5 {
		size = 16 // with the leader epoch
	}
	fixed := r.Span(size)
	if len(fixed) < size {
		return c
	}
	c.Partition = int32(binary.BigEndian.Uint32(fixed))
	c.Offset = int64(binary.BigEndian.Uint64(fixed[4:]))
	return c
}

// blockSize is how many commits are allocated together: one group's topics often have few partitions.
const blockSize = 1024

// allocate returns an empty slice with room for n commits.
func (a *OffsetFetchResponse) allocate(n int) []lag.PartitionCommit {
	if n > blockSize/4 {
		return make([]lag.PartitionCommit, 0, n)
	}
	if n > len(a.block) {
		a.block = make([]lag.PartitionCommit, blockSize)
	}
	part := a.block[:0:n]
	a.block = a.block[n:]
	return part
}
