package lagtest

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/pkg/kversion"
)

// Kafka makes a Subject from a source and the brokers it reads, embedded or real.
func Kafka(t *testing.T, s Source, brokers []string, options ...kgo.Opt) Subject {
	t.Helper()
	options = append([]kgo.Opt{
		kgo.SeedBrokers(brokers...), kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.MetadataMinAge(50 * time.Millisecond),
		kgo.UnknownTopicRetries(-1), // a new topic takes a moment to be known to every broker
	}, options...)
	// Newer brokers take commits by topic id; with the versions of 3.9, commits have the topic name.
	client, err := kgo.NewClient(append(options, kgo.MaxVersions(kversion.V3_9_0()))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	k := &kafka{t: t, client: client, options: options}
	return Subject{
		Source: s, Create: k.create, Delete: k.remove, Append: k.append, Trim: k.trim, Commit: k.commit, Join: k.join,
	}
}

// kafka changes a cluster through franz-go, which shares only the message codec with the source.
type kafka struct {
	t       *testing.T
	client  *kgo.Client
	options []kgo.Opt
}

// retry repeats a request that a cluster refuses for a moment: a topic has no leaders yet, a coordinator loads.
func (k *kafka) retry(what string, do func(context.Context) error) {
	k.t.Helper()
	ctx, cancel := context.WithTimeout(k.t.Context(), patience)
	defer cancel()
	for {
		err := do(ctx)
		if err == nil {
			return
		}
		select {
		case <-ctx.Done():
			k.t.Fatalf("%s: %v", what, err)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func (k *kafka) create(topic string, partitions int) {
	k.t.Helper()
	k.retry("creating "+topic, func(ctx context.Context) error {
		req := kmsg.NewPtrCreateTopicsRequest()
		rt := kmsg.NewCreateTopicsRequestTopic()
		rt.Topic, rt.NumPartitions, rt.ReplicationFactor = topic, int32(partitions), -1
		req.Topics = append(req.Topics, rt)
		resp, err := req.RequestWith(ctx, k.client)
		if err != nil {
			return err
		}
		return kerr.ErrorForCode(resp.Topics[0].ErrorCode)
	})
}

func (k *kafka) remove(topic string) {
	k.t.Helper()
	k.client.PurgeTopicsFromClient(topic) // or it would produce to the old topic's id when there is a new one
	k.retry("deleting "+topic, func(ctx context.Context) error {
		req := kmsg.NewPtrDeleteTopicsRequest()
		rt := kmsg.NewDeleteTopicsRequestTopic()
		rt.Topic = &topic
		req.Topics, req.TopicNames = append(req.Topics, rt), append(req.TopicNames, topic)
		resp, err := req.RequestWith(ctx, k.client)
		if err != nil {
			return err
		}
		return kerr.ErrorForCode(resp.Topics[0].ErrorCode)
	})
}

func (k *kafka) append(topic string, partition int32, records int64) {
	k.t.Helper()
	batch := make([]*kgo.Record, records)
	for i := range batch {
		batch[i] = &kgo.Record{Topic: topic, Partition: partition, Value: []byte("x")}
	}
	if err := k.client.ProduceSync(k.t.Context(), batch...).FirstErr(); err != nil {
		k.t.Fatalf("producing to %s/%d: %v", topic, partition, err)
	}
}

func (k *kafka) trim(topic string, partition int32, start int64) {
	k.t.Helper()
	k.retry("trimming "+topic, func(ctx context.Context) error {
		req := kmsg.NewPtrDeleteRecordsRequest()
		rt := kmsg.NewDeleteRecordsRequestTopic()
		rt.Topic = topic
		rp := kmsg.NewDeleteRecordsRequestTopicPartition()
		rp.Partition, rp.Offset = partition, start
		rt.Partitions = append(rt.Partitions, rp)
		req.Topics = append(req.Topics, rt)
		for _, shard := range k.client.RequestSharded(ctx, req) {
			if shard.Err != nil {
				return shard.Err
			}
			if resp, ok := shard.Resp.(*kmsg.DeleteRecordsResponse); ok && len(resp.Topics) > 0 {
				return kerr.ErrorForCode(resp.Topics[0].Partitions[0].ErrorCode)
			}
		}
		return fmt.Errorf("no answer")
	})
}

func (k *kafka) commit(group, topic string, partition int32, offset int64) {
	k.t.Helper()
	k.retry("committing for "+group, func(ctx context.Context) error {
		req := kmsg.NewPtrOffsetCommitRequest()
		req.Group, req.Generation = group, -1
		rt := kmsg.NewOffsetCommitRequestTopic()
		rt.Topic = topic
		rp := kmsg.NewOffsetCommitRequestTopicPartition()
		rp.Partition, rp.Offset = partition, offset
		rt.Partitions = append(rt.Partitions, rp)
		req.Topics = append(req.Topics, rt)
		resp, err := req.RequestWith(ctx, k.client)
		if err != nil {
			return err
		}
		return kerr.ErrorForCode(resp.Topics[0].Partitions[0].ErrorCode)
	})
}

// join runs a consumer whose partitions are paused, so that it fetches nothing and commits nothing that matters.
func (k *kafka) join(group string, topics ...string) (leave func()) {
	k.t.Helper()
	client, err := kgo.NewClient(append([]kgo.Opt{
		kgo.ConsumerGroup(group), kgo.ConsumeTopics(topics...), kgo.DisableAutoCommit(), kgo.ClientID("lagtest"),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
	}, k.options...)...)
	if err != nil {
		k.t.Fatal(err)
	}
	client.PauseFetchTopics(topics...)
	leave = sync.OnceFunc(client.Close)
	k.t.Cleanup(leave)
	return leave
}
