package wire

import (
	"reflect"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// The responses about share groups (KIP-932) and streams groups (KIP-1071).

func (r *claims) shareGroups() {
	groupsOf[kmsg.ShareGroupDescribeResponseGroup, kmsg.ShareGroupDescribeResponseGroupMember](r, 11, func() {
		r.strings(2) // id, rack
		r.Span(4)    // epoch
		r.strings(2) // client, host
		r.names()    // topics
		r.assignment()
	})
}

func (r *claims) shareOffsets() {
	r.Span(4) // throttle time
	array[kmsg.DescribeShareGroupOffsetsResponseGroup](r, 6, func() {
		r.bytes() // group
		array[kmsg.DescribeShareGroupOffsetsResponseGroupTopic](r, 19, func() {
			r.bytes()  // topic
			r.Span(16) // topic id
			array[kmsg.DescribeShareGroupOffsetsResponseGroupTopicPartition](r, 20, func() {
				r.Span(16) // number, start offset, leader epoch
				r.since(1, 8)
				r.Span(2) // code
				r.bytes() // message
			})
		})
		r.Span(2) // code
		r.bytes() // message
	})
}

func (r *claims) streamsGroups() {
	r.Span(4) // throttle time
	array[kmsg.StreamsGroupDescribeResponseGroup](r, 20, func() {
		r.Span(2)    // code
		r.strings(3) // message, group, state
		r.Span(8)    // epochs
		nullable[kmsg.StreamsGroupDescribeResponseGroupTopology](r, r.topology)
		array[kmsg.StreamsGroupDescribeResponseGroupMember](r, 28, r.streamsMember)
		r.Span(4) // authorized operations
		if r.version >= 1 {
			nullable[kmsg.StreamsGroupDescribeResponseGroupTopologyDescription](r, r.topologyDescription)
			r.Span(1) // its status
			r.bytes() // assignor
		}
	})
}

// nullable walks through a structure that may be null, with its tags.
func nullable[T any](r *claims, structure func()) {
	if r.Int8() == -1 || !r.Ok() {
		return
	}
	r.memory += int(reflect.TypeFor[T]().Size())
	structure()
	r.tags()
}

func (r *claims) topology() {
	r.Span(4) // epoch
	array[kmsg.StreamsGroupDescribeResponseGroupTopologySubtopology](r, 6, func() {
		r.bytes() // id
		r.names() // source topics
		r.names() // repartition sinks
		array[kmsg.TopicInfo](r, 9, r.topicInfo)
		array[kmsg.TopicInfo](r, 9, r.topicInfo)
	})
}

func (r *claims) topicInfo() {
	r.bytes()                                                  // name
	r.Span(6)                                                  // partitions, replication factor
	array[kmsg.TopicInfoConfig](r, 3, func() { r.strings(2) }) // configuration
}

func (r *claims) streamsMember() {
	r.bytes()    // id
	r.Span(4)    // epoch
	r.strings(4) // instance, rack, client, host
	r.Span(4)    // epoch of the topology
	r.bytes()    // process
	nullable[kmsg.StreamsGroupDescribeResponseGroupMemberUserEndpoint](r, func() {
		r.bytes() // host
		r.Span(2) // port
	})
	array[kmsg.StreamsGroupDescribeResponseGroupMemberClientTag](r, 3, func() { r.strings(2) }) // client tags
	for range 2 {                                                                               // offsets and end offsets of tasks
		array[kmsg.TaskOffset](r, 14, func() {
			r.bytes()  // subtopology
			r.Span(12) // partition, offset
		})
	}
	for range 2 { // assignment and target
		for range 3 { // active, standby and warm-up tasks
			array[kmsg.TaskIDs](r, 3, func() {
				r.bytes() // subtopology
				r.ids()
			})
		}
		r.tags()
	}
	r.Span(1) // of the classic protocol
}

func (r *claims) topologyDescription() {
	array[kmsg.TopologyDescriptionSubtopology](r, 3, func() {
		r.bytes() // subtopology
		array[kmsg.TopologyDescriptionNode](r, 7, r.topologyNode)
	})
	array[kmsg.TopologyDescriptionGlobalStore](r, 15, func() { // global stores
		for range 2 { // source, processor
			r.topologyNode()
			r.tags()
		}
	})
}

func (r *claims) topologyNode() {
	r.bytes() // name
	r.Span(1) // type
	r.names() // source topics
	r.bytes() // sink
	r.names() // stores
	r.names() // successors
}
