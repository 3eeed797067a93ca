package topics

import (
	"context"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/lag/kafkasource/transport"
	"github.com/lagscaler/lagscaler/lag/kafkasource/wire"
	"github.com/lagscaler/lagscaler/lag/parallel"
)

// After a start nothing is known of where the ends of logs were before. A broker knows it, if the times in the records are those
// of their arrival: ListOffsets with a time has the first record since. Three things are needed, or nothing is concluded:
//
//	the topic says message.timestamp.type=LogAppendTime,  else the times are those of producers: a backfill has records of years
//	or its times agreed with arrivals before the start    ago, and a producer whose clock is ahead has records of tomorrow
//	the leader's newest record is of now                  else its clock and ours may differ; that of an idle log says nothing
//	the target of some group says how far to look back    one batched request a leader
//
// How far the newest record is from now, plus a second, is what the times may be wrong by.
//
// Times of producers that agreed before the start are believed of the one record that is found: those before it arrived before
// its time, and the others after it. So there must be one, and the partition has no record of the future.

const (
	// clocksAgree is how far the newest record of a leader may be from our time. It is also the error of what follows.
	clocksAgree = 10 * time.Second
	// clockMargin is for the time that a request takes, and for a clock that runs ahead of ours by less than that.
	clockMargin = time.Second
	// pastTries is in how many polls a topic is asked for: after two minutes, what was seen since the start says more.
	pastTries = 12
)

// topicTimes is what is known of the times in a topic's records.
type topicTimes struct {
	id         [16]byte
	configured bool // whether it has the time of the append is known
	appendTime bool
	tries      int
	done       bool
	compareAt  time.Time // when the times are compared with arrivals; zero: not planned
}

// past are the ends of logs at earlier times, of topics that need them and whose times can be trusted.
func (o *reading) past(ctx context.Context) []lag.PastEnd {
	topics := o.wantPast()
	if len(topics) == 0 {
		return nil
	}
	o.readTimestampTypes(ctx, topics)
	topics = slices.DeleteFunc(topics, func(t int32) bool { return !o.timesOf(t).appendTime && !o.trusts(t) })
	return o.askPast(ctx, o.filled(topics))
}

// wantPast are the topics, by index, that need it and are not done.
func (o *reading) wantPast() []int32 {
	var topics []int32
	for t := range o.topics {
		topic := &o.topics[t]
		if o.needs[topic.Name].Past <= 0 || topic.Err != lag.OK {
			continue
		}
		state := o.timesOf(int32(t))
		if state.tries++; state.tries > pastTries {
			state.done = true
		}
		if !state.done {
			topics = append(topics, int32(t))
		}
	}
	return topics
}

// timesOf is what is known of the times of a topic.
func (o *reading) timesOf(t int32) *topicTimes {
	topic := &o.topics[t]
	state, ok := o.times[topic.Name]
	if !ok || state.id != topic.ID {
		state = &topicTimes{id: topic.ID}
		o.times[topic.Name] = state
	}
	return state
}

func (o *reading) trusts(t int32) bool { return o.trusted(o.topics[t].Name, o.topics[t].ID) }

// filled are the partitions of the topics that have records, by leader.
func (o *reading) filled(topics []int32) map[int32][]wire.Partition {
	leaders := map[int32][]wire.Partition{}
	for _, t := range topics {
		for i := range o.topics[t].Partitions {
			if p := &o.topics[t].Partitions[i]; p.Err == lag.OK && p.Known.Has(lag.KnownEnd|lag.KnownStart) && p.End > p.Start {
				leaders[p.Leader] = append(leaders[p.Leader], wire.Partition{Topic: t, Number: int32(i)})
			}
		}
	}
	return leaders
}

const timestampType = "message.timestamp.type"

// readTimestampTypes asks one broker which topics have the time of the append. It needs DESCRIBE_CONFIGS on the topic: without
// it nothing is known, and nothing is wrong.
func (o *reading) readTimestampTypes(ctx context.Context, topics []int32) {
	req := kmsg.NewPtrDescribeConfigsRequest()
	for _, t := range topics {
		if o.timesOf(t).configured {
			continue
		}
		resource := kmsg.NewDescribeConfigsRequestResource()
		resource.ResourceType, resource.ResourceName = kmsg.ConfigResourceTypeTopic, o.topics[t].Name
		resource.ConfigNames = []string{timestampType}
		req.Resources = append(req.Resources, resource)
	}
	if len(req.Resources) == 0 {
		return
	}
	answer, err := transport.AsResponse[*kmsg.DescribeConfigsResponse](o.round.SendAny(ctx, req))
	if err != nil {
		return // asked again in the next poll
	}
	for _, r := range answer.Resources {
		state, ok := o.times[r.ResourceName]
		if !ok {
			continue
		}
		state.configured = true
		for _, c := range r.Configs {
			if c.Name == timestampType && c.Value != nil {
				state.appendTime = r.ErrorCode == 0 && *c.Value == "LogAppendTime"
			}
		}
	}
}

// askPast asks each leader for the offsets at the times, and for its newest record.
func (o *reading) askPast(ctx context.Context, leaders map[int32][]wire.Partition) []lag.PastEnd {
	now := time.Now()
	times := make([]int64, len(o.topics))
	for t := range o.topics {
		times[t] = now.Add(-o.needs[o.topics[t].Name].Past).UnixMilli()
	}
	var requests []*request
	for leader, partitions := range leaders {
		for _, q := range o.requests(leader, wire.PastOffset, partitions) {
			q.times = times
			requests = append(requests, q, &request{leader: leader, kind: wire.NewestTime, partitions: q.partitions})
		}
	}
	parallel.Each(requests, func(_ int, q *request) { q.send(ctx, o) })
	newest := newestOf(requests)
	var all []lag.PastEnd
	for _, q := range requests {
		margin, agree := clockError(now, newest.leaders[q.leader])
		if q.kind == wire.PastOffset && agree {
			all = append(all, o.pastEnds(q, pastClock{margin: margin, shift: millis(now) - now.UnixMilli(), latest: now.Add(clockMargin), newest: newest.partitions})...)
		}
	}
	return all
}

// newestTimes are the times of the newest records of leaders, and of partitions.
type newestTimes struct {
	leaders    map[int32]int64
	partitions map[wire.Partition]int64
}

func newestOf(requests []*request) newestTimes {
	n := newestTimes{map[int32]int64{}, map[wire.Partition]int64{}}
	for _, q := range requests {
		for _, a := range q.offsets {
			if q.kind == wire.NewestTime && a.Code == lag.OK {
				n.leaders[q.leader] = max(n.leaders[q.leader], a.Timestamp)
				n.partitions[a.Partition] = a.Timestamp
			}
		}
	}
	return n
}

// clockError is what the leader's times may be wrong by; agree is false if that is not known.
func clockError(now time.Time, newest int64) (margin time.Duration, agree bool) {
	d := now.Sub(time.UnixMilli(newest))
	return d.Abs() + clockMargin, newest > 0 && d <= clocksAgree && d >= -clockMargin
}

// pastClock is what is known of the times in an answer.
type pastClock struct {
	margin time.Duration            // what the leader's clock may be wrong by
	shift  int64                    // how far the times of answers are from the wall clock by which brokers were asked, see millis
	latest time.Time                // no record may have a later time
	newest map[wire.Partition]int64 // the times of the newest records
}

// pastEnds are the ends in an answer.
func (o *reading) pastEnds(q *request, c pastClock) []lag.PastEnd {
	ends := make([]lag.PastEnd, 0, len(q.offsets))
	for _, a := range q.offsets {
		if a.Code != lag.OK {
			continue
		}
		end, ok := o.producedSince(a, c)
		if state := o.timesOf(a.Topic); state.appendTime {
			end, ok = o.appendedSince(a, q.times[a.Topic], c), true
		}
		if ok {
			end.Topic, end.Partition = o.topics[a.Topic].Name, a.Number
			ends = append(ends, end)
			o.timesOf(a.Topic).done = true
		}
	}
	return ends
}

// appendedSince is the end at a time. Nothing that was appended since means that the end was where it is now.
func (o *reading) appendedSince(a wire.Offset, since int64, c pastClock) lag.PastEnd {
	end := lag.PastEnd{At: since + c.shift, End: o.at(a.Partition).End, Margin: c.margin}
	if a.Offset >= 0 {
		end.End = min(end.End, a.Offset)
	}
	return end
}

// producedSince is the end when the record that was found arrived, if its producer's time is believed.
func (o *reading) producedSince(a wire.Offset, c pastClock) (end lag.PastEnd, ok bool) {
	newest, known := c.newest[a.Partition]
	ok = known && newest <= c.latest.UnixMilli() && a.Offset >= 0 && a.Timestamp > 0
	return lag.PastEnd{
		At: a.Timestamp + c.shift, End: min(a.Offset, o.at(a.Partition).End), Margin: c.margin + lag.TimesAgreeWithin,
	}, ok
}
