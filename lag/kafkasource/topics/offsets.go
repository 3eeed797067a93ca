package topics

import (
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/lag/kafkasource/cluster"
	"github.com/lagscaler/lagscaler/lag/kafkasource/transport"
	"github.com/lagscaler/lagscaler/lag/kafkasource/wire"
	"github.com/lagscaler/lagscaler/lag/parallel"
)

// Offsets are what a poll reads of topics.
type Offsets struct {
	Topics     []lag.TopicRead
	Past       []lag.PastEnd    // where the ends of some logs were before this process read them
	FirstSince []lag.FirstSince // to compare the times in records with arrivals
}

// reading is one poll's reading of end, stable and start offsets.
type reading struct {
	*Reader
	round  *cluster.Round
	starts bool // this poll reads the log start of every partition
	needs  map[string]Need
	topics []lag.TopicRead
	index  map[string]int32 // into topics, by name

	trusted func(topic string, id [16]byte) bool // the times of its records agreed with arrivals before this process began
}

// Read reads the offsets of every needed topic: one request per leader, kind of offset and 10,000 partitions.
// trusted says of which topics the times in records are those of their arrival.
func (r *Reader) Read(ctx context.Context, round *cluster.Round, needs map[string]Need, trusted func(string, [16]byte) bool) Offsets {
	o := &reading{Reader: r, round: round, starts: r.polls%r.cfg.StartEvery == 0, needs: needs, trusted: trusted}
	r.polls++
	o.topics = r.consumed(ctx, round, needs)
	o.read(ctx, o.all())
	o.followLeaders(ctx)
	o.topics = slices.DeleteFunc(o.topics, func(t lag.TopicRead) bool { return t.Err == lag.UnknownTopic })
	o.reportErrors()
	r.storeOffsets(o.topics)
	o.index = o.indexed()
	return Offsets{o.topics, o.past(ctx), o.firstSince(ctx)}
}

// all are the partitions of all topics.
func (o *reading) all() []wire.Partition {
	o.index = o.indexed()
	var partitions []wire.Partition
	for t := range o.topics {
		for i := range o.topics[t].Partitions {
			partitions = append(partitions, wire.Partition{Topic: int32(t), Number: int32(i)})
		}
	}
	return partitions
}

func (o *reading) indexed() map[string]int32 {
	index := make(map[string]int32, len(o.topics))
	for t := range o.topics {
		index[o.topics[t].Name] = int32(t)
	}
	return index
}

func (o *reading) at(p wire.Partition) *lag.PartitionRead {
	return &o.topics[p.Topic].Partitions[p.Number]
}

// read asks for ends and stable offsets, and for starts where they are due. Leaders are asked at once.
func (o *reading) read(ctx context.Context, partitions []wire.Partition) {
	leaders := map[int32][]wire.Partition{}
	for _, p := range partitions {
		if leader := o.at(p).Leader; leader >= 0 {
			leaders[leader] = append(leaders[leader], p)
		}
	}
	var requests []*request
	for leader, all := range leaders {
		if code, lost := o.round.Lost(leader); lost && code == lag.Unreachable {
			o.skip(all)
			continue
		}
		requests = append(requests, o.requests(leader, wire.EndOffset, all)...)
		requests = append(requests, o.requests(leader, wire.StableOffset, filter(all, o.needsStable))...)
		requests = append(requests, o.requests(leader, wire.StartOffset, filter(all, o.needsStart))...)
	}
	parallel.Each(requests, func(_ int, q *request) { q.send(ctx, o) })
	for _, q := range requests {
		q.apply(o)
	}
}

// skip leaves out a leader that did not answer in this poll already: it is not waited for again.
func (o *reading) skip(partitions []wire.Partition) {
	for _, p := range partitions {
		o.at(p).Err = lag.Unreachable
	}
}

func (o *reading) needsStable(p wire.Partition) bool { return o.needs[o.topics[p.Topic].Name].Stable }

func (o *reading) needsStart(p wire.Partition) bool {
	return o.starts || !o.at(p).Known.Has(lag.KnownStart)
}

func filter(partitions []wire.Partition, keep func(wire.Partition) bool) []wire.Partition {
	var kept []wire.Partition
	for _, p := range partitions {
		if keep(p) {
			kept = append(kept, p)
		}
	}
	return kept
}

// request is one ListOffsets request and its answer.
type request struct {
	leader     int32
	kind       wire.OffsetKind
	partitions []wire.Partition
	times      []int64 // of the kind PastOffset, by topic
	offsets    []wire.Offset
	at         time.Time
	err        error
}

func (o *reading) requests(leader int32, kind wire.OffsetKind, partitions []wire.Partition) []*request {
	var all []*request
	for batch := range slices.Chunk(partitions, o.cfg.Partitions) {
		all = append(all, &request{leader: leader, kind: kind, partitions: batch})
	}
	return all
}

func (q *request) send(ctx context.Context, o *reading) {
	req := &wire.ListOffsets{
		ListOffsetsRequest: kmsg.NewPtrListOffsetsRequest(),
		Kind:               q.kind, Partitions: q.partitions, Topics: o.topics, TopicIndex: o.index, Times: q.times,
	}
	req.TimeoutMillis = int32(o.cfg.Timeout.Milliseconds())
	answer, err := transport.AsResponse[*wire.ListOffsetsResponse](o.round.Send(ctx, q.leader, req))
	q.at = time.Now()
	if err != nil {
		q.err = err
		return
	}
	q.offsets = answer.Offsets
}

// apply writes the offsets into the topics. A partition whose end is not in the response gets an error.
// A start or a stable offset that is not in it stays unknown.
func (q *request) apply(o *reading) {
	if q.err != nil {
		o.round.Fail(lag.StageOffsets, q.leader, q.err)
	}
	for _, a := range q.offsets {
		if p := o.at(a.Partition); p.Leader == q.leader {
			q.write(p, a)
		}
	}
	if q.kind != wire.EndOffset {
		return
	}
	missing := lag.Garbled
	if q.err != nil {
		missing = transport.Code(q.err)
	}
	for _, asked := range q.partitions {
		if p := o.at(asked); !p.Known.Has(lag.KnownEnd) && p.Err == lag.OK {
			p.Err = missing
		}
	}
}

// started is where the times of answers count from.
var started = time.Now()

// millis are Unix milliseconds at the start of the program, and the time that passed since: the wall clock may be set.
func millis(t time.Time) int64 { return started.Add(t.Sub(started)).UnixMilli() }

func (q *request) write(p *lag.PartitionRead, a wire.Offset) {
	switch {
	case a.Code != lag.OK:
		if q.kind == wire.EndOffset {
			p.Err = a.Code
		}
		return
	case a.Offset < 0:
		return
	}
	switch q.kind {
	case wire.EndOffset:
		p.End, p.At, p.Err = a.Offset, millis(q.at), lag.OK
		p.LeaderEpoch = max(p.LeaderEpoch, a.Epoch)
	case wire.StableOffset:
		p.Stable = a.Offset
	case wire.StartOffset:
		p.Start = a.Offset
	}
	p.Known |= q.kind.Known
}

// reportErrors notes the partitions that stay unknown, as one error for each leader and code.
func (o *reading) reportErrors() {
	failures := cluster.Failures{}
	for t := range o.topics {
		topic := &o.topics[t]
		if topic.More != lag.OK {
			failures.Add(transport.AnyBroker, topic.More, topic.Name+"/"+strconv.Itoa(len(topic.Partitions))+" and above")
		}
		for i := range topic.Partitions {
			if p := &topic.Partitions[i]; p.Err != lag.OK {
				failures.Add(p.Leader, p.Err, topic.Name+"/"+strconv.Itoa(i))
			}
		}
	}
	o.round.FailAll(lag.StageOffsets, failures, "partitions")
}
