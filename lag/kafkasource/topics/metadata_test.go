package topics

import (
	"testing"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/lag/kafkasource/transport"
)

func TestLeaderlessInMetadata(t *testing.T) {
	read, err := topicOf(&kmsg.MetadataResponseTopic{Topic: kmsg.StringPtr("orders"), Partitions: []kmsg.MetadataResponseTopicPartition{
		{Partition: 1, Leader: -1, LeaderEpoch: 4, ErrorCode: 5, Replicas: []int32{1, 2, 3}},
		{Partition: 0, Leader: 2, LeaderEpoch: 3, Replicas: []int32{1, 2, 3}, ISR: []int32{2, 3}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	tp := topic{read: read}
	ps := tp.withoutOffsets().Partitions
	if ps[1].Err != lag.LeaderNotAvailable || ps[1].Known != 0 || ps[0].Err != lag.OK || ps[0].InSync != 2 || ps[0].Replicas != 3 {
		t.Errorf("partitions %+v", ps)
	}
	for _, bad := range []int32{-1, 1, 1 << 30} {
		_, err := topicOf(&kmsg.MetadataResponseTopic{Topic: kmsg.StringPtr("t"), Partitions: []kmsg.MetadataResponseTopicPartition{{Partition: bad}}})
		if transport.Code(err) != lag.Garbled {
			t.Errorf("partition %d of 1: %v", bad, err)
		}
	}
}
