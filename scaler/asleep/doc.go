// Package asleep says what wakes a target that has no replica, and why it has none.
//
// The problem: at zero replicas nobody commits. A group that never ran has no commit, the commits of one that slept for long
// expire, and a new partition has none. There the lag is unknown, and unknown is not zero. So the end of every topic counts
// that the scaler or the group's history names:
//
//	what is there                                     offsetReset   what wakes
//	a commit                                          any           records beyond it, without a rest that is known as read
//	no commit                                         latest        arrivals since the target went to zero
//	no commit, and there never was one                earliest      the records that are retained
//	no commit; all was read before commits expired    earliest      arrivals since; a warning says what will be read again
//	no commit                                         not set       as earliest: in doubt it wakes
//	it cannot be read                                 any           unknown: nothing, and the verdict says so
//
// More than activationLag of them wake. The number of arrivals in partitions without a commit comes from a [Mark]: the sum of
// their ends at the moment at which the target went to zero. A sum is one number for a topic of any size, and is saved
// (KafkaScaler status, or saved memory) before the write of 0, so that neither a restart nor another leader loses it. It
// belongs to a topic's id: in a topic that was made anew, all records are arrivals. It is lowered whenever the sum falls,
// because ends fall only when a log was truncated, or when a partition has a commit now.
//
// Two worlds that look the same, and what tells them apart:
//
//	a latest group with old records that nobody will read   a never-run earliest group with the same: offsetReset
//	zero by the scaler, and the leader died                 zero by hand: the intent that was saved before the write
//	zero by KEDA before the cut-over                        zero by hand: an owner, or no size above 0 that was seen
//	expired commits of a group that had read all            a group that never ran: Mark.Read
//	a consumer that skips what woke it (latest)             one that read it: a commit there, see State.Woken
//
// The last row is why a latest group that was woken for a partition without a commit stays awake until it has one there:
// its consumer begins at the end, skips the record, commits nothing, and would be put to sleep and woken for ever.
//
// Values in, values out: [State.Next] takes one look, and returns the next State and what waits.
package asleep
