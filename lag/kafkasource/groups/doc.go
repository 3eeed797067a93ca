// Package groups reads consumer groups from their coordinators: state, members, assignments and committed offsets.
//
// The problem: every group is at its coordinator, a broker that may change at any time, and while it changes brokers
// give answers that are wrong without an error. A group that disappears for a moment must not read as deleted, and
// commits that disappear must not read as no lag.
//
// The rule: the broker that lists a group is its coordinator and is asked about it, in batches of 500. An answer that
// takes back what an earlier poll has read is not believed for 30 s.
//
//	step                  file              requests to each broker
//	list                  list.go           1 ListGroups
//	describe              describe.go       1 for 500 groups of a type that are not Empty; classic.go, consumer.go, share.go, streams.go
//	fetch commits         commits.go        1 OffsetFetch for 500 groups; share.go for share groups
//	coordinator moved     coordinator.go    only when something moved: 1 FindCoordinator to one broker, then as above
//
// What happens when a coordinator moves is all in coordinator.go: its first comment has the table of cases.
//
// For example, 10,000 classic groups with members on three brokers take 1 + 7 + 7 requests to each broker: 3,334 groups
// are 7 batches, described and fetched.
package groups
