package asleep

import (
	"encoding/hex"
	"sort"

	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

// Source is one group, and the topics that its scaler or its history names, as one poll read them.
type Source struct {
	Cluster, Group string
	Reset          seen.OffsetReset
	Unread         string  // why its commits are not known; empty: they are
	Topics         []Topic // sorted by name
}

// Topic is one topic of a source.
type Topic struct {
	Name       string
	ID         [16]byte    // zero: not known
	Absent     bool        // the cluster has no such topic
	Unread     string      // why nothing of it is known; empty: something is
	Partitions []Partition // sorted by number
}

// Partition is one partition. A committed offset above the end covers nothing: the log was truncated, and the consumer begins
// as if there were none.
type Partition struct {
	Number     int32
	Start, End int64
	Position   int64 // meaningful where Committed
	Rest       int64 // so many offsets after the commit are known not to be unread records
	Read       bool  // Start and End are known
	Committed  bool
}

// covered reports whether a commit says what is read.
func (p *Partition) covered() bool { return p.Committed && p.Position <= p.End }

// beyond are the records beyond the commit, without those that are known as read.
func (p *Partition) beyond() int64 { return max(0, p.End-max(p.Position+p.Rest, p.Start)) }

// knows reports whether it is known which partitions of a topic have a commit, and where all of them end.
func (s *Source) knows(t *Topic) bool {
	return s.Unread == "" && t.Unread == "" && t.sums().unread == 0
}

// Ends is the sum of the log ends of all topics; known is false when one of them is not known.
func (s *Source) Ends() (sum int64, known bool) {
	known = len(s.Topics) > 0
	for i := range s.Topics {
		t := &s.Topics[i]
		known = known && t.Unread == ""
		for k := range t.Partitions {
			known = known && t.Partitions[k].Read
			sum = lag.AddRecords(sum, t.Partitions[k].End)
		}
	}
	return sum, known
}

// sums add up a topic.
type sums struct {
	committed, uncommitted int32
	position               int64 // of the partitions with a commit, the end where only a rest is left
	end, start             int64 // of the partitions without one
	beyond                 int64
	unread                 int32
}

func (t *Topic) sums() sums {
	var s sums
	for i := range t.Partitions {
		switch p := &t.Partitions[i]; {
		case !p.Read:
			s.unread++
		case p.covered():
			s.committed++
			s.beyond = lag.AddRecords(s.beyond, p.beyond())
			s.position = lag.AddRecords(s.position, p.End-p.beyond())
		default:
			s.uncommitted++
			s.end = lag.AddRecords(s.end, p.End)
			s.start = lag.AddRecords(s.start, p.Start)
		}
	}
	return s
}

// partition is one partition by its number; nil: it is not there.
func (t *Topic) partition(number int32) *Partition {
	i := sort.Search(len(t.Partitions), func(i int) bool { return t.Partitions[i].Number >= number })
	if i == len(t.Partitions) || t.Partitions[i].Number != number {
		return nil
	}
	return &t.Partitions[i]
}

// otherThan reports whether a topic is known not to be the one that had an id, or that did not exist. While brokers are
// upgraded, some say no ids.
func (t *Topic) otherThan(id string) bool { return t.id() != id && (t.Absent || t.id() != "") }

// id is the topic's id as it is saved; empty when it is not known.
func (t *Topic) id() string {
	if t.ID == [16]byte{} {
		return ""
	}
	return hex.EncodeToString(t.ID[:])
}
