// Package promise finds out what it costs to process a share of all records within a time, on a group's own traffic.
//
// Arrivals do not depend on how many consumers there are. So the group is simulated on the arrivals that really came, several times:
// each simulated group (a fleet) keeps another [Room], which is headroom: capacity for a share of a past peak. It has a backlog, pods
// that start, and rebalances that pause it. What it would have cost, and how many of its records would have been late, is counted for
// the last days. The same is done for other targets than the one that is set, and for pods that start twice as fast: that is the price
// list.
//
//	room.go       the rooms
//	row.go        the targets, and what all fleets of a target have in common
//	arrivals.go   what arrived in the last minutes, and the peaks of the last day
//	fleet.go      one fleet: a poll of it
//	play.go       all fleets at a poll: Play.Next
//	kept.go       all fleets between two polls, in little room
//	days.go       what they cost, and what was late, by day; what really was late
//	totals.go     the days of all rows, in little room
//	choose.go     the room in force: Choice
//	correction.go what really was late corrects what was played
//	price.go      the price list: Price
//	save.go       a Play as JSON: at most 8 KB
//
// An example: 1 000/s arrive, and once an hour 3 000/s for two minutes; a consumer processes 100/s, and a new replica works after 45 s.
// The fleet that keeps 70 % of the hour's peak has 21 consumers, and is late in each of these bursts: 0.4 % of the day's records. The fleet that
// keeps all of it has 33, and is never late. So a promise of 99.9 % within 30 s costs 33 consumers, and one of 99 % costs 21.
//
// The simulation is simplified: records are a continuous flow, and partitions are equal. How much later the real group is, or how much
// less often late, is learned while lagscaler acts: see [Correction]. All values are immutable; nothing here reads a clock.
//
// The package has one task, to play these groups, and is not divided: all of it is one value, the Play.
package promise
