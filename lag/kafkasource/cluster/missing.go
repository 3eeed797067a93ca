package cluster

import (
	"context"
	"fmt"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/lag/kafkasource/transport"
)

// OffsetsTopic is the internal topic that stores committed offsets. The leader of each of its partitions is the coordinator
// of the groups in it: those with abs(hash(group)) % partitions = its number.
const OffsetsTopic = "__consumer_offsets"

// offsetsTopic is what the last metadata says of the offsets topic. The zero value is that of a cluster that does not have
// it, or does not let us describe it.
type offsetsTopic struct{ partitions, leaderless int }

// NoteOffsetsTopic takes in metadata of the offsets topic. An error in it changes nothing, unless there is no such topic.
func (c *Cluster) NoteOffsetsTopic(m *kmsg.MetadataResponseTopic) {
	code := lag.ErrorCode(m.ErrorCode)
	if code != lag.OK && !isMissing(code) {
		return
	}
	next := offsetsTopic{partitions: len(m.Partitions)}
	for i := range m.Partitions {
		if m.Partitions[i].Leader < 0 {
			next.leaderless++
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.offsets = next
}

// HasOffsetsTopic reports whether the cluster is known to have the offsets topic.
func (c *Cluster) HasOffsetsTopic() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.offsets.partitions > 0
}

// FailLeaderless notes an error while partitions of the offsets topic have no leader: no broker lists the groups in them, so
// the list of groups is not complete, and none of them is gone.
func (r *Round) FailLeaderless() {
	r.Cluster.mu.Lock()
	o := r.Cluster.offsets
	r.Cluster.mu.Unlock()
	if o.leaderless > 0 {
		r.Fail(lag.StageList, transport.AnyBroker, transport.WithCode(lag.NoCoordinator, fmt.Errorf(
			"%d of %d partitions of %s have no leader: no broker lists the groups in them", o.leaderless, o.partitions, OffsetsTopic)))
	}
}

func isMissing(code lag.ErrorCode) bool { return code == lag.UnknownTopic || code == UnknownTopicID }

// voices is how many brokers must say that a topic does not exist, if there are so many.
const voices = 2

// Short are topics that have fewer partitions than groups commit to, and why it is not known whether there are more. OK: a second
// broker knows no more, or the cluster has only one; then the topic was made anew with fewer.
type Short map[string]lag.ErrorCode

// confirmMissing asks a second broker for the topics that the first one does not know, or of which it does not know the last
// partitions, and puts its answers in place. A broker that has just started, or that the controller cut off, may not know
// topics and partitions that exist. If nobody else answers, the topic gets the error of that.
//
//	first broker   second broker              the topic
//	not there      not there                  is not there
//	not there      there                      is there
//	not there      does not answer            is unknown: BROKER_UNREACHABLE
//	not there      the cluster has only one   is not there
//
// The same holds for the last partitions of a topic, in which a group has commits.
func (r *Round) confirmMissing(ctx context.Context, topics []kmsg.MetadataResponseTopic, first int32, have map[string]int32, short Short) {
	defer func() { // of one broker there is no second
		for _, t := range shortOf(topics, have) {
			if _, told := short[*t.Topic]; !told {
				short[*t.Topic] = lag.OK
			}
		}
	}()
	var asked []int32
	if first >= 0 {
		asked = append(asked, first)
	}
	for brokers := len(r.Cluster.knownBrokers()); len(asked) < min(voices, brokers); {
		lacking := shortOf(topics, have)
		doubtful := append(missingOf(topics, r.Cluster.HasOffsetsTopic()), lacking...)
		if len(doubtful) == 0 {
			return
		}
		req := kmsg.NewPtrMetadataRequest()
		req.Topics, req.AllowAutoTopicCreation = doubtful, false
		resp, from, err := r.ask(ctx, req, append(asked, transport.AnyBroker))
		m, err := transport.AsResponse[*kmsg.MetadataResponse](resp, err)
		if err != nil {
			r.Fail(lag.StageMetadata, transport.AnyBroker, fmt.Errorf("asking a second broker for %d topics that one does not know, or not wholly: %w", len(doubtful), err))
			setCode(topics, transport.Code(err))
			for _, t := range lacking {
				short[*t.Topic] = transport.Code(err)
			}
			return
		}
		asked = append(asked, from)
		for i := range m.Topics {
			if code := lag.ErrorCode(m.Topics[i].ErrorCode); !isMissing(code) {
				replaceMissing(topics, &m.Topics[i])
			}
			replaceShort(topics, &m.Topics[i], have, short)
		}
	}
}

// missingOf are the topics of an answer that do not exist, as they were asked for. The offsets topic is among them only if
// it has been seen: a cluster without groups does not have one.
func missingOf(topics []kmsg.MetadataResponseTopic, offsets bool) []kmsg.MetadataRequestTopic {
	var missing []kmsg.MetadataRequestTopic
	for i := range topics {
		t := &topics[i]
		if !isMissing(lag.ErrorCode(t.ErrorCode)) || !offsets && t.Topic != nil && *t.Topic == OffsetsTopic {
			continue
		}
		ask := kmsg.NewMetadataRequestTopic()
		if ask.Topic = t.Topic; t.Topic == nil {
			ask.TopicID = t.TopicID
		}
		missing = append(missing, ask)
	}
	return missing
}

// shortOf are the topics that have fewer partitions than it is known that they have, as they were asked for.
func shortOf(topics []kmsg.MetadataResponseTopic, have map[string]int32) []kmsg.MetadataRequestTopic {
	var short []kmsg.MetadataRequestTopic
	for i := range topics {
		if t := &topics[i]; isShort(t, have) {
			ask := kmsg.NewMetadataRequestTopic()
			ask.Topic = t.Topic
			short = append(short, ask)
		}
	}
	return short
}

func isShort(t *kmsg.MetadataResponseTopic, have map[string]int32) bool {
	return t.Topic != nil && lag.ErrorCode(t.ErrorCode) == lag.OK && int64(len(t.Partitions)) < int64(have[*t.Topic])
}

// replaceShort takes what a second broker says of a topic whose last partitions the first one does not know.
func replaceShort(topics []kmsg.MetadataResponseTopic, by *kmsg.MetadataResponseTopic, have map[string]int32, short Short) {
	for i := range topics {
		t := &topics[i]
		if by.Topic == nil || !isShort(t, have) || *t.Topic != *by.Topic {
			continue
		}
		code := lag.ErrorCode(by.ErrorCode)
		if code == lag.OK && len(by.Partitions) > len(t.Partitions) {
			*t = *by
		}
		if short[*t.Topic] = code; !isShort(t, have) {
			delete(short, *t.Topic)
		}
	}
}

func replaceMissing(topics []kmsg.MetadataResponseTopic, by *kmsg.MetadataResponseTopic) {
	for i := range topics {
		t := &topics[i]
		same := t.Topic != nil && by.Topic != nil && *t.Topic == *by.Topic || t.Topic == nil && t.TopicID == by.TopicID
		if same && isMissing(lag.ErrorCode(t.ErrorCode)) {
			*t = *by
		}
	}
}

func setCode(topics []kmsg.MetadataResponseTopic, code lag.ErrorCode) {
	for i := range topics {
		if isMissing(lag.ErrorCode(topics[i].ErrorCode)) {
			topics[i].ErrorCode = int16(code)
		}
	}
}
