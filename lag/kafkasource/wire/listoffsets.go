package wire

import (
	"github.com/twmb/franz-go/pkg/kbin"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/lagscaler/lagscaler/lag"
)

// OffsetKind is which offset of a partition is asked for.
type OffsetKind struct {
	Known     lag.Known
	isolation int8  // 1: read committed
	timestamp int64 // ListOffsets' code for it
}

// The kinds of offsets: log end, last stable offset (where the first open transaction begins), log start, the first offset
// appended since ListOffsets.Times, and the record with the newest time (from version 7 on: Kafka 3.0).
var (
	EndOffset    = OffsetKind{lag.KnownEnd, 0, -1}
	StableOffset = OffsetKind{lag.KnownStable, 1, -1}
	StartOffset  = OffsetKind{lag.KnownStart, 0, -2}
	PastOffset   = OffsetKind{0, 0, 0}
	NewestTime   = OffsetKind{0, 0, -3}
)

// Partition is a partition of the topics that are read: its topic by index, and its number.
type Partition struct {
	Topic  int32
	Number int32
}

// ListOffsets asks one leader for one kind of offset of many partitions. It is written and read without
// kmsg's structures, straight from and into lag's: most of a poll's partitions are in it.
type ListOffsets struct {
	*kmsg.ListOffsetsRequest // for the methods of a kmsg.Request; only its version and timeout are set

	Kind       OffsetKind
	Partitions []Partition // sorted by topic
	Topics     []lag.TopicRead
	TopicIndex map[string]int32 // into Topics, by name
	Times      []int64          // of PastOffset: Unix milliseconds, by topic
}

const (
	listOffsetsFlexible = 6
	listOffsetsTimeout  = 10 // from this version on the request has a timeout, for offsets in remote storage
)

// AppendTo writes versions 2 to 10.
func (r *ListOffsets) AppendTo(dst []byte) []byte {
	w := writer{dst, r.Version >= listOffsetsFlexible}
	w.dst = kbin.AppendInt32(w.dst, -1) // not a replica
	w.dst = kbin.AppendInt8(w.dst, r.Kind.isolation)
	w.arrayLen(countTopics(r.Partitions))
	for rest := r.Partitions; len(rest) > 0; {
		n := countSameTopic(rest)
		r.appendTopic(&w, rest[:n])
		rest = rest[n:]
	}
	if r.Version >= listOffsetsTimeout {
		w.dst = kbin.AppendInt32(w.dst, r.TimeoutMillis)
	}
	w.tags()
	return w.dst
}

func (r *ListOffsets) appendTopic(w *writer, partitions []Partition) {
	t, at := &r.Topics[partitions[0].Topic], r.Kind.timestamp
	if r.Kind == PastOffset {
		at = r.Times[partitions[0].Topic]
	}
	w.string(t.Name)
	w.arrayLen(len(partitions))
	for _, p := range partitions {
		w.dst = kbin.AppendInt32(w.dst, p.Number)
		if r.Version >= 4 {
			w.dst = kbin.AppendInt32(w.dst, t.Partitions[p.Number].LeaderEpoch)
		}
		w.dst = kbin.AppendInt64(w.dst, at)
		w.tags()
	}
	w.tags()
}

// countSameTopic is how many partitions at the front are of one topic.
func countSameTopic(partitions []Partition) int {
	n := 1
	for n < len(partitions) && partitions[n].Topic == partitions[0].Topic {
		n++
	}
	return n
}

func countTopics(partitions []Partition) int {
	n := 0
	for len(partitions) > 0 {
		partitions = partitions[countSameTopic(partitions):]
		n++
	}
	return n
}

// ResponseKind is a response that knows what was asked for.
func (r *ListOffsets) ResponseKind() kmsg.Response { return &ListOffsetsResponse{asked: r} }

// ListOffsetsResponse decodes versions 2 to 10.
type ListOffsetsResponse struct {
	kmsg.ListOffsetsResponse // for the methods of a kmsg.Response; only its version and throttle time are set

	asked   *ListOffsets
	Offsets []Offset
}

// Offset is the answer for one partition.
type Offset struct {
	Partition
	Code   lag.ErrorCode
	Epoch  int32
	Offset int64

	Timestamp int64 // of the record, Unix milliseconds, for PastOffset and NewestTime
}

// SelfContained marks a response that keeps no part of the bytes it was decoded from.
func (*ListOffsetsResponse) SelfContained() {}

// The fewest bytes that a topic and a partition take in any version.
const (
	minOffsetsTopic     = 3
	minOffsetsPartition = 22
)

// ReadFrom decodes a response. Partitions that were not asked for are left out.
func (a *ListOffsetsResponse) ReadFrom(body []byte) error {
	r := newReader(body, a.Version >= listOffsetsFlexible)
	a.ThrottleMillis = r.Int32()
	a.Offsets = make([]Offset, 0, len(a.asked.Partitions))
	for n := r.arrayLen(minOffsetsTopic); n > 0 && r.Ok(); n-- {
		topic, known := a.asked.TopicIndex[string(r.bytes())]
		a.partitions(&r, topic, known)
		r.tags()
	}
	r.tags()
	return r.refusal()
}

func (a *ListOffsetsResponse) partitions(r *reader, topic int32, known bool) {
	for n := r.arrayLen(minOffsetsPartition); n > 0 && r.Ok(); n-- {
		o := Offset{Partition: Partition{topic, r.Int32()}, Code: lag.ErrorCode(r.Int16()), Epoch: lag.NoGeneration}
		o.Timestamp = r.Int64()
		o.Offset = r.Int64()
		if a.Version >= 4 {
			o.Epoch = r.Int32()
		}
		r.tags()
		if o.Code == lag.OK && o.Offset > lag.MaxOffset {
			o.Code = lag.Garbled
		}
		if known && o.Number >= 0 && int(o.Number) < len(a.asked.Topics[topic].Partitions) {
			a.Offsets = append(a.Offsets, o)
		}
	}
}
