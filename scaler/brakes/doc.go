// Package brakes has the limits of all scalers together: how many replicas are added a minute, how many there are in total, how many
// scalers are scaled down at once. It gets all decisions of a poll that ask for another number of replicas, and says how much each gets.
//
// The problem: when a producer recovers, or a rate is misread, many scalers ask at the same poll. Neither the first one that asks,
// nor the one with the most late records, must take everything. The rules, in order:
//
//	1  minReplicas, and the first replica of a target at zero
//	2  the step that, per replica, lets the greatest share of the scaler's own records be processed in time
//	3  a step that does not fit is cut at a useful number of replicas: 6 and not 11 for 12 partitions
//
// Rule 2 prefers small scalers: two replicas that serve another 50 % of what one scaler needs come before two that serve another
// 5 % of what another scaler needs.
//
//	a limit has 12 left                 asks       served of what it needs   gain of a replica   gets
//	orders     2 000/s, 100/s each      4 -> 20    20 % -> 100 %             5 %                 4 -> 12, what is left
//	audit      200/s, 100/s each        1 -> 2     50 % -> 100 %             50 %                1 -> 2
//	mail       300/s, 100/s each, at 0  0 -> 3     0 % -> 100 %              33 %                0 -> 3
//
// If more replicas run than a limit allows, none is removed. What this process and others wrote is kept in a [Ledger], also by the
// replicas of the program that do not lead, so that a new leader continues with the same minute.
//
// Scalers decide every 30 s, not all at the same poll. So what a decision asked for and did not get is remembered until the next
// decision of this scaler: polls in between keep its share reserved. The result never depends on the order in which scalers are asked.
package brakes
