// Package cluster knows the brokers of one Kafka cluster, and sends the requests of one poll or sample to them.
//
// The problem: a poll sends some dozens of requests to all brokers at once. If one request fails, only its part of the
// answer may be unknown, and the reason must be reported. If a broker is found to be down, the same poll must not wait for
// it again.
//
// The rule: a [Cluster] outlives polls and holds what the last Metadata answer says about the brokers. A [Round] is one
// poll or one sample: every request goes through it, and it collects what was sent and what failed.
//
//	request                 goes to                                    waits for
//	Round.Send in a poll    one broker                                 one of the broker's 2 slots (Limits.InFlight), or 8 for one group (Single)
//	Round.Send in a sample  one broker                                 nothing: a sample must not wait for a poll
//	Round.SendAny           brokers in turn, then the bootstrap ones   nothing
//
// For example, if one of three brokers is down and the ACL for a thousand groups is missing, the round has two errors: one
// says that broker 2 is Unreachable, the other begins with: 1000 groups, such as "shop".
package cluster
