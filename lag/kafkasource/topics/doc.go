// Package topics reads the topics that groups consume: partitions, leaders, and the offsets at their leaders.
//
// The problem: offsets are at the leader of each partition, and leaders move. Reading metadata in every poll costs more
// than the offsets do, so metadata is remembered and may be wrong.
//
// The rule: metadata is read again when it is 30 s old (Limits.Metadata), and at once for the topics whose answers say
// that it is wrong. The partitions that moved are then asked for again, up to three times in one poll.
//
//	what an answer says                          what is done
//	not the leader, no such topic, no answer     metadata of the topic again, then its unread partitions
//	an end below that of the poll before         the same, but only once: the topic may have been deleted and created again
//	the topic does not exist (metadata)          it is left out; asked for again after 30 s, or when a group commits to it
//
// Log start offsets change rarely. They are read in every sixth poll; in the other polls only for partitions whose start is
// not known, for example because the leader epoch changed.
//
// For example, 30,000 partitions on three leaders take 3 ListOffsets requests a poll, one of 10,000 partitions for each
// leader. In every sixth poll they take 6, because of the log starts. When the partitions of one leader move to another,
// one Metadata and one more ListOffsets request read them there.
package topics
