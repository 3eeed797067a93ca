// Package kafkasource reads group states and offsets from Kafka brokers in as few requests as the protocol allows:
// O(brokers), not O(groups).
//
//	Sample   ListGroups to every broker                        (state of every group; each second)
//	Observe  ListGroups to every broker: who lists a group coordinates it
//	         per coordinator, batched: DescribeGroups, ConsumerGroupDescribe, … and OffsetFetch
//	         per leader, batched: ListOffsets                  (after every commit is read)
//	         Metadata, now and then and when a leader moved
//
// Nothing is written to Kafka, no group is joined, and no topic is created.
// A broker that fails makes its own part of an answer missing, with a reason, and nothing else.
//
// Connections, authentication and routing are segmentio/kafka-go's transport, reached through its raw exchange
// in the one function (*Source).do; its admin calls are not used, because they lose data silently and cost a
// request per group. Messages are encoded by twmb/franz-go's kmsg, but for the two largest (see wire_*.go).
package kafkasource
