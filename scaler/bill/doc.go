// Package bill adds up what a scaler's target took in the last week: replica hours, and how many records were late.
//
// A replica hour is one replica that ran for an hour. At each poll the time since the poll before counts with the replicas that were
// read, so nothing is taken for granted between two polls that are too far apart, or while the size could not be read: that time is
// unknown, and counts in no sum. Sums are kept by hour (UTC), for a week.
//
//	poll.go      what is read at a poll
//	account.go   the hours of a week: Account.Next
//	past.go      the hours that are over, in little room
//	before.go    the size before lagscaler
//	sum.go       the last day, and the last week: Sum
//	save.go      an Account as JSON: about 1 KB
//
// An example: 12 replicas ran for two hours, then 4 for an hour, and before lagscaler there were 20. That is 28 replica hours of 3 known
// hours; a fleet that always stood at its peak would have taken 36, and the size before 60.
//
// While lagscaler only advises, others set the replicas. Then the replicas that ran are counted, and beside them those that the decisions
// of lagscaler asked for.
package bill
