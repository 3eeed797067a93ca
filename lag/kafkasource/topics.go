package kafkasource

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/lagscaler/lagscaler/lag"
)

// unknownTopicID is the code of a topic id that no topic has.
const unknownTopicID lag.ErrorCode = 100

// topic is what is remembered of a consumed topic from poll to poll: its metadata, and the offsets of the last poll.
// Nothing in read is changed in place, because observations share it.
type topic struct {
	read lag.TopicRead
}

// knownTopics are the topics that metadata was read of before, sorted.
func (p *poll) knownTopics() []string { return slices.Sorted(maps.Keys(p.s.memory.topics)) }

// refresh reads metadata of the named topics. A topic that is gone is forgotten: this is the fresh metadata that says so.
func (p *poll) refresh(ctx context.Context, names []string) error {
	wanted := make([]kmsg.MetadataRequestTopic, len(names))
	for i, name := range names {
		wanted[i] = kmsg.NewMetadataRequestTopic()
		wanted[i].Topic = &name
	}
	found, err := p.s.metadata(ctx, &p.tally, wanted)
	for i := range found {
		p.absorb(&found[i])
	}
	return err
}

func (p *poll) absorb(m *kmsg.MetadataResponseTopic) {
	if m.Topic == nil {
		return
	}
	name, topics := *m.Topic, p.s.memory.topics
	switch code := lag.ErrorCode(m.ErrorCode); code {
	case lag.UnknownTopic, unknownTopicID:
		delete(topics, name)
		p.s.memory.gone[name] = time.Now()
		return
	case lag.OK:
		read, err := topicOf(m)
		if err != nil {
			p.fail(lag.StageMetadata, anyBroker, err)
			return
		}
		if before, ok := topics[name]; ok && before.read.ID == read.ID {
			keepOffsets(read.Partitions, before.read.Partitions)
		}
		topics[name] = &topic{read}
	default:
		topics[name] = &topic{lag.TopicRead{Name: name, ID: m.TopicID, Err: code}}
	}
}

func topicOf(m *kmsg.MetadataResponseTopic) (lag.TopicRead, error) {
	read := lag.TopicRead{Name: *m.Topic, ID: m.TopicID, Internal: m.IsInternal}
	read.Partitions = make([]lag.PartitionRead, len(m.Partitions))
	for i := range read.Partitions {
		read.Partitions[i] = lag.PartitionRead{Leader: -1, LeaderEpoch: lag.NoGeneration}
	}
	for _, p := range m.Partitions {
		if p.Partition < 0 || int(p.Partition) >= len(read.Partitions) {
			return read, garbled("topic %q has %d partitions, and one of them is number %d", read.Name, len(m.Partitions), p.Partition)
		}
		read.Partitions[p.Partition] = lag.PartitionRead{
			Leader: p.Leader, LeaderEpoch: p.LeaderEpoch, Replicas: int16(len(p.Replicas)), InSync: int16(len(p.ISR)),
		}
	}
	return read, nil
}

// keepOffsets carries over the offsets of the last poll, unless leadership changed hands meanwhile:
// then the log may have been cut, and its start is read anew.
func keepOffsets(fresh, before []lag.PartitionRead) {
	for i := range fresh[:min(len(fresh), len(before))] {
		if b := &before[i]; b.LeaderEpoch == fresh[i].LeaderEpoch {
			fresh[i].Start, fresh[i].End, fresh[i].Known = b.Start, b.End, b.Known&(lag.KnownStart|lag.KnownEnd)
		}
	}
}

// need is what some group needs of a topic.
type need struct {
	stable    bool // the last stable offset: the group reads committed data only
	committed bool // it commits there, so the topic exists or did lately
	doubted   bool // its commits there are not told any more: is it gone, or another one of that name?
}

// wanted are the topics that some group commits to, subscribes to or is assigned.
func (p *poll) wanted() map[string]need {
	wanted := map[string]need{}
	want := func(topic string, n need) {
		before, seen := wanted[topic]
		n = need{before.stable || n.stable, before.committed || n.committed, before.doubted || n.doubted}
		if seen && n == before {
			return
		}
		if name, kept := p.s.names.topic([]byte(topic)); kept {
			wanted[name] = n
		}
	}
	for _, r := range p.reads {
		for _, c := range r.Commits {
			want(c.Topic, need{stable: r.ReadCommitted, committed: true})
		}
		for _, topic := range p.memberTopics(r) {
			want(topic, need{stable: r.ReadCommitted})
		}
		for _, h := range p.withheld(r) {
			want(h.topic, need{doubted: true})
		}
	}
	return wanted
}

// memberTopics are the topics a group's members subscribe to or hold: those they had last, while the coordinator
// does not tell. It is sorted.
func (p *poll) memberTopics(r *read) []string {
	if before, ok := p.s.memory.groups[r.Group]; ok && !r.Described {
		return before.topics
	}
	var topics []string
	for i := range r.Members {
		m := &r.Members[i]
		topics = append(topics, m.Topics...)
		for _, a := range m.Assigned {
			topics = append(topics, a.Topic)
		}
		for _, a := range m.Target {
			topics = append(topics, a.Topic)
		}
	}
	slices.Sort(topics)
	return slices.Compact(topics)
}

// consumed are the wanted topics with their metadata, sorted, ready to have their offsets written in.
// Metadata of those not seen before is read now.
func (p *poll) consumed(ctx context.Context) (reads []lag.TopicRead, needs map[string]need) {
	needs = p.wanted()
	names := slices.Sorted(maps.Keys(needs))
	unknown := slices.DeleteFunc(slices.Clone(names), func(name string) bool { return p.s.memory.knows(name, needs[name]) })
	var failed error
	if len(unknown) > 0 {
		if failed = p.refresh(ctx, unknown); failed != nil {
			p.fail(lag.StageMetadata, anyBroker, failed)
		}
	}
	maps.DeleteFunc(p.s.memory.topics, func(name string, _ *topic) bool { _, ok := needs[name]; return !ok })
	maps.DeleteFunc(p.s.memory.gone, func(_ string, at time.Time) bool { return time.Since(at) > p.s.cfg.Limits.Metadata })
	for _, name := range names {
		t, ok := p.s.memory.topics[name]
		switch {
		case ok:
			reads = append(reads, t.unanswered())
		case failed != nil:
			reads = append(reads, lag.TopicRead{Name: name, Err: codeOf(failed)})
		}
	}
	return reads, needs
}

// knows reports whether metadata of the topic need not be asked for: it is known well and nobody doubts it, or it was
// found missing lately and nobody commits to it. Groups may subscribe for ever to a topic that nobody created.
func (m *memory) knows(name string, n need) bool {
	t, ok := m.topics[name]
	_, gone := m.gone[name]
	return gone && !n.committed || ok && !n.doubted && !hasMoved(t.read.Err)
}

// unanswered is the topic with no offset known but the log starts.
func (t *topic) unanswered() lag.TopicRead {
	read := t.read
	read.Partitions = slices.Clone(read.Partitions)
	for i := range read.Partitions {
		p := &read.Partitions[i]
		p.End, p.Stable, p.At, p.Err = 0, 0, 0, lag.OK
		p.Known &= lag.KnownStart
		if p.Leader < 0 {
			p.Err = lag.LeaderNotAvailable
		}
	}
	return read
}

// store remembers what was read of the topics.
func (p *poll) store(reads []lag.TopicRead) {
	for _, r := range reads {
		if t, ok := p.s.memory.topics[r.Name]; ok {
			t.read = r
		}
	}
}
