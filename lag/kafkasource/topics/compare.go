package topics

import (
	"context"
	"time"

	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/lag/kafkasource/wire"
	"github.com/lagscaler/lagscaler/lag/parallel"
)

// compareBack is how far the records are looked for: polls have seen an end every few seconds of that time.
const compareBack = time.Minute

// firstSince are the first records of the last minute by their times, of the topics whose times are due to be compared with
// arrivals: see [lag.RecordTimes]. That is one batched request a leader, each Config.Compare. A topic with the time of the append needs no comparison.
func (o *reading) firstSince(ctx context.Context) []lag.FirstSince {
	now := time.Now()
	leaders := o.filled(o.dueToCompare(now))
	times := make([]int64, len(o.topics))
	for t := range times {
		times[t] = now.Add(-compareBack).UnixMilli()
	}
	var requests []*request
	for leader, partitions := range leaders {
		for _, q := range o.requests(leader, wire.PastOffset, partitions) {
			q.times = times
			requests = append(requests, q)
		}
	}
	parallel.Each(requests, func(_ int, q *request) { q.send(ctx, o) })
	shift := millis(now) - now.UnixMilli()
	var all []lag.FirstSince
	for _, q := range requests {
		for _, a := range q.offsets {
			if a.Code == lag.OK {
				all = append(all, lag.FirstSince{
					Topic: o.topics[a.Topic].Name, Partition: a.Number,
					Since: times[a.Topic] + shift, Offset: a.Offset, At: a.Timestamp + shift,
				})
			}
		}
	}
	return all
}

// dueToCompare are the topics, by index.
func (o *reading) dueToCompare(now time.Time) []int32 {
	var topics []int32
	for t := range o.topics {
		if topic := &o.topics[t]; !o.needs[topic.Name].Compare || topic.Err != lag.OK {
			continue
		}
		switch state := o.timesOf(int32(t)); {
		case state.appendTime:
		case state.compareAt.IsZero():
			state.compareAt = now.Add(o.cfg.Compare * 2 / 5)
		case !now.Before(state.compareAt):
			state.compareAt = now.Add(o.cfg.Compare)
			topics = append(topics, int32(t))
		}
	}
	return topics
}
