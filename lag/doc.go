// Package lag defines consumer lag and computes it from offsets.
//
// A consumer group commits, for each partition, the offset of the next record that it will read. The lag is the number
// of records from this offset to the end of the log. Committed offsets and log ends come from several brokers, at
// different times, and any of them may be missing. So the package has one rule: unknown is never zero. A number that may
// be missing is returned as (value, ok).
//
// One poll of a cluster is an [Observation]. [Compute] turns it into a [Snapshot], which is immutable. Numbers that need
// more than one poll (rates, trend, time lag, stalled partitions, status) are computed by a [History], which keeps
// what it needs from earlier snapshots. No other part of the program computes lag from offsets. (Decisions need some numbers
// that users do not see, and compute them with the functions of this package: see package scaler/seen.)
//
//	Observation --Compute--> Snapshot --History.Add--> []Rates
//	                 ^-- the previous Snapshot, for the owners of partitions and for groups that this poll could not read
//
// Each quantity has a file. measurement.go selects the numbers that users see. A formula that other packages use, too, is an
// exported function or method in the file of its quantity:
//
//	records     partition.go   [PartitionLag.Lag], [PartitionLag.Position]
//	rate        rates.go       [Progress], [PerSecond]
//	time lag    timelag.go     [Age]
//	stalled     stand.go       [Stand], [Stands]: why a commit does not move: the member is stuck, everything is read, or it is not known
//	trend       trend.go
//	status      status.go
//	users see   measurement.go [GroupLag.Measure]
//
// Example: the log end of a partition was 4000 at 12:00:00, 4600 at 12:00:10 and 5200 at 12:00:20. At 12:00:20 the
// committed offset of the group is 4300.
//
//	lag       900 records    5200 - 4300
//	rate      60 records/s   (5200 - 4000) / 20 s arrive
//	time lag  15 s           the record at 4300 was appended halfway from 12:00:00 to 12:00:10
//
// The package has many files, but one task: to compute all numbers about a group, and its status, from the answers of
// the brokers. It is not divided, because its files share the types of one poll, from Observation to Snapshot. The
// package does no I/O, reads no clock and writes no log.
package lag
