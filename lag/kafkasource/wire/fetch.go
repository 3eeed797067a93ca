package wire

import (
	"errors"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/lagscaler/lagscaler/lag"
)

// Fetch asks the leader of one partition for the bytes of its log from an offset on. Of these bytes only the headers of
// batches are decoded, see [Batch]. One partition a request: a broker returns a batch that is larger than MaxBytes only to a
// request that would otherwise be answered with nothing (Kafka 4.3, ReplicaManager.readFromLog).
type Fetch struct {
	*kmsg.FetchRequest // all fields are set by NewFetch

	end int64
}

const (
	fetchOldest   = 4 // the first version with the last stable offset, aborted transactions and batches as they are stored
	fetchFlexible = 12
)

// NewFetch asks for the batches of a partition that a walk has not seen yet. If its consumer reads only committed records, the
// broker returns nothing beyond the last stable offset, and names the transactions that were aborted.
func NewFetch(topic string, partition, epoch int32, w *Walk, maxBytes int32) *Fetch {
	req := kmsg.NewPtrFetchRequest()
	req.MaxWaitMillis, req.MinBytes, req.MaxBytes = 0, 0, maxBytes
	req.SessionID, req.SessionEpoch = 0, -1 // no session (KIP-227): the broker remembers nothing
	if w.Committed {
		req.IsolationLevel = 1
	}
	p := kmsg.NewFetchRequestTopicPartition()
	p.Partition, p.CurrentLeaderEpoch, p.FetchOffset, p.PartitionMaxBytes = partition, epoch, w.Next, maxBytes
	t := kmsg.NewFetchRequestTopic()
	t.Topic, t.Partitions = topic, []kmsg.FetchRequestTopicPartition{p}
	req.Topics = []kmsg.FetchRequestTopic{t}
	return &Fetch{FetchRequest: req, end: w.End}
}

// ResponseKind is a response that keeps headers only.
func (r *Fetch) ResponseKind() kmsg.Response {
	p := &r.Topics[0].Partitions[0]
	return &FetchResponse{Walk: Walk{From: p.FetchOffset, Next: p.FetchOffset, End: r.end, Committed: r.IsolationLevel == 1}, partition: p.Partition}
}

// FetchResponse decodes versions 4 to 12. It keeps nothing of the records.
type FetchResponse struct {
	kmsg.FetchResponse // for the methods of a kmsg.Response; only its version, throttle time and error code are set

	Code lag.ErrorCode // of the partition
	Walk Walk

	partition int32
}

// SelfContained marks a response that keeps no part of the bytes it was decoded from.
func (*FetchResponse) SelfContained() {}

// The fewest bytes that a topic, a partition and an aborted transaction take in any version.
const (
	minFetchTopic     = 3
	minFetchPartition = 24
	minAborted        = 16
)

var errFetchTooOld = errors.New("batches of this version have no transactions")

// ReadFrom decodes a response. Partitions that were not asked for are left out.
func (a *FetchResponse) ReadFrom(body []byte) error {
	if a.Version < fetchOldest {
		return errFetchTooOld
	}
	r := newReader(body, a.Version >= fetchFlexible)
	a.ThrottleMillis = r.Int32()
	if a.Version >= 7 {
		a.ErrorCode = r.Int16()
		r.Int32() // session
	}
	for n := r.arrayLen(minFetchTopic); n > 0 && r.Ok(); n-- {
		r.bytes() // its name: only one topic was asked for
		for n := r.arrayLen(minFetchPartition); n > 0 && r.Ok(); n-- {
			if err := a.onePartition(&r); err != nil {
				return err
			}
		}
		r.tags()
	}
	r.tags()
	return r.refusal()
}

func (a *FetchResponse) onePartition(r *reader) error {
	number, code := r.Int32(), lag.ErrorCode(r.Int16())
	r.Span(16) // high watermark, last stable offset
	if a.Version >= 5 {
		r.Int64() // log start
	}
	aborted := a.aborted(r)
	if a.Version >= 11 {
		r.Int32() // preferred read replica
	}
	records := r.blob()
	r.tags()
	if !r.Ok() || number != a.partition {
		return nil
	}
	a.Code, a.Walk.Aborted = code, aborted
	if code != lag.OK {
		return nil
	}
	return a.Walk.Over(records)
}

// blob are the bytes of a field that may be null. They are part of the message's memory.
func (r *reader) blob() []byte {
	if r.flexible {
		return r.bytes()
	}
	return r.Span(max(0, int(r.Int32())))
}

func (a *FetchResponse) aborted(r *reader) []Aborted {
	n := r.arrayLen(minAborted)
	list := make([]Aborted, 0, n)
	for ; n > 0 && r.Ok(); n-- {
		list = append(list, Aborted{Producer: r.Int64(), First: r.Int64()})
		r.tags()
	}
	return list
}
