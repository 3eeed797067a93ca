package groups

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/lagscaler/lagscaler/lag"
)

// streamsMemberOf is a member of a classic group of Kafka Streams, whose tasks ("0_1": subtopology 0, partition 1) are given for
// its partitions in their order.
func streamsMemberOf(tasks string, topics ...kmsg.ConsumerMemberAssignmentTopic) kmsg.DescribeGroupsResponseGroupMember {
	all := strings.Fields(tasks)
	raw := []byte{0, 0, 0, 11, 0, 0, 0, 11, 0, 0, 0, byte(len(all))}
	for _, id := range all {
		raw = append(raw, 0, 0, 0, id[0]-'0', 0, 0, 0, id[2]-'0', 0, 0, 0, 0)
	}
	a := kmsg.ConsumerMemberAssignment{Topics: topics, UserData: raw}
	return kmsg.DescribeGroupsResponseGroupMember{MemberAssignment: a.AppendTo(nil)}
}

func of(topic string, partitions ...int32) kmsg.ConsumerMemberAssignmentTopic {
	return kmsg.ConsumerMemberAssignmentTopic{Topic: topic, Partitions: partitions}
}

// A join and two subtopologies have the same partitions and the same owners: the tasks alone tell them apart.
func TestAssignedSubtopologies(t *testing.T) {
	join := []lag.Subtopology{{ID: "0", Topics: []string{"left", "right"}}}
	apart := []lag.Subtopology{{ID: "0", Topics: []string{"left"}}, {ID: "1", Topics: []string{"right"}}}
	type members = []kmsg.DescribeGroupsResponseGroupMember
	for name, c := range map[string]struct {
		members members
		want    []lag.Subtopology
	}{
		"a join": {members{
			streamsMemberOf("0_0 0_2 0_0 0_2", of("right", 2, 0), of("left", 0, 2)),
			streamsMemberOf("0_1 0_1", of("left", 1), of("right", 1)),
		}, join},
		"two subtopologies": {members{
			streamsMemberOf("0_0 0_2 1_0 1_2", of("right", 2, 0), of("left", 0, 2)),
			streamsMemberOf("0_1 1_1", of("left", 1), of("right", 1)),
		}, apart},
		"a member that has nothing": {members{
			streamsMemberOf("0_0 0_0", of("left", 0), of("right", 0)), streamsMemberOf(""), {},
		}, join},
		"tasks without partitions": {members{
			streamsMemberOf("0_0 0_0", of("left", 0)),
		}, []lag.Subtopology{}},
		"a task of another partition": {members{
			streamsMemberOf("0_1 0_0", of("left", 0), of("right", 0)),
		}, []lag.Subtopology{}},
		"members that do not agree": {members{
			streamsMemberOf("0_0 0_0", of("left", 0), of("right", 0)),
			streamsMemberOf("0_1 1_1", of("left", 1), of("right", 1)),
		}, []lag.Subtopology{{ID: "0", Topics: []string{"left"}}}},
		"garbage": {members{{MemberAssignment: []byte{0, 1, 0x7f, 0xff, 0xff, 0xff}}}, []lag.Subtopology{}},
	} {
		if got := assignedSubtopologies(c.members); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}

func TestTooManyTasks(t *testing.T) {
	topics, partitions := make([]string, 2000), make([]int32, 2000)
	sources := map[string][]string{"0": topics}
	m := kmsg.StreamsGroupDescribeResponseGroupMember{Assignment: kmsg.StreamsAssignment{
		ActiveTasks: []kmsg.TaskIDs{{SubtopologyID: "0", Partitions: partitions[:100]}},
	}}
	if tooManyTasks([]kmsg.StreamsGroupDescribeResponseGroupMember{m}, sources) {
		t.Error("100 partitions of 2,000 topics are too many")
	}
	m.Assignment.ActiveTasks[0].Partitions = partitions
	if !tooManyTasks([]kmsg.StreamsGroupDescribeResponseGroupMember{m}, sources) {
		t.Error("2,000 partitions of 2,000 topics, which 20 KB can claim, are not too many")
	}
}

func FuzzAssignedSubtopologies(f *testing.F) {
	f.Add(streamsMemberOf("0_0 0_0", of("left", 0), of("right", 0)).MemberAssignment)
	f.Fuzz(func(t *testing.T, raw []byte) {
		for _, s := range assignedSubtopologies([]kmsg.DescribeGroupsResponseGroupMember{{MemberAssignment: raw}}) {
			if len(s.Topics) == 0 || !slices.IsSorted(s.Topics) {
				t.Fatalf("subtopology %+v", s)
			}
		}
	})
}
