package wire

import "github.com/twmb/franz-go/pkg/kmsg"

// The responses that polls do not decode with kmsg, and others do: a recording that is scrubbed has those of ListOffsets and OffsetFetch, and
// lagscaler check asks DescribeCluster.

func (r *claims) listOffsets() {
	r.since(2, 4) // throttle time
	array[kmsg.ListOffsetsResponseTopic](r, minOffsetsTopic, func() {
		r.bytes() // name
		array[kmsg.ListOffsetsResponseTopicPartition](r, 7, func() {
			r.Span(6) // number, code
			if r.version == 0 {
				n := 8 * r.arrayLen(8)
				r.memory += n
				r.Span(n)
			}
			r.since(1, 16) // timestamp, offset
			r.since(4, 4)  // leader epoch
		})
	})
}

func (r *claims) offsetFetch() {
	r.since(3, 4) // throttle time
	if r.version < 8 {
		array[kmsg.OffsetFetchResponseTopic](r, minTopic, func() {
			r.bytes() // name
			array[kmsg.OffsetFetchResponseTopicPartition](r, minPartition, r.commit)
		})
		r.since(2, 2) // code
		return
	}
	array[kmsg.OffsetFetchResponseGroup](r, minGroup, func() {
		r.bytes() // group
		array[kmsg.OffsetFetchResponseGroupTopic](r, minTopic, func() {
			if r.version < 10 {
				r.bytes() // name
			}
			r.since(10, 16) // id
			array[kmsg.OffsetFetchResponseGroupTopicPartition](r, minPartition, r.commit)
		})
		r.Span(2) // code
	})
}

func (r *claims) commit() {
	r.Span(12)    // number, offset
	r.since(5, 4) // leader epoch
	r.bytes()     // metadata
	r.Span(2)     // code
}

func (r *claims) describeCluster() {
	r.Span(6)     // throttle time, code
	r.bytes()     // message
	r.since(1, 1) // kind of the brokers
	r.bytes()     // cluster id
	r.Span(4)     // controller
	array[kmsg.DescribeClusterResponseBroker](r, 11, func() {
		r.Span(4) // id
		r.bytes() // host
		r.Span(4) // port
		r.bytes() // rack
		r.since(2, 1)
	})
	r.Span(4) // authorized operations
}
