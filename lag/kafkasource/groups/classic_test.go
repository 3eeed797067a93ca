package groups

import (
	"reflect"
	"slices"
	"testing"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/lagscaler/lagscaler/lag"
)

func TestGeneration(t *testing.T) {
	for _, c := range []struct {
		says []int32
		want int32
	}{
		{nil, lag.NoGeneration},
		{[]int32{-1, -1}, lag.NoGeneration},
		{[]int32{4, 4, 4}, 5},
		{[]int32{4, -1, 3}, 5},
		{[]int32{0}, 1},
		{[]int32{1<<31 - 1}, lag.NoGeneration},
	} {
		members := make([]lag.Member, len(c.says))
		for i, g := range c.says {
			members[i].Generation = g
		}
		if got := generation(members); got != c.want {
			t.Errorf("generation(%v) = %d, want %d", c.says, got, c.want)
		}
	}
}

func TestSubscription(t *testing.T) {
	for _, c := range []struct {
		version    int16
		generation int32
	}{
		{0, lag.NoGeneration},
		{1, lag.NoGeneration},
		{2, 41},
		{3, 41},
	} {
		meta := kmsg.ConsumerMemberMetadata{Version: c.version, Topics: []string{"b", "a", "b"}, Generation: 41}
		m := lag.Member{Generation: lag.NoGeneration}
		decodeSubscription(&m, meta.AppendTo(nil))
		if m.Generation != c.generation || !slices.Equal(m.Topics, []string{"a", "b"}) {
			t.Errorf("v%d: %+v", c.version, m)
		}
	}
}

func TestNormalize(t *testing.T) {
	got := normalize([]lag.TopicPartitions{
		{Topic: "b", Partitions: []int32{2, 0}},
		{Topic: "a", Partitions: nil},
		{Topic: "b", Partitions: []int32{1, 2}},
		{Topic: "c", Partitions: []int32{-1, 4}},
	})
	want := []lag.TopicPartitions{{Topic: "b", Partitions: []int32{0, 1, 2}}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestClassicMembersOfOtherProtocols(t *testing.T) {
	members := classicMembers(&kmsg.DescribeGroupsResponseGroup{
		ProtocolType: "connect",
		Members: []kmsg.DescribeGroupsResponseGroupMember{
			{MemberID: "2", ClientHost: "/10.0.0.2", ProtocolMetadata: []byte("\x00\x01http://10.0.0.2:8083/")},
			{MemberID: "1", ClientHost: "/10.0.0.1", ProtocolMetadata: []byte{0xff}, MemberAssignment: []byte{1, 2, 3}},
		},
	})
	if len(members) != 2 || members[0].ID != "1" || members[0].Host != "10.0.0.1" || members[0].Topics != nil || members[0].Assigned != nil {
		t.Errorf("members %+v", members)
	}
}

func FuzzSubscription(f *testing.F) {
	for version := range int16(4) {
		meta := kmsg.ConsumerMemberMetadata{Version: version, Topics: []string{"t"}, Generation: 3, Rack: kmsg.StringPtr("r")}
		f.Add(meta.AppendTo(nil))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		m := lag.Member{Generation: lag.NoGeneration}
		decodeSubscription(&m, raw)
		if !slices.IsSorted(m.Topics) {
			t.Fatalf("topics %q are not sorted", m.Topics)
		}
	})
}

func FuzzAssignment(f *testing.F) {
	a := kmsg.ConsumerMemberAssignment{Topics: []kmsg.ConsumerMemberAssignmentTopic{{Topic: "t", Partitions: []int32{3, 1}}}}
	f.Add(a.AppendTo(nil))
	f.Fuzz(func(t *testing.T, raw []byte) {
		var m lag.Member
		decodeAssignment(&m, raw)
		for _, a := range m.Assigned {
			if len(a.Partitions) == 0 || a.Partitions[0] < 0 || !slices.IsSorted(a.Partitions) {
				t.Fatalf("partitions %v", a.Partitions)
			}
		}
	})
}
