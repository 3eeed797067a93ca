// Package need computes how many consumers one source needs, with every number that leads there. Values in, values out.
//
// The present arrival rate is not enough to know that: a replica that is requested now processes records a horizon later, a
// backlog has to be drained meanwhile, a partition cannot be split between consumers, and a smaller fleet must hold a peak
// that comes back. [Of] takes the readings (scaler/seen), the memory (scaler/learn) and the policy's [Targets], and returns
// an [Estimate].
//
//	measure.go    arrivals, lag, time lag and stalls, by partition
//	forecast.go   arrivals at the horizon
//	demand.go     records/s to process: base = forecast / utilization, and the drain of the backlog
//	reserve.go    the share of the last hour's peak that must be able to come back
//	packing.go    the smallest number of consumers that can process it, partitions being whole
//	words.go      the same numbers as a line prints them
//
// Example: 48 partitions, 1 000/s arrive, one consumer does 100/s, utilization 0.92, no backlog. Base is 1 087/s, 22.6/s for
// every partition, so the plan is 11 consumers. With 11 consumers one has 5 partitions, 113/s: too much. With 12 every
// consumer has 4 partitions, 91/s: the need is 12.
package need
