// Package asleep says which records wake a target that has zero replicas, and who set the replicas to zero. To wake a target is
// to start its first replicas.
//
// The problem: at zero replicas there are no new commits, and some partitions have no commit at all: the group never ran, its
// commits expired, or the partition is new. The lag there is unknown, and unknown is not zero. So lagscaler reads the log
// ends of every topic that the scaler names or for which the group has had commits:
//
//	partition                                         offsetReset   records that wake
//	has a commit                                      any           those beyond it; offsets that are known to be markers or aborted records do not count
//	has no commit                                     latest        those that arrived since the target went to zero
//	never had a commit                                earliest      those that are retained
//	commit expired, after everything was read         earliest      those that arrived since; a warning says what will be read again
//	has no commit                                     not set       as earliest: in doubt the target wakes
//	cannot be read                                    any           unknown: the target does not wake, and the verdict says so
//
// The target wakes if there are more than activationLag of these records. To count the arrivals in partitions without a commit,
// a [Mark] has, for one topic, the sum of their log ends at the moment at which the target went to zero. A sum is one number
// for a topic of any size. It is saved (in the status of the KafkaScaler, or in saved memory) before lagscaler writes 0, so a
// restart or a new leader does not lose it. A Mark belongs to one topic id: if the topic was created anew, all of its records
// are arrivals. When the sum of the ends falls, the Mark is lowered, too. There are two reasons for a lower sum: a log was
// truncated, or a partition has a commit now. Where brokers have no topic ids, a topic that was created anew is a third one
// (mayBeAnew in mark.go): in doubt its records wake.
//
// These situations look the same. The last column says what distinguishes them:
//
//	situation                                         another one that looks the same           distinguished by
//	latest: old records that no consumer will read    earliest: its first consumer reads them   offsetReset
//	lagscaler set 0, and then the leader died         another client set 0                      the intent that was saved before the write
//	KEDA set 0 before lagscaler took over             another client set 0                      another autoscaler that controls the target, or no size above 0 was seen
//	the group read everything, its commits expired    the group never ran                       Mark.Read
//	latest: the consumer skips the waking record      the consumer read this record             a commit in the same partition, see woken.go
//
// Because of the last row, a target with offsetReset latest that was woken for a partition without a commit keeps a replica
// until the group has a commit in this partition. The consumer begins at the end, skips the record and commits nothing. Otherwise the
// target would go to zero and be woken again, without end.
//
// [State.Next] is a pure function: it takes one [Look], and returns the next State and what waits for each source.
package asleep
