// Package kafkasource reads group states and offsets from Kafka brokers in as few requests as the protocol allows.
//
// The problem: asking about 10,000 groups one by one takes 20,000 requests, and the first answer is old when the last
// one comes. Lag is the difference of two offsets: if they are read at different times, the lag is wrong.
//
// The rule: requests go to brokers, not to groups or partitions, in batches as large as the protocol allows. Committed
// offsets are read before end offsets. If a broker fails, only its part of the answer is unknown, and the reason is
// reported. Nothing is written to Kafka, no group is joined, no topic is created.
//
// # Requests of a poll
//
// Observe sends to each broker:
//
//	ListGroups                        1
//	DescribeGroups or its equivalent  1 for every 500 groups of one type (classic, consumer, share, streams) that it
//	                                  coordinates, not counting those that are Empty
//	OffsetFetch                       1 for every 500 groups that it coordinates; before Kafka 3.0 one for each group,
//	                                  up to 8 of them at once
//	DescribeConfigs                   1 an hour, if it coordinates share groups: how many members it admits to one; and 1 an hour to one broker: how long commits are kept
//	DescribeShareGroupOffsets         1 for every 500 share groups, instead of OffsetFetch
//	ListOffsets, log ends             1 for every 10,000 partitions that it leads
//	ListOffsets, last stable offsets  1 for every 10,000 partitions that it leads and that are read by read-committed groups
//	ListOffsets, log starts           1 for every 10,000 partitions that it leads; in every 6th poll
//	Fetch, headers of batches         1 for each partition in doubt, once, at most 100 a poll; none unless Config.Headers selects topics
//
// and to one broker of the cluster:
//
//	Metadata                          1 for every 5,000 topics, every 30 s; earlier when a leader moved or a topic is new
//	Metadata of all topics            1 every 30 s, while a KafkaScaler has a topicPattern
//	FindCoordinator                   1 for every 500 groups that no broker lists or whose coordinator moved
//	Metadata of missing topics        1 to a second broker, for topics that the first one does not know
//	DescribeConfigs                   1 in the first poll that finds a topic of a group with a target
//
// Each connection begins with one Metadata request for the id of the cluster; it is not counted. In one of the first polls, each
// leader of topics of groups with a target gets two more ListOffsets requests: see topics/past.go. Every five minutes,
// leaders of topics of scalers that save what they learn get one more: see topics/compare.go.
//
// Sample sends one ListGroups to each broker; the daemon samples every second.
//
// For example, G classic groups with members and P partitions, spread evenly over B brokers, take
//
//	B x (1 + 2 x ceil(G/B/500) + ceil(P/B/10,000)) requests a poll
//
// without the log starts of every 6th poll, and without the Metadata requests of every 30 s:
//
//	brokers   groups   partitions   requests
//	3         30       3            3 x (1 + 2 + 1) = 12
//	3         1,800    3            3 x (1 + 4 + 1) = 18
//	3         10,000   30,000       3 x (1 + 14 + 1) = 48
//
// TestRequestsOfAPoll, TestOldMetadataIsOneRequest, TestRequestsGrowWithGroups and TestRequestsGrowWithPartitions count these
// requests. The batch sizes
// are fields of [Limits].
//
// # Packages
//
//	kafkasource   Source, in source.go: Observe is a poll, Sample is a sample; Check is for `lagscaler check`
//	tape          records what brokers answer, without names, and plays it to a source
//	groups        who coordinates a group, its state, members and commits. What happens when a coordinator moves: groups/coordinator.go
//	topics        partitions, leaders and offsets. What happens when a leader moves: topics/leaders.go
//	headers       whether records or markers lie behind a commit, where offsets do not tell
//	cluster       the brokers; one poll's requests and errors
//	transport     connections, SASL, TLS, versions; its Do is the only function that sends
//	wire          the two largest messages, OffsetFetch and ListOffsets, as bytes; Fetch, of which only headers are read
//
// Each imports only those below it.
package kafkasource
