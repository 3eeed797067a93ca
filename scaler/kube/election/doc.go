// Package election elects one of several replicas as the leader, by a Lease. Only the leader writes.
//
// The times are those of one renewal, sent at 0 s, after which the leader cannot reach the API server:
//
//	 0 s   renewed
//	 2 s   the next try; then a try every 2 s
//	10 s   this replica no longer leads, and writes in progress are cancelled
//	15 s   another replica may lead
package election
