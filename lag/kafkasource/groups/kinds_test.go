package groups

import (
	"reflect"
	"slices"
	"testing"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/lagscaler/lagscaler/lag"
)

func TestShareCommit(t *testing.T) {
	for name, c := range map[string]struct {
		says    kmsg.DescribeShareGroupOffsetsResponseGroupTopicPartition
		version int16
		known   lag.Known
		lag     int64
		err     lag.ErrorCode
	}{
		"its lag":          {kmsg.DescribeShareGroupOffsetsResponseGroupTopicPartition{StartOffset: 5, Lag: 7}, 1, lag.KnownLag, 7, lag.OK},
		"no lag":           {kmsg.DescribeShareGroupOffsetsResponseGroupTopicPartition{StartOffset: 5, Lag: 0}, 1, lag.KnownLag, 0, lag.OK},
		"does not know":    {kmsg.DescribeShareGroupOffsetsResponseGroupTopicPartition{StartOffset: 5, Lag: -1}, 1, 0, 0, lag.UnsupportedVersion},
		"before Kafka 4.2": {kmsg.DescribeShareGroupOffsetsResponseGroupTopicPartition{StartOffset: 5}, 0, 0, 0, lag.UnsupportedVersion},
		"not started":      {kmsg.DescribeShareGroupOffsetsResponseGroupTopicPartition{StartOffset: -1, Lag: -1}, 1, 0, 0, lag.OK},
		"denied":           {kmsg.DescribeShareGroupOffsetsResponseGroupTopicPartition{ErrorCode: 29}, 1, 0, 0, lag.TopicDenied},
	} {
		got := shareCommit(c.says, c.version)
		if got.Known != c.known || got.Lag != c.lag || got.Err != c.err {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestStreamsTasks(t *testing.T) {
	by, all := sourceTopics(&kmsg.StreamsGroupDescribeResponseGroupTopology{
		Subtopologies: []kmsg.StreamsGroupDescribeResponseGroupTopologySubtopology{
			{SubtopologyID: "0", SourceTopics: []string{"orders", "customers"}},
			{SubtopologyID: "1", SourceTopics: []string{"orders"}, RepartitionSourceTopics: []kmsg.TopicInfo{{Topic: "by-region"}}},
		},
	})
	if !slices.Equal(all, []string{"by-region", "customers", "orders"}) {
		t.Errorf("topics %q", all)
	}
	assigned := tasks([]kmsg.TaskIDs{
		{SubtopologyID: "0", Partitions: []int32{2, 0}}, {SubtopologyID: "1", Partitions: []int32{1}}, {SubtopologyID: "?", Partitions: []int32{9}},
	}, by)
	want := []lag.TopicPartitions{
		{Topic: "by-region", Partitions: []int32{1}},
		{Topic: "customers", Partitions: []int32{0, 2}},
		{Topic: "orders", Partitions: []int32{0, 1, 2}},
	}
	if got := named(assigned, nil); !reflect.DeepEqual(got, want) {
		t.Errorf("assigned %+v, want %+v", got, want)
	}
	if by, all := sourceTopics(nil); by != nil || all != nil {
		t.Error("a group without a topology has topics")
	}
}

func TestAssignmentsByTopicID(t *testing.T) {
	id := [16]byte{1}
	got := named([]topicPartitions{
		{id: id, partitions: []int32{1, 0}},                        // kfake: the id alone
		{id: [16]byte{2}, partitions: []int32{5}},                  // of a topic that is gone
		{id: [16]byte{3}, name: "by-name", partitions: []int32{4}}, // Kafka: both
	}, map[[16]byte]string{id: "orders"})
	want := []lag.TopicPartitions{{Topic: "by-name", Partitions: []int32{4}}, {Topic: "orders", Partitions: []int32{0, 1}}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}
