// Package cluster knows the brokers of one Kafka cluster, and sends the requests of one poll or sample to them.
//
// The problem: a poll sends some dozens of requests to all brokers at once. One that fails must make its own part of
// the answer unknown, with the reason, and nothing else; and a broker that was just found down must not be waited for
// once more in the same poll.
//
// The rule: a [Cluster] outlives polls and holds what the last Metadata answer said of the brokers. A [Round] is one
// poll or one sample: every request goes through it, and it collects what was sent and what failed.
//
//	request                 goes to                                    waits for
//	Round.Send in a poll    one broker                                 one of the broker's 2 slots (Limits.InFlight)
//	Round.Send in a sample  one broker                                 nothing: a sample must not wait for a poll
//	Round.SendAny           brokers in turn, then the bootstrap ones   nothing
//
// For example, with a broker of three down and a thousand groups without an ACL, the round has two errors: broker 2
// Unreachable, and one line "1000 groups, such as "shop": …".
package cluster
