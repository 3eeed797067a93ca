package kafkasource

import (
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/lagscaler/lagscaler/lag"
)

// moveRounds is how often partitions whose leader moved are asked for again within a poll, after movePause.
const (
	moveRounds = 3
	movePause  = 100 * time.Millisecond
)

// offsetRead is one poll's reading of end, stable and start offsets.
type offsetRead struct {
	p      *poll
	topics []lag.TopicRead
	index  map[string]int32
	needs  map[string]need
}

// offsets reads the offsets of every consumed topic: a request per leader, kind and 10,000 partitions.
func (p *poll) offsets(ctx context.Context) []lag.TopicRead {
	topics, needs := p.consumed(ctx)
	o := &offsetRead{p: p, topics: topics, needs: needs}
	o.read(ctx, o.all())
	for round := range moveRounds {
		suspects := o.suspects(round == 0)
		if len(suspects) == 0 || !o.renew(ctx, suspects, round) {
			break
		}
	}
	o.topics = slices.DeleteFunc(o.topics, func(t lag.TopicRead) bool { return t.Err == lag.UnknownTopic })
	o.report()
	p.store(o.topics)
	return o.topics
}

// all are the places of every partition that has a leader.
func (o *offsetRead) all() []place {
	o.index = make(map[string]int32, len(o.topics))
	var places []place
	for t := range o.topics {
		o.index[o.topics[t].Name] = int32(t)
		for i := range o.topics[t].Partitions {
			places = append(places, place{int32(t), int32(i)})
		}
	}
	return places
}

func (o *offsetRead) at(pl place) *lag.PartitionRead {
	return &o.topics[pl.topic].Partitions[pl.partition]
}

// read asks for ends and stable offsets, and for starts where they are due. Leaders are asked at once.
func (o *offsetRead) read(ctx context.Context, places []place) {
	leaders := map[int32][]place{}
	for _, pl := range places {
		if leader := o.at(pl).Leader; leader >= 0 {
			leaders[leader] = append(leaders[leader], pl)
		}
	}
	var jobs []*offsetJob
	for leader, all := range leaders {
		if code, down := o.p.down[leader]; down && code == lag.Unreachable {
			o.skip(all)
			continue
		}
		jobs = append(jobs, o.jobs(leader, ends, all)...)
		jobs = append(jobs, o.jobs(leader, stables, o.only(all, func(pl place) bool { return o.needs[o.topics[pl.topic].Name].stable }))...)
		jobs = append(jobs, o.jobs(leader, starts, o.only(all, func(pl place) bool {
			return o.p.starts || !o.at(pl).Known.Has(lag.KnownStart)
		}))...)
	}
	each(jobs, func(_ int, j *offsetJob) { j.run(ctx, o) })
	for _, j := range jobs {
		j.apply(o)
	}
}

// skip leaves out a leader that did not answer in this poll already: it is not waited for again.
func (o *offsetRead) skip(places []place) {
	for _, pl := range places {
		o.at(pl).Err = lag.Unreachable
	}
}

func (o *offsetRead) only(places []place, keep func(place) bool) []place {
	var kept []place
	for _, pl := range places {
		if keep(pl) {
			kept = append(kept, pl)
		}
	}
	return kept
}

// offsetJob is one ListOffsets request and what came of it.
type offsetJob struct {
	leader int32
	kind   kind
	places []place
	answer []offset
	at     time.Time
	err    error
}

func (o *offsetRead) jobs(leader int32, k kind, places []place) []*offsetJob {
	var jobs []*offsetJob
	for _, piece := range chunks(places, o.p.s.cfg.Limits.Partitions) {
		jobs = append(jobs, &offsetJob{leader: leader, kind: k, places: piece})
	}
	return jobs
}

func (j *offsetJob) run(ctx context.Context, o *offsetRead) {
	req := &listOffsets{
		ListOffsetsRequest: kmsg.NewPtrListOffsetsRequest(),
		kind:               j.kind, places: j.places, topics: o.topics, index: o.index,
	}
	req.TimeoutMillis = int32(o.p.s.cfg.Limits.Request.Milliseconds())
	answer, err := as[*listOffsetsAnswer](o.p.s.ask(ctx, &o.p.tally, j.leader, req))
	j.at = time.Now()
	if err != nil {
		j.err = err
		return
	}
	j.answer = answer.offsets
}

// apply writes the answer into the topics. What was asked for and not answered is an error of the partition;
// only a missing end is, because starts and stable offsets speak for themselves by being unknown.
func (j *offsetJob) apply(o *offsetRead) {
	if j.err != nil {
		o.p.fail(lag.StageOffsets, j.leader, j.err)
	}
	for _, a := range j.answer {
		if p := o.at(a.place); p.Leader == j.leader {
			j.write(p, a)
		}
	}
	if j.kind != ends {
		return
	}
	missing := lag.Garbled
	if j.err != nil {
		missing = codeOf(j.err)
	}
	for _, pl := range j.places {
		if p := o.at(pl); !p.Known.Has(lag.KnownEnd) && p.Err == lag.OK {
			p.Err = missing
		}
	}
}

func (j *offsetJob) write(p *lag.PartitionRead, a offset) {
	switch {
	case a.code != lag.OK:
		if j.kind == ends {
			p.Err = a.code
		}
		return
	case a.offset < 0:
		return
	}
	switch j.kind {
	case ends:
		p.End, p.At, p.Err = a.offset, j.at.UnixMilli(), lag.OK
		p.LeaderEpoch = max(p.LeaderEpoch, a.epoch)
	case stables:
		p.Stable = a.offset
	case starts:
		p.Start = a.offset
	}
	p.Known |= j.kind.known
}

// suspects are the topics whose metadata is older than the truth: a leader moved, a broker does not know
// the topic or does not answer, or (looked at once) an end went backwards, as after a recreation.
func (o *offsetRead) suspects(first bool) []string {
	var names []string
	for t := range o.topics {
		topic := &o.topics[t]
		before := o.p.s.memory.topics[topic.Name]
		for i := range topic.Partitions {
			if hasMoved(topic.Partitions[i].Err) || first && wentBack(before, i, &topic.Partitions[i]) {
				names = append(names, topic.Name)
				break
			}
		}
	}
	return names
}

func wentBack(before *topic, i int, now *lag.PartitionRead) bool {
	if before == nil || i >= len(before.read.Partitions) || !now.Known.Has(lag.KnownEnd) {
		return false
	}
	b := &before.read.Partitions[i]
	return b.Known.Has(lag.KnownEnd) && b.End > now.End || b.Known.Has(lag.KnownStart) && b.Start > now.End
}

// hasMoved reports whether fresh metadata may name another leader that answers.
func hasMoved(c lag.ErrorCode) bool {
	switch c {
	case lag.UnknownTopic, lag.LeaderNotAvailable, notLeader, replicaNotAvailable, storageError,
		fencedLeaderEpoch, unknownLeaderEpoch, offsetNotAvailable, unknownTopicID, lag.Unreachable:
		return true
	}
	return false
}

// Protocol error codes of partitions.
const (
	notLeader           lag.ErrorCode = 6
	replicaNotAvailable lag.ErrorCode = 9
	storageError        lag.ErrorCode = 56
	fencedLeaderEpoch   lag.ErrorCode = 74
	unknownLeaderEpoch  lag.ErrorCode = 75
	offsetNotAvailable  lag.ErrorCode = 78
)

// renew reads metadata of the topics again and asks once more for what is missing of them.
// It reports false when there is nothing more to hope for in this poll.
func (o *offsetRead) renew(ctx context.Context, names []string, round int) bool {
	if round > 0 && pause(ctx, movePause) != nil {
		return false
	}
	if err := o.p.refresh(ctx, names); err != nil {
		o.p.fail(lag.StageMetadata, anyBroker, err)
		return false
	}
	o.p.brokers = o.p.s.cluster.known()
	var again []place
	for _, name := range names {
		again = append(again, o.replace(o.index[name])...)
	}
	if len(again) == 0 {
		return false
	}
	o.read(ctx, again)
	return true
}

// replace puts fresh metadata of a topic in place and returns the partitions that are worth asking again.
func (o *offsetRead) replace(t int32) []place {
	old := o.topics[t]
	fresh, ok := o.p.s.memory.topics[old.Name]
	if !ok { // deleted: fresh metadata says so
		o.topics[t].Err, o.topics[t].Partitions = lag.UnknownTopic, nil
		return nil
	}
	now := fresh.unanswered()
	var again []place
	for i := range now.Partitions {
		if i < len(old.Partitions) && settled(&old.Partitions[i], &now.Partitions[i], old.ID == now.ID) {
			now.Partitions[i] = old.Partitions[i]
			continue
		}
		if i < len(old.Partitions) && old.Partitions[i].Start > old.Partitions[i].End {
			now.Partitions[i].Known = 0 // the log start that is remembered is of another log
		}
		again = append(again, place{t, int32(i)})
	}
	o.topics[t] = now
	return again
}

// settled reports whether fresh metadata gives no reason to ask again: the partition was answered sensibly,
// or its leader does not answer and is still the leader.
func settled(old, now *lag.PartitionRead, same bool) bool {
	if !same {
		return false
	}
	if old.Known.Has(lag.KnownEnd) {
		return !old.Known.Has(lag.KnownStart) || old.Start <= old.End
	}
	return now.Leader < 0 || old.Err == lag.Unreachable && old.Leader == now.Leader
}

// report tells which partitions stay unknown, in one line for each leader and code.
func (o *offsetRead) report() {
	bad := troubles{}
	for t := range o.topics {
		topic := &o.topics[t]
		for i := range topic.Partitions {
			if p := &topic.Partitions[i]; p.Err != lag.OK {
				bad.add(p.Leader, p.Err, topic.Name+"/"+strconv.Itoa(i))
			}
		}
	}
	bad.tell(o.p, lag.StageOffsets, "partitions")
}
