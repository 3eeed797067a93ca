// Package rebalancemon detects the rebalances of consumer groups through the admin API: how many there are, how long they
// take, why they happen and how they end; and how stable the members of a group are.
//
// Kafka has no API that returns rebalances, and a client reports only its own part in them. But two things that any client may
// read show a rebalance: the state of the group, and its generation or epoch. The package combines them:
//
//	stream                        interval  shows                            misses
//	[lag.Sample], group states    1 s       starts, durations, outcomes      rebalances between two samples
//	[lag.Snapshot], whole polls   10 s      generations, epochs, members:    the time of a rebalance between
//	                                        how many there were, and why     two polls
//
// For example, the last poll showed a classic group with generation 7. The samples show PreparingRebalance from 12:00:04 to
// 12:00:07 and Stable afterwards; the poll at 12:00:10 shows generation 9 and one more member. Two rebalances are counted: the
// one of 3 s that the samples show, and one that was too short for them. Their cause is member_joined, or scaling if the
// replicas of the target were changed within the 2 minutes before.
//
// The rule for all conclusions: unknown rather than wrong. A cause that is not certain is unknown, an end that was not seen
// has the outcome unknown, and counts are a lower bound: a rebalance that no sample saw and that changed no known
// generation or epoch is not counted. A cause can still be wrong: if the session timeout is below two poll intervals, a member that
// was killed may be reported as member_left (docs/rebalances.md). docs/accuracy.md lists the wrong causes of a measured run.
//
// An episode is a period in which a group was seen to rebalance. Every poll decides with the generation or epoch how many
// rebalances the episodes since the last poll contain:
//
//	group states --observeState--> episodes --+
//	                                          +-- countRebalances, at a poll --> Events, Stats
//	polls --membership.next--> changes -------+
//
//	When did it begin and end?        episode.go; monitor.go: maxGap, forget
//	How many were there?              generations.go, poll.go
//	Where do the counters grow?       rebalance_stats.go: add
//	Why?                              cause.go, hints.go, departure.go
//	Who are the members?              membership.go, member_stats.go
//	What is published?                event.go, events.go, stats.go, rebalance_stats.go
//	What would help?                  advice.go
//
// The package has about 2,000 lines. It is not divided, because all files work on the record of one group (group.go), and
// because a count is correct only if episodes, generations and members agree. The package does no I/O and reads no clock.
package rebalancemon
