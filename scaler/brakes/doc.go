// Package brakes has the limits above single scalers: how many replicas are added a minute, how many there are in all, how many
// scalers step down at once. It gets all decisions of a poll that ask for another number of replicas, and says what each may take.
//
// The problem: when a producer recovers, or a rate is misread, many scalers ask at the same poll. Whoever asks first, or is latest,
// must not take everything. The rules, in order:
//
//	1  minReplicas, and the first replica of a target at zero
//	2  the step whose replicas take away the most lateness: the share of the scaler's own records that they process, per replica
//	3  a step that does not fit is cut at a useful number of replicas: 6 and not 11 for 12 partitions
//
// Rule 2 prefers small scalers: two replicas that end the lateness of one come before two that end a twentieth of another's.
//
//	a pool has room for 12              asks       served of what it needs   gain of a replica   gets
//	orders     2 000/s, 100/s each      4 -> 20    20 % -> 100 %             5 %                 4 -> 12, what is left
//	audit      200/s, 100/s each        1 -> 2     50 % -> 100 %             50 %                1 -> 2
//	mail       300/s, 100/s each, at 0  0 -> 3     0 % -> 100 %              33 %                0 -> 3
//
// A limit below what runs takes nothing away. What is written and what others wrote is kept in a [Ledger], also by the replicas of
// the program that do not lead, so that a new leader goes on with the same minute.
//
// Scalers decide each 30 s, not all at the same poll. So what a decision asked for and did not get is remembered until its next one:
// a poll in between leaves to it what it would get. The result never depends on the order in which scalers are asked.
package brakes
