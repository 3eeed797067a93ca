// Package groups reads consumer groups from their coordinators: state, members, assignments and committed offsets.
//
// The problem: only one broker, the coordinator, knows a group. The coordinator may change at any time, and during the
// change the brokers give answers that are wrong, without an error. If a group disappears for a moment, it must not be
// reported as deleted. If commits disappear, the lag must not be reported as zero.
//
// The rule: the broker that lists a group is its coordinator and is asked about it, in batches of 500. If an answer does
// not contain a group or a commit that an earlier poll has read, it is accepted only after 30 s, and only if a coordinator
// that is up gives it. A group whose coordinator is not available stays, unknown, for as long as that lasts.
//
//	step                  file              requests to each broker
//	list                  list.go           1 ListGroups
//	describe              describe.go       1 for 500 groups of a type that are not Empty; classic.go, consumer.go, share.go, streams.go
//	subtopologies         streams.go        none: read from the assignments of Kafka Streams members, or from the description (KIP-1071)
//	fetch commits         commits.go        1 OffsetFetch for 500 groups; share.go for share groups
//	limit of share groups sharelimit.go     1 DescribeConfigs an hour, if it coordinates share groups
//	coordinator moved     coordinator.go    only when something moved: 1 FindCoordinator to one broker, then as above
//
// Everything about a coordinator that moves is in coordinator.go: its first comment has a table of the cases.
//
// The package has many files, but one task: to read everything about a group from its coordinator. Each kind of group has a file,
// and all of them are batched, matched and followed to a new coordinator by the same code.
//
// For example, 10,000 classic groups with members on three brokers take 1 + 7 + 7 requests to each broker: 3,334 groups
// are 7 batches, described and fetched.
package groups
