// Package lag says what consumer lag is and how it follows from offsets.
//
// One poll of a cluster is an [Observation]: what was read, errors and all.
// [Compute] turns it into a [Snapshot], which is immutable and is the only
// thing the rest of the program believes about lag. What needs more than one
// poll (rates, trend, time lag, status) is kept by a [History], a value beside
// the snapshots.
//
//	Observation --Compute--> Snapshot --History.Add--> []Rates
//	                 ^-- the previous Snapshot (owners, groups that were not read)
//
// Unknown is never zero: whatever may be missing is returned as (value, ok).
// The package does no I/O, reads no clock and writes no log.
package lag
