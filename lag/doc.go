// Package lag says what consumer lag is and how it follows from offsets.
//
// A consumer group commits, for each partition, the offset of the next record that it will read. The lag is the number
// of records from there to the end of the log. Both numbers come from several brokers, at different times, and any of
// them may be missing; so the package has one rule: unknown is never zero. A number that may be missing is returned
// as (value, ok).
//
// One poll of a cluster is an [Observation]. [Compute] turns it into a [Snapshot], which is immutable. Numbers that need
// more than one poll (rates, trend, time lag, stalled partitions, status) are kept by a [History], a value beside the
// snapshots. The rest of the program has no other source of lag.
//
//	Observation --Compute--> Snapshot --History.Add--> []Rates
//	                 ^-- the previous Snapshot (owners, groups that were not read)
//
// Each quantity has a file, and each formula that others need too is a function of plain values in it:
//
//	records     partition.go   [PartitionLag.Lag], [PartitionLag.Position]
//	rate        rates.go       [Progress], [PerSecond]
//	time lag    timelag.go     [Age]
//	stalled     stalled.go     [StandsStill], [Stalled]
//	trend       trend.go
//	status      status.go
//
// An example: a partition whose log end was 4000 at 12:00:00, 4600 at 12:00:10 and 5200 at 12:00:20, and whose group
// committed 4300 by then.
//
//	lag       900 records    5200 - 4300
//	rate      60 records/s   (5200 - 4000) / 20 s arrive
//	time lag  15 s           the record at 4300 was appended half of the way from 12:00:00 to 12:00:10
//
// The package has many files, but one idea: what the numbers about one group are, from the answers of brokers to the
// status. They share the types of one poll. It does no I/O, reads no clock and writes no log.
package lag
