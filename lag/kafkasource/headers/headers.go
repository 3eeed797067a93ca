package headers

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"time"

	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/lag/kafkasource/cluster"
	"github.com/lagscaler/lagscaler/lag/kafkasource/transport"
	"github.com/lagscaler/lagscaler/lag/kafkasource/wire"
	"github.com/lagscaler/lagscaler/lag/parallel"
)

// Config says what may be looked at. All fields must be set.
type Config struct {
	Topic      func(topic string) bool // topics whose batch headers may be read
	Partitions int                     // that are looked at in one poll, at most
	Bytes      int32                   // that are asked for of each
	Timeout    time.Duration           // for all looks of a poll
}

const (
	retryAfter = time.Minute // after a look that found out nothing
	dataFor    = time.Hour   // a record that was found may be gone after that: compaction
)

// Reader remembers what it saw from poll to poll. One poll at a time may use it.
type Reader struct {
	cfg   Config
	looks map[lag.Doubt]*look
}

// NewReader makes a reader that has seen nothing yet.
func NewReader(cfg Config) *Reader { return &Reader{cfg: cfg, looks: map[lag.Doubt]*look{}} }

// look is what was seen of one partition for one group.
type look struct {
	at     place
	walk   wire.Walk
	asked  time.Time
	failed error // of the last attempt
}

// place is what an answer depends on.
type place struct {
	topic         [16]byte
	leader, epoch int32
	committed     int64
	start, end    int64
	readCommitted bool // the group
}

// same reports whether what was seen at p holds at now. A record that was seen stays where it is when the log grows.
func (l *look) same(now place) bool {
	p := l.at
	p.leader, p.start = now.leader, now.start
	if l.walk.Data {
		p.end = now.end
	}
	return p == now
}

// Read looks at partitions in doubt, and adds to the commits of the groups what is known of them.
func (r *Reader) Read(ctx context.Context, round *cluster.Round, doubts iter.Seq[lag.Doubt], groups []lag.GroupRead, topics []lag.TopicRead) {
	ctx, cancel := context.WithTimeout(ctx, r.cfg.Timeout)
	defer cancel()
	now := time.Now()
	in := reading{groups, topics}
	r.forget(in, now)
	due, looked := r.due(doubts, in, now)
	parallel.Each(due, func(_ int, d lag.Doubt) { r.looks[d].send(ctx, round, d, r.cfg.Bytes) })
	r.report(round, looked)
	for d, l := range r.looks {
		if at, ok := in.place(d); ok && l.same(at) && l.walk.Done() && !l.walk.Data {
			in.setNoData(d)
		}
	}
}

// forget leaves out what does not hold any more. A partition that this poll did not read is kept for an hour.
func (r *Reader) forget(in reading, now time.Time) {
	maps.DeleteFunc(r.looks, func(d lag.Doubt, l *look) bool {
		old := now.Sub(l.asked) > dataFor
		at, ok := in.place(d)
		if !ok {
			return old
		}
		return !l.same(at) || l.walk.Data && old
	})
}

// due are the partitions to look at now, and those of which a look is known. Partitions that nobody looked at come first, so that
// those of a topic that may not be read do not keep out the others.
func (r *Reader) due(doubts iter.Seq[lag.Doubt], in reading, now time.Time) (due, looked []lag.Doubt) {
	var again []lag.Doubt
	for d := range doubts {
		l, seen := r.looks[d]
		switch {
		case !r.cfg.Topic(d.Topic):
		case seen:
			looked = append(looked, d)
			if !l.walk.Done() && !l.asked.Equal(now) && (l.failed == nil || now.Sub(l.asked) >= retryAfter) {
				again = append(again, d)
			}
		case len(due) < r.cfg.Partitions && r.begin(d, in, now):
			due, looked = append(due, d), append(looked, d)
		}
	}
	for _, d := range again[:min(len(again), r.cfg.Partitions-len(due))] {
		if r.begin(d, in, now) {
			due = append(due, d)
		}
	}
	return due, looked
}

// begin prepares a look at what was not seen yet. It returns false if this poll did not read where the partition stands.
func (r *Reader) begin(d lag.Doubt, in reading, now time.Time) bool {
	at, ok := in.place(d)
	if !ok {
		return false
	}
	l, seen := r.looks[d]
	if !seen {
		l = &look{}
		r.looks[d] = l
	}
	from := max(l.walk.Next, at.committed, at.start)
	l.at, l.asked = at, now
	l.walk = wire.Walk{From: from, Next: from, End: at.end, Committed: at.readCommitted}
	return true
}

// send asks the leader for the batches that were not seen yet.
func (l *look) send(ctx context.Context, round *cluster.Round, d lag.Doubt, bytes int32) {
	if code, lost := round.Lost(l.at.leader); lost { // it did not answer in this poll already
		l.failed = transport.ErrorOf(int16(code))
		return
	}
	req := wire.NewFetch(d.Topic, d.Partition, l.at.epoch, &l.walk, bytes)
	answer, err := transport.AsResponse[*wire.FetchResponse](round.Send(ctx, l.at.leader, req))
	switch {
	case err != nil:
		l.failed = err
		return
	case answer.ErrorCode != 0:
		l.failed = transport.ErrorOf(answer.ErrorCode)
		return
	case answer.Code != lag.OK:
		l.failed = transport.ErrorOf(int16(answer.Code))
		return
	}
	l.failed = nil
	if answer.Walk.Next == l.walk.Next && !answer.Walk.Data {
		l.failed = errNothing
	}
	l.walk = answer.Walk
}

var errNothing = errors.New("the leader returned no batch")

// report notes what is not known of partitions in doubt, as one error for each code.
func (r *Reader) report(round *cluster.Round, looked []lag.Doubt) {
	failures := cluster.Failures{}
	for _, d := range looked {
		if l := r.looks[d]; l.failed != nil && !errors.Is(l.failed, errNothing) {
			failures.Add(transport.AnyBroker, transport.Code(l.failed), fmt.Sprintf("%s/%d", d.Topic, d.Partition))
		}
	}
	round.FailAll(lag.StageHeaders, failures, "partitions that may not be looked at")
}
