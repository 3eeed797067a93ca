// Package shard says which process reads and decides what, when several share the groups of a fleet.
//
// The problem: one process reads a million group-partitions. Ten processes read ten million, if each knows without asking which
// groups are its own, and if no group has two owners while their number changes.
//
// The rules:
//
//   - A group belongs to the shard whose hash with the group's cluster and name is greatest (rendezvous hashing). From 3 to 4 shards
//     a quarter of the groups move, all of them to the new shard.
//   - The leader of a shard claims a division: "shard 1 of 3". It takes a group over only when no other live Lease claims it by another
//     division. It goes on with the division of its predecessor until all leaders of the new one want that: [Seat.Look].
//
// Example, from one shard to three; a group g is of shard 1 of 3:
//
//	Lease of shard 0                     Lease of shard 1                 g is of
//	claims 0/1, wants 1                  -                                shard 0
//	claims 0/1, wants 1                  claims 1/3, wants 3              shard 0: its claim was there first
//	claims 0/1, wants 3: a new leader    claims 1/3, wants 3              shard 0, until it has seen that all three want 3
//	claims 0/3, wants 3                  claims 1/3, wants 3              shard 1
package shard
