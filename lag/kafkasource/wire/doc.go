// Package wire encodes and decodes the two largest messages of a poll, OffsetFetch and ListOffsets. It uses the types of
// package lag directly, without structures in between. All other messages are encoded and decoded by twmb/franz-go's kmsg.
//
// The problem: a cluster with 10,000 groups answers with a million commits. kmsg allocates a structure for each
// partition and a string for each topic of each group; a poll would then mostly allocate and copy.
//
// The rule: a decoder allocates only what its caller keeps, and makes one string for each topic name ([TopicNames]). A
// count in a message is never trusted: a decoder allocates and loops only for as many elements as fit into the bytes of
// the message.
//
//	OffsetFetch   versions 2 to 9    500 groups a request; before version 8, which is Kafka 3.0, one group
//	ListOffsets   versions 2 to 10   10,000 partitions a request, of one leader and one [OffsetKind]
//
// [ActiveTasks] decodes the tasks in an assignment of Kafka Streams, which kmsg does not decode.
//
// kmsg trusts the counts in a message. So [Check] walks through a response before kmsg decodes it, and refuses the response if
// its lengths, counts or tags claim more bytes than it has, or if it would take more than [MostMemory] bytes of memory for each of
// its own. It also drops tagged fields, which nobody reads. [ReadSubscription] and [ReadAssignment] refuse metadata that
// members of classic groups send to each other for the same reasons.
//
// The package has one task: to turn bytes of others into values at a cost that these bytes allow. Our own decoders and the checks before
// kmsg's share one reader and its bounds; each kind of message has a file.
//
// The tests compare every version with kmsg's code, and fuzz the decoders.
package wire
