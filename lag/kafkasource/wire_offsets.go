package kafkasource

import (
	"github.com/twmb/franz-go/pkg/kbin"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/lagscaler/lagscaler/lag"
)

// kind is which offset of a partition is asked for.
type kind struct {
	known     lag.Known
	isolation int8  // 1: read committed
	timestamp int64 // ListOffsets' code for it
}

var (
	ends    = kind{lag.KnownEnd, 0, -1}
	stables = kind{lag.KnownStable, 1, -1}
	starts  = kind{lag.KnownStart, 0, -2}
)

// place is a partition by its index in the topics that are read.
type place struct {
	topic     int32
	partition int32
}

// listOffsets asks one leader for one kind of offset of many partitions. It is written and read without
// kmsg's structures, straight from and into lag's: most of a poll's partitions are in it.
type listOffsets struct {
	*kmsg.ListOffsetsRequest // for what a kmsg.Request must have; only its version and timeout are set
	kind                     kind
	places                   []place // sorted by topic
	topics                   []lag.TopicRead
	index                    map[string]int32 // of topics, by name
}

const (
	listOffsetsFlexible = 6
	listOffsetsTimeout  = 10 // from this version on the request has a timeout, for offsets in remote storage
)

// AppendTo writes versions 2 to 10.
func (r *listOffsets) AppendTo(dst []byte) []byte {
	w := writer{dst, r.Version >= listOffsetsFlexible}
	w.dst = kbin.AppendInt32(w.dst, -1) // not a replica
	w.dst = kbin.AppendInt8(w.dst, r.kind.isolation)
	w.arrayLen(topicsIn(r.places))
	for rest := r.places; len(rest) > 0; {
		n := sameTopic(rest)
		r.appendTopic(&w, rest[:n])
		rest = rest[n:]
	}
	if r.Version >= listOffsetsTimeout {
		w.dst = kbin.AppendInt32(w.dst, r.TimeoutMillis)
	}
	w.tags()
	return w.dst
}

func (r *listOffsets) appendTopic(w *writer, places []place) {
	t := &r.topics[places[0].topic]
	w.string(t.Name)
	w.arrayLen(len(places))
	for _, p := range places {
		w.dst = kbin.AppendInt32(w.dst, p.partition)
		if r.Version >= 4 {
			w.dst = kbin.AppendInt32(w.dst, t.Partitions[p.partition].LeaderEpoch)
		}
		w.dst = kbin.AppendInt64(w.dst, r.kind.timestamp)
		w.tags()
	}
	w.tags()
}

// sameTopic is how many places at the front are of one topic.
func sameTopic(places []place) int {
	n := 1
	for n < len(places) && places[n].topic == places[0].topic {
		n++
	}
	return n
}

func topicsIn(places []place) int {
	n := 0
	for len(places) > 0 {
		places = places[sameTopic(places):]
		n++
	}
	return n
}

// writer is wire's counterpart.
type writer struct {
	dst      []byte
	flexible bool
}

func (w *writer) arrayLen(n int) {
	if w.flexible {
		w.dst = kbin.AppendCompactArrayLen(w.dst, n)
		return
	}
	w.dst = kbin.AppendArrayLen(w.dst, n)
}

func (w *writer) string(s string) {
	if w.flexible {
		w.dst = kbin.AppendCompactString(w.dst, s)
		return
	}
	w.dst = kbin.AppendString(w.dst, s)
}

func (w *writer) tags() {
	if w.flexible {
		w.dst = append(w.dst, 0)
	}
}

func (r *listOffsets) ResponseKind() kmsg.Response { return &listOffsetsAnswer{asked: r} }

// listOffsetsAnswer decodes versions 2 to 10.
type listOffsetsAnswer struct {
	kmsg.ListOffsetsResponse // for what a kmsg.Response must have; only its version and throttle time are set
	asked                    *listOffsets
	offsets                  []offset
}

// offset is the answer for one partition.
type offset struct {
	place
	code   lag.ErrorCode
	epoch  int32
	offset int64
}

// The fewest bytes that a topic and a partition take in any version.
const (
	minOffsetsTopic     = 3
	minOffsetsPartition = 22
)

func (a *listOffsetsAnswer) ReadFrom(body []byte) error {
	r := wire{Reader: kbin.Reader{Src: body}, flexible: a.Version >= listOffsetsFlexible}
	a.ThrottleMillis = r.Int32()
	a.offsets = make([]offset, 0, len(a.asked.places))
	for n := r.arrayLen(minOffsetsTopic); n > 0 && r.Ok(); n-- {
		topic, known := a.asked.index[string(r.bytes())]
		a.partitions(&r, topic, known)
		r.tags()
	}
	r.tags()
	if r.Complete() != nil {
		return errShort
	}
	return nil
}

func (a *listOffsetsAnswer) partitions(r *wire, topic int32, known bool) {
	for n := r.arrayLen(minOffsetsPartition); n > 0 && r.Ok(); n-- {
		o := offset{place: place{topic, r.Int32()}, code: lag.ErrorCode(r.Int16()), epoch: lag.NoGeneration}
		r.Int64() // timestamp of the record, which none of the kinds has
		o.offset = r.Int64()
		if a.Version >= 4 {
			o.epoch = r.Int32()
		}
		r.tags()
		if known && o.partition >= 0 && int(o.partition) < len(a.asked.topics[topic].Partitions) {
			a.offsets = append(a.offsets, o)
		}
	}
}
